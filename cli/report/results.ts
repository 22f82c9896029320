/** A study's folder as a report reads it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { reasonOf } from '../../dsl/index.js';
import { type EpochRecord, historySchema, type Study, type Summary, summarySchema } from '../../optim/index.js';
import { readJson, showFileError, unreadable } from '../files.js';
import { runFiles, studyFile } from '../folder.js';
import { type Invocation, type RunConfig, schemas } from '../studyFolder.js';
import { readCurrentJson } from '../transaction.js';

/** What one run reached. */
export interface RunResult {
  readonly config: RunConfig;
  readonly history: readonly EpochRecord[];
  /** None where the run has not ended yet. */
  readonly summary: O.Option<Summary>;
}

/** A study and what its runs have reached. */
export interface StudyResults {
  readonly study: Study;
  readonly invocations: readonly Invocation[];
  readonly runs: readonly RunResult[];
}

/** A step: Left is one line for the user. */
type Step<A> = TE.TaskEither<string, A>;

const subfolders = (folder: string): Step<readonly string[]> =>
  TE.tryCatch(
    async () =>
      (await readdir(folder, { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(folder, entry.name))
        .sort(),
    (thrown) => showFileError(unreadable(folder, reasonOf(thrown))),
  );

// <benchmark>/<solver>/<target>/seed-<n>
const runDepth = 4;

const foldersAt = (folder: string, depth: number): Step<readonly string[]> =>
  depth === 0
    ? TE.right([folder])
    : pipe(
        subfolders(folder),
        TE.flatMap(TE.traverseArray((inner) => foldersAt(inner, depth - 1))),
        TE.map((groups) => groups.flat()),
      );

/** The run in a folder; none where no epoch has ended yet. */
const readRun = (folder: string): Step<O.Option<RunResult>> =>
  pipe(
    TE.Do,
    TE.bind('config', () => readCurrentJson(folder, runFiles.config, schemas.config)),
    TE.bind('history', () => readCurrentJson(folder, runFiles.history, historySchema)),
    TE.bind('summary', () => readCurrentJson(folder, runFiles.summary, summarySchema)),
    TE.bimap(showFileError, ({ config, history, summary }) =>
      O.isNone(config) || O.isNone(history)
        ? O.none
        : O.some({ config: config.value, history: history.value, summary }),
    ),
  );

/** All that a study's folder holds. */
export const readResults = (folder: string): Step<StudyResults> =>
  pipe(
    TE.Do,
    TE.bind('file', () =>
      pipe(
        readJson(join(folder, studyFile), schemas.study),
        TE.mapLeft((error) => `${showFileError(error)}; name the folder of a study, as sgn experiment writes it`),
      ),
    ),
    TE.bind('folders', () => foldersAt(folder, runDepth)),
    TE.bind('found', ({ folders }) => TE.traverseSeqArray(readRun)(folders)),
    TE.map(({ file, found }) => ({ ...file, runs: found.flatMap((run) => (O.isSome(run) ? [run.value] : [])) })),
    TE.filterOrElse(
      ({ runs }) => runs.length > 0,
      () => `${folder} has no run that has completed an epoch yet`,
    ),
  );
