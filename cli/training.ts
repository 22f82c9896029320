/** One run with a folder that keeps what it reaches, epoch by epoch. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  type EpochRecord,
  type OptimizerError,
  type OptimizerState,
  type Progress,
  type Run,
  type RunHooks,
  run,
  type Snapshot,
  type Start,
  showOptimizerError,
  type TrainResult,
} from '../optim/index.js';
import { saveCheckpoint, writeProgress, writeSummary } from './output.js';

/** Where a run starts, what it keeps and what it shows. */
export interface KeptRun extends Pick<RunHooks, 'interrupted' | 'onStep'> {
  /** The run's folder, which exists; nothing is kept without one. */
  readonly folder: string | undefined;
  readonly start: Start;
  /** Epochs from one checkpoint to the next. */
  readonly saveEvery: number;
  /** Hears of every epoch, before it is kept. */
  readonly onEpoch: (record: EpochRecord, progress: Progress<OptimizerState>) => void;
  /** Hears when an epoch could not be kept and the one before could: the run goes on, and every epoch tries again. */
  readonly onUnwritten: (problem: string) => void;
}

/** How a run ended. */
export interface KeptResult {
  readonly result: TrainResult<OptimizerState>;
  /** One line on what of its end could not be written into the folder. */
  readonly unwritten: string | undefined;
}

const keepEpoch = (
  made: Run,
  folder: string,
  saveEvery: number,
  progress: Progress<OptimizerState>,
  snapshot: TE.TaskEither<OptimizerError, Snapshot>,
): TE.TaskEither<string, void> => {
  const { epoch = 0 } = progress.history.at(-1) ?? {};
  // Only whole epochs can be gone on from: the order of the samples is drawn once per epoch.
  const due = epoch % saveEvery === 0 || epoch === made.settings.epochs;
  return pipe(
    writeProgress(folder, made, progress),
    TE.flatMap(() => (Number.isInteger(epoch) && due ? saveCheckpoint(folder, snapshot) : TE.right(undefined))),
  );
};

/**
 * Trains, keeping every epoch. Left is one line for the user: the run could not start. A failure within the run is an
 * ending like others, and what could not be written is told beside the result.
 */
export const trainKept = (made: Run, kept: KeptRun): TE.TaskEither<string, KeptResult> => {
  const { folder, interrupted, onStep, start } = kept;
  // how keeping the last epoch went: each writes all that the earlier ones did
  let last: E.Either<string, void> = E.right(undefined);
  const keep = async (write: TE.TaskEither<string, void>): Promise<void> => {
    const written = await write();
    if (E.isLeft(written) && E.isRight(last)) kept.onUnwritten(written.left);
    last = written;
  };
  const keepEnd = (folder: string, result: TrainResult<OptimizerState>): TE.TaskEither<string, void> =>
    pipe(
      writeProgress(folder, made, result.progress),
      TE.flatMap(() => writeSummary(folder, made, result)),
      TE.flatMapEither(() => last),
    );
  return pipe(
    run(
      made,
      {
        clock: () => performance.now(),
        interrupted,
        onStep,
        onEpoch: (record, progress, snapshot) => async () => {
          kept.onEpoch(record, progress);
          if (folder !== undefined) await keep(keepEpoch(made, folder, kept.saveEvery, progress, snapshot));
        },
      },
      start,
    ),
    TE.mapLeft(showOptimizerError),
    TE.flatMapTask((result) =>
      pipe(
        folder === undefined ? TE.right(undefined) : keepEnd(folder, result),
        TE.match(
          (unwritten): KeptResult => ({ result, unwritten }),
          (): KeptResult => ({ result, unwritten: undefined }),
        ),
      ),
    ),
  );
};
