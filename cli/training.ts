/** One run with a folder that keeps what it reaches, epoch by epoch. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as T from 'fp-ts/lib/Task.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  type EpochRecord,
  type OptimizerError,
  type OptimizerState,
  type Outcome,
  outcomeOf,
  type Progress,
  type Run,
  type RunHooks,
  run,
  type Snapshot,
  type Start,
  showRunFailure,
} from '../optim/index.js';
import { showFileError } from './files.js';
import { checkpointFiles, configFiles, noCheckpoint, progressFiles, summaryFiles } from './output.js';
import { type Changes, change } from './transaction.js';

/** Where a run is kept. */
export interface RunFolder {
  /** It exists, and is this run's alone for as long as the run goes on. */
  readonly path: string;
  /** What `config.json` is to say. */
  readonly config: unknown;
  /** Does it hold another run? That one stays until this one has completed an epoch. */
  readonly replaces: boolean;
}

/** Where a run starts, what it keeps and what it shows. */
export interface KeptRun extends Pick<RunHooks, 'interrupted' | 'onStep'> {
  /** Nothing is kept without one. */
  readonly folder: RunFolder | undefined;
  readonly start: Start;
  /** Epochs from one checkpoint to the next; the first epoch that is kept has one as well. */
  readonly saveEvery: number;
  /** Hears of every epoch, before it is kept. */
  readonly onEpoch: (record: EpochRecord, progress: Progress<OptimizerState>) => void;
  /** Hears when an epoch could not be kept and the one before could: the run goes on, and every epoch tries again. */
  readonly onUnwritten: (problem: string) => void;
}

/** How a run ended. */
export interface KeptResult {
  readonly result: Outcome<OptimizerState>;
  /** One line on what of its end could not be written into the folder. */
  readonly unwritten: string | undefined;
  /** Does the folder still hold the run that this one was to replace? Then it holds nothing of this one. */
  readonly spared: boolean;
}

/** What a run keeps of an epoch. */
interface Reached {
  readonly progress: Progress<OptimizerState>;
  readonly snapshot: TE.TaskEither<OptimizerError, Snapshot>;
}

const hasWholeEpoch = ({ history }: Progress<OptimizerState>): boolean => history.some(({ epoch }) => epoch >= 1);

/** Has a run nothing to replace another by: no epoch, or only one that was cut short before its time was up? */
const spares = ({ replaces }: RunFolder, { progress, ending }: Outcome<OptimizerState>): boolean => {
  const cut = ending._tag === 'Interrupted' || ending._tag === 'Failed';
  return replaces && (progress.history.length === 0 || (cut && !hasWholeEpoch(progress)));
};

const noChanges: Changes = new Map();

const together = (...parts: readonly Changes[]): Changes => new Map(parts.flatMap((part) => [...part]));

/**
 * The files after an epoch, all that a folder needs if it has none of this run yet. Only whole epochs can be gone on
 * from: the order of the samples is drawn once per epoch.
 */
const epochFiles = (
  made: Run,
  { folder, start, saveEvery }: KeptRun & { readonly folder: RunFolder },
  { progress, snapshot }: Reached,
  first: boolean,
): TE.TaskEither<string, Changes> => {
  const { epoch } = progress.history.at(-1) ?? { epoch: 0 };
  const due = first || epoch % saveEvery === 0 || epoch === made.settings.epochs;
  const checkpoint = (): TE.TaskEither<string, Changes> => {
    if (Number.isInteger(epoch)) return due ? checkpointFiles(snapshot) : TE.right(noChanges);
    if (!first) return TE.right(noChanges);
    return start._tag === 'Snapshot' ? checkpointFiles(TE.right(start.snapshot)) : TE.right(noCheckpoint);
  };
  return pipe(
    progressFiles(made, progress),
    TE.bindTo('reached'),
    TE.bind('checkpoint', checkpoint),
    TE.map(({ reached, checkpoint: own }) => together(first ? configFiles(folder.config) : noChanges, reached, own)),
  );
};

/**
 * Trains, keeping every epoch. Left is one line for the user: the run could not start. A failure within the run is an
 * ending like others, and what could not be written is told beside the result.
 */
export const trainKept = (made: Run, kept: KeptRun): TE.TaskEither<string, KeptResult> => {
  const { folder, interrupted, onStep, start } = kept;
  // how keeping the last epoch went; nothing is kept yet
  let last: O.Option<E.Either<string, void>> = O.none;
  const write = ({ path }: RunFolder, files: TE.TaskEither<string, Changes>): TE.TaskEither<string, void> =>
    pipe(
      files,
      TE.flatMap((changes) =>
        pipe(
          change(path, changes),
          TE.mapLeft((error) => showFileError(error)),
        ),
      ),
    );
  // what failed may have left a folder that somebody emptied: the next epoch writes everything
  const isFirst = (): boolean => O.isNone(last) || E.isLeft(last.value);
  const keep = async (into: RunFolder, reached: Reached): Promise<void> => {
    // a part of an epoch is the end of a run, and why it ended says what becomes of the other
    if (into.replaces && !hasWholeEpoch(reached.progress)) return;
    const written = await write(into, epochFiles(made, { ...kept, folder: into }, reached, isFirst()))();
    if (E.isLeft(written) && (O.isNone(last) || E.isRight(last.value))) kept.onUnwritten(written.left);
    last = O.some(written);
  };
  const keepEnd = (into: RunFolder, result: Outcome<OptimizerState>): TE.TaskEither<string, void> => {
    // where nothing was left to train, the folder may be another than the checkpoint's
    const started = start._tag === 'Snapshot' ? checkpointFiles(TE.right(start.snapshot)) : TE.right(noCheckpoint);
    return pipe(
      progressFiles(made, result.progress),
      TE.bindTo('reached'),
      TE.bind('begun', () =>
        O.isSome(last)
          ? TE.right(isFirst() ? configFiles(into.config) : noChanges)
          : pipe(
              started,
              TE.map((checkpoint) => together(configFiles(into.config), checkpoint)),
            ),
      ),
      TE.map(({ reached, begun }) => together(begun, reached, summaryFiles(made, result))),
      (files) => write(into, files),
      TE.flatMapEither(() => O.getOrElse((): E.Either<string, void> => E.right(undefined))(last)),
    );
  };
  return pipe(
    run(
      made,
      {
        clock: () => performance.now(),
        interrupted,
        onStep,
        onEpoch: (record, progress, snapshot) => async () => {
          kept.onEpoch(record, progress);
          if (folder !== undefined) await keep(folder, { progress, snapshot });
        },
      },
      start,
    ),
    T.map(outcomeOf),
    TE.mapLeft(showRunFailure),
    TE.flatMapTask((result) => {
      const spared = folder !== undefined && spares(folder, result);
      return pipe(
        folder === undefined || spared ? TE.right(undefined) : keepEnd(folder, result),
        TE.match(
          (unwritten): KeptResult => ({ result, unwritten, spared }),
          (): KeptResult => ({ result, unwritten: undefined, spared }),
        ),
      );
    }),
  );
};
