/** From what the user names to an experiment: the built-in ones, or a module by its path. */
import { access } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type ConfigError, type Experiment, experimentOf } from '../optim/index.js';

const builtIn: Readonly<Record<string, () => Promise<unknown>>> = {
  boston: () => import('../examples/boston.js'),
  sine: () => import('../examples/sine.js'),
  mnist: () => import('../examples/mnist.js'),
  fashion: () => import('../examples/fashion.js'),
  cifar10: () => import('../examples/cifar10.js'),
};

/** The names of the experiments that come with the package. */
export const experimentNames: readonly string[] = Object.keys(builtIn);

const configError = (setting: string, problem: string): ConfigError => ({ _tag: 'ConfigError', setting, problem });

const reasonOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';

const typescriptHint = (path: string): string =>
  extname(path) === '.ts' ? '; to import TypeScript, start Node with `node --import tsx` or compile the module' : '';

const importModule = (path: string): TE.TaskEither<ConfigError, unknown> =>
  pipe(
    TE.tryCatch(
      () => access(path),
      () =>
        configError(
          path,
          `neither a built-in experiment (${experimentNames.join(', ')}) nor a file; give the path of a module`,
        ),
    ),
    TE.flatMap(() =>
      TE.tryCatch(
        (): Promise<unknown> => import(pathToFileURL(resolve(path)).href),
        (thrown) => configError(path, `cannot be imported: ${reasonOf(thrown)}${typescriptHint(path)}`),
      ),
    ),
  );

/** The experiment of a built-in name or of a module's default export. */
export const loadExperiment = (name: string): TE.TaskEither<ConfigError, Experiment> => {
  const load = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  const module =
    load === undefined
      ? importModule(name)
      : TE.tryCatch(load, (thrown) => configError(name, `cannot be imported: ${reasonOf(thrown)}`));
  return pipe(
    module,
    TE.flatMapEither((loaded): E.Either<ConfigError, Experiment> => experimentOf(name, loaded)),
  );
};
