/** Folders of runs and studies: used by one process at a time, settled before they are used, never mixed. */
import { readdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { attempt, makeFolder, removeStale, showFileError } from './files.js';
import { lockName, whileLocked } from './lock.js';
import { settle } from './transaction.js';

/** The files of a run within its folder. */
export const runFiles = {
  config: 'config.json',
  history: 'history.json',
  parameters: 'parameters.safetensors',
  checkpoint: 'checkpoint.json',
  summary: 'summary.json',
} as const;

/** The description of a study within its folder. */
export const studyFile = 'study.json';

/** What a folder holds of ours. */
export type Content = 'nothing' | 'a run' | 'a study';

// A lock's name may have the name of a takeover behind it.
const isOurs = (name: string): boolean =>
  name === studyFile || name.startsWith(lockName) || Object.values(runFiles).some((own) => own === name);

/** Uses a folder, which is made if it is not there; no other process uses it meanwhile. */
export const withFolder = <A>(
  path: string,
  use: (content: Content) => TE.TaskEither<string, A>,
): TE.TaskEither<string, A> =>
  pipe(
    makeFolder(path),
    TE.mapLeft((error) => showFileError(error)),
    TE.flatMap(() =>
      whileLocked(
        path,
        pipe(
          settle(path),
          TE.flatMap(() => removeStale(path, isOurs)),
          TE.flatMap(() => attempt('read', path, () => readdir(path))),
          TE.mapLeft((error) => showFileError(error)),
          TE.map((names): Content => {
            if (names.includes(studyFile)) return 'a study';
            return Object.values(runFiles).some((own) => names.includes(own)) ? 'a run' : 'nothing';
          }),
          TE.flatMap(use),
        ),
      ),
    ),
  );

/** Do two paths lead to one folder? A file leads to the folder that it is in. */
export const sameFolder = async (file: string, folder: string): Promise<boolean> => {
  const real = (path: string) => realpath(path).catch(() => undefined);
  const [one, other] = await Promise.all([real(file), real(folder)]);
  return one !== undefined && other !== undefined && (one === other || dirname(one) === other);
};
