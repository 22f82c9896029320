/** Modules that a user names: built in, or a file of JavaScript, TypeScript or JSON. */
import { access, readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { reasonOf } from '../dsl/index.js';
import type { ConfigError } from '../optim/index.js';
import { checkReadable, mostTextBytes } from './files.js';
import { waitingFor } from './waiting.js';

/** What comes with the package, by name. */
export type BuiltIn = Readonly<Record<string, () => Promise<unknown>>>;

const refused = (path: string, problem: string): ConfigError => ({ _tag: 'ConfigError', setting: path, problem });

const typescriptHint = (path: string): string =>
  extname(path) === '.ts' ? '; to import TypeScript, start Node with `node --import tsx` or compile the module' : '';

const importFile = (path: string): Promise<unknown> => import(pathToFileURL(resolve(path)).href);

// A JSON file stands for a module with its value as the default export.
const importJson = async (path: string): Promise<unknown> => ({ default: JSON.parse(await readFile(path, 'utf8')) });

const isJson = (path: string): boolean => extname(path) === '.json';

/** The exports of a built-in module or of a file; `kind` is what a user should name, for example `experiment`. */
export const loadModule = (kind: string, builtIn: BuiltIn, name: string): TE.TaskEither<ConfigError, unknown> => {
  const load = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  if (load !== undefined)
    return TE.tryCatch(load, (thrown) => refused(name, `cannot be imported: ${reasonOf(thrown)}`));
  return pipe(
    TE.tryCatch(
      () => access(name),
      () =>
        refused(
          name,
          `neither a built-in ${kind} (${Object.keys(builtIn).join(', ')}) nor a file; give the path of a module`,
        ),
    ),
    TE.flatMap(() =>
      pipe(
        checkReadable(name, mostTextBytes),
        TE.mapLeft(({ reason }) => refused(name, `cannot be imported: ${reason}`)),
      ),
    ),
    TE.flatMap(() =>
      TE.tryCatch(
        () => (isJson(name) ? importJson(name) : importFile(name)),
        (thrown) => refused(name, `cannot be imported: ${reasonOf(thrown)}${typescriptHint(name)}`),
      ),
    ),
    waitingFor(`the module ${name}`),
  );
};
