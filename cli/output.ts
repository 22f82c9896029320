/** The folder of a run: `config.json`, `history.json` and `parameters.safetensors`, each replaced atomically. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type ParameterSpace, parameterViews } from '../dsl/index.js';
import { type EpochRecord, encodeSafetensors } from '../optim/index.js';

/** A file that could not be written. */
export interface OutputError {
  readonly _tag: 'OutputError';
  readonly path: string;
  readonly reason: string;
}

/** One line for people. */
export const showOutputError = ({ path, reason }: OutputError): string =>
  `cannot write ${path}: ${reason}; name a writable folder with --out`;

const attempt = (path: string, effect: () => Promise<unknown>): TE.TaskEither<OutputError, void> =>
  TE.tryCatch(
    async () => {
      await effect();
    },
    (thrown): OutputError => ({
      _tag: 'OutputError',
      path,
      reason: thrown instanceof Error ? thrown.message : String(thrown),
    }),
  );

// A reader sees the old file or the new one, never a part: a rename within one folder is atomic.
const replaceFile = (folder: string, name: string, content: string | Uint8Array): TE.TaskEither<OutputError, void> => {
  const path = join(folder, name);
  const temporary = `${path}.${process.pid}.partial`;
  return attempt(path, async () => {
    await writeFile(temporary, content);
    await rename(temporary, path);
  });
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Makes the folder and writes what the run is to do. */
export const writeConfig = (folder: string, config: unknown): TE.TaskEither<OutputError, void> =>
  pipe(
    attempt(folder, () => mkdir(folder, { recursive: true })),
    TE.flatMap(() => replaceFile(folder, 'config.json', json(config))),
  );

/** Writes what the run has reached: an array of epochs, and the parameters by name. */
export const writeProgress = (
  folder: string,
  space: ParameterSpace,
  history: readonly EpochRecord[],
  theta: Float32Array,
): TE.TaskEither<OutputError, void> => {
  const views = parameterViews(space, theta);
  const tensors = space.entries.map(({ name, shape }) => ({
    name,
    shape,
    values: views[name] ?? new Float32Array(0),
  }));
  return pipe(
    replaceFile(folder, 'history.json', json(history)),
    TE.flatMap(() => replaceFile(folder, 'parameters.safetensors', encodeSafetensors(tensors))),
  );
};
