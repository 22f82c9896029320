/**
 * The training loop: epochs of mini-batches in a freshly shuffled order, measured after each. Effects (drawing,
 * saving) are the caller's, through hooks. Whatever ends a run, nothing that it reached is lost.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as IO from 'fp-ts/lib/IO.js';
import * as O from 'fp-ts/lib/Option.js';
import type * as T from 'fp-ts/lib/Task.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type Generator, random } from '../dsl/index.js';
import { at } from '../dsl/internal.js';
import { batchBuffer, gatherBatch } from './batch.js';
import {
  checkDataset,
  checkFinite,
  checkFiniteSplit,
  checkSplit,
  type Dataset,
  isCount,
  type Split,
  showDatasetError,
} from './dataset.js';
import type { Evaluate } from './evaluate.js';
import type { ConfigError } from './experiment.js';
import type { Batch, Optimizer, OptimizerError, OptimizerState, StepReport } from './optimizer.js';
import type { Ending, EpochRecord, Progress, RunFailed, RunFailure, TrainResult } from './outcome.js';
import type { Metric } from './problem.js';
import { nonFinite } from './results.js';
import { readVector } from './state.js';
import { tailRecTask, yieldToEvents } from './task.js';
import { keptEpoch } from './validation.js';

/** A run. */
export interface Training<State extends OptimizerState> {
  readonly dataset: Dataset;
  /** Samples that are not trained on, by which the parameters to keep are chosen. */
  readonly validation?: Split;
  readonly metric: Metric;
  readonly optimizer: Optimizer<State>;
  readonly evaluate: Evaluate;
  readonly batchSize: number;
  /** Ends after so many epochs. */
  readonly epochs: number;
  /** Ends with the first step after so many seconds of training; `Infinity` for no limit. */
  readonly seconds: number;
  /** Milliseconds of some monotonic clock. */
  readonly clock: IO.IO<number>;
  /** Asked after every step; true ends the run. */
  readonly interrupted: IO.IO<boolean>;
  /** After every step: its report, and how much of the epoch is done. */
  readonly onStep: (report: StepReport, done: number, steps: number) => IO.IO<void>;
  /** After every epoch and its measurement. */
  readonly onEpoch: (record: EpochRecord, progress: Progress<State>) => T.Task<void>;
}

/** Inside an epoch. */
interface Position<State> {
  readonly state: State;
  readonly seconds: number;
  readonly done: number;
  readonly lossSum: number;
  readonly rejected: number;
}

/** Behind the last step of an epoch, or behind the step that a run ends with. */
interface EpochEnd<State> extends Position<State> {
  readonly last: StepReport;
  readonly ending: O.Option<Ending>;
}

/** A step that failed: what was reached before it. */
interface EpochFailure<State> {
  readonly state: State;
  readonly seconds: number;
  readonly error: OptimizerError;
}

/** The orders in which an epoch goes through the rows. */
interface Orders {
  readonly gradient: Uint32Array;
  /** Where the optimizer asks for samples of the curvature. */
  readonly curvature: O.Option<Uint32Array>;
}

/** The orders of an epoch, drawn one after the other. */
const drawOrders = <State extends OptimizerState>(
  { dataset, optimizer }: Training<State>,
  from: Generator,
): { readonly orders: Orders; readonly generator: Generator } => {
  const { values: gradient, generator } = random.permutation(from, dataset.train.count);
  if (optimizer.curvatureSamples === undefined) return { orders: { gradient, curvature: O.none }, generator };
  const second = random.permutation(generator, dataset.train.count);
  return { orders: { gradient, curvature: O.some(second.values) }, generator: second.generator };
};

/** The batches of an epoch by their position; each is valid until the next is asked for. */
const batchesOf = <State extends OptimizerState>(
  { dataset: { train: rows }, batchSize, optimizer: { curvatureSamples = () => 0 } }: Training<State>,
  { gradient, curvature }: Orders,
): ((position: number) => Batch) => {
  const buffer = batchBuffer(rows, Math.min(batchSize, gradient.length));
  const stride = curvatureSamples(batchSize);
  const curvatureBuffer = batchBuffer(rows, stride);
  return (position) => {
    const batch = gatherBatch(rows, gradient.subarray(position * batchSize, (position + 1) * batchSize), buffer);
    if (O.isNone(curvature)) return batch;
    // an order that ends before the epoch does starts over
    const order = curvature.value;
    const chosen = Uint32Array.from({ length: curvatureSamples(batch.count) }, (_, i) =>
      at(order, (position * stride + i) % order.length, 'samples of the curvature'),
    );
    return { ...batch, curvature: gatherBatch(rows, chosen, curvatureBuffer) };
  };
};

/** The steps of one epoch. */
const runSteps = <State extends OptimizerState>(
  training: Training<State>,
  orders: Orders,
  from: Pick<Progress<State>, 'state' | 'seconds'>,
): TE.TaskEither<EpochFailure<State>, EpochEnd<State>> => {
  const { batchSize, optimizer, clock } = training;
  const steps = Math.ceil(orders.gradient.length / batchSize);
  const batchAt = batchesOf(training, orders);
  const endingAt = (seconds: number): O.Option<Ending> =>
    training.interrupted()
      ? O.some({ _tag: 'Interrupted' })
      : seconds >= training.seconds
        ? O.some({ _tag: 'Seconds' })
        : O.none;
  const start: Position<State> = { state: from.state, seconds: from.seconds, done: 0, lossSum: 0, rejected: 0 };
  return tailRecTask(start, (at) => async () => {
    const started = clock();
    const stepped = await optimizer.step(at.state, batchAt(at.done))();
    if (E.isLeft(stepped)) return E.left({ ...stepped.left, seconds: at.seconds });
    const { state, report } = stepped.right;
    const seconds = at.seconds + (clock() - started) / 1000;
    const next = {
      state,
      seconds,
      done: at.done + 1,
      lossSum: at.lossSum + report.loss,
      rejected: at.rejected + (report.rejected ? 1 : 0) + (report.withdrawn ? 1 : 0),
    };
    training.onStep(report, next.done, steps)();
    await yieldToEvents();
    const ending = endingAt(seconds);
    return E.right(O.isSome(ending) || next.done === steps ? E.right({ ...next, last: report, ending }) : E.left(next));
  });
};

/** What is measured after an epoch. */
type Measured = Pick<EpochRecord, 'testLoss' | 'testAccuracy' | 'validationLoss' | 'validationAccuracy'>;

/** Measures θ on the test data, and on the validation data where there are any. NaN and infinities are errors. */
const measure = <State extends OptimizerState>(
  { dataset: { test }, validation, metric, evaluate }: Training<State>,
  { theta, step }: OptimizerState,
): TE.TaskEither<OptimizerError, Measured> => {
  const finite = (split: Split, data: string): TE.TaskEither<OptimizerError, number> =>
    pipe(
      evaluate(theta, split, { step, data }),
      TE.filterOrElse(
        (value) => Number.isFinite(value),
        (value) => nonFinite(step, `the ${data} ${metric}`, value),
      ),
    );
  return pipe(
    finite(test, 'test'),
    TE.map((value): Measured => (metric === 'accuracy' ? { testAccuracy: value } : { testLoss: value })),
    TE.flatMap((tested) =>
      validation === undefined
        ? TE.right(tested)
        : pipe(
            finite(validation, 'validation'),
            TE.map((value) => ({
              ...tested,
              ...(metric === 'accuracy' ? { validationAccuracy: value } : { validationLoss: value }),
            })),
          ),
    ),
  );
};

const recordOf = <State>(
  epoch: number,
  { lossSum, done, seconds, last, rejected }: EpochEnd<State>,
  measured: Measured,
): EpochRecord => ({
  epoch,
  trainLoss: lossSum / done,
  ...measured,
  seconds,
  ...(last.rho === undefined ? {} : { rho: last.rho }),
  stepSize: last.stepSize,
  ...(last.cgIterations === undefined ? {} : { cgIterations: last.cgIterations }),
  ...(last.stopReason === undefined ? {} : { stopReason: last.stopReason }),
  ...(rejected === 0 ? {} : { rejected }),
});

/** What was reached with one more epoch; its parameters are copied where they are the best so far. */
const extended = <State extends OptimizerState>(
  { validation }: Training<State>,
  record: EpochRecord,
  progress: Progress<State>,
): TE.TaskEither<OptimizerError, Progress<State>> => {
  const next = { ...progress, history: [...progress.history, record] };
  return validation === undefined || keptEpoch(next.history) !== record
    ? TE.right(next)
    : pipe(
        readVector(progress.state.theta),
        TE.map((best) => ({ ...next, best })),
      );
};

/** Counts that `train` is given, refused by name. */
const checkCounts = <State extends OptimizerState>({
  dataset: { train: rows },
  batchSize,
  epochs,
  seconds,
}: Training<State>): E.Either<ConfigError, void> => {
  const refuse = (setting: string, problem: string) => E.left<ConfigError>({ _tag: 'ConfigError', setting, problem });
  if (!isCount(batchSize)) return refuse('batchSize', `expected a whole number from 1, got ${batchSize}`);
  if (batchSize > rows.count)
    return refuse(
      'batchSize',
      `${batchSize} is more than the ${rows.count} training samples; choose at most ${rows.count}`,
    );
  if (!isCount(epochs) && epochs !== Number.POSITIVE_INFINITY)
    return refuse('epochs', `expected a whole number from 1 or Infinity, got ${epochs}`);
  return seconds > 0 ? E.right(undefined) : refuse('seconds', `expected more than 0, got ${seconds}`);
};

/** Can this be trained: do its rows, of every split, and its counts hold together, and are its numbers finite? */
const checkTraining = <State extends OptimizerState>(training: Training<State>): E.Either<ConfigError, void> =>
  pipe(
    checkDataset(training.dataset),
    E.flatMap(checkFinite),
    E.flatMap(() =>
      training.validation === undefined
        ? E.right(undefined)
        : pipe(
            checkSplit(`${training.dataset.name}, validation`, training.validation),
            E.flatMap((split) => checkFiniteSplit(`${training.dataset.name}, validation`, split)),
          ),
    ),
    E.mapLeft((error): ConfigError => ({ _tag: 'ConfigError', setting: 'dataset', problem: showDatasetError(error) })),
    E.flatMap(() => checkCounts(training)),
  );

/** Training whose data and counts have been checked: runs until the epochs or seconds are used up, an interrupt, or a failure. */
export const trainChecked = <State extends OptimizerState>(
  training: Training<State>,
  from: Progress<State>,
): TE.TaskEither<RunFailed<State>, TrainResult<State>> => {
  const steps = Math.ceil(training.dataset.train.count / training.batchSize);
  const finished = (progress: Progress<State>, ending: Ending) => E.right(E.right({ progress, ending }));
  const failed = (progress: Progress<State>, error: OptimizerError) =>
    E.left<RunFailed<State>>({ _tag: 'RunFailed', error, progress });

  const epoch =
    (progress: Progress<State>): TE.TaskEither<RunFailed<State>, E.Either<Progress<State>, TrainResult<State>>> =>
    async () => {
      const completed = progress.history.length;
      if (completed >= training.epochs) return finished(progress, { _tag: 'Epochs' });
      if (progress.seconds >= training.seconds) return finished(progress, { _tag: 'Seconds' });
      const { orders, generator } = drawOrders(training, progress.generator);
      const end = await runSteps(training, orders, progress)();
      if (E.isLeft(end)) {
        const { state, seconds, error } = end.left;
        return failed({ ...progress, state, seconds }, error);
      }
      const { state, seconds, done, ending } = end.right;
      const reached = { ...progress, state, seconds, generator };
      const measured = await measure(training, state)();
      if (E.isLeft(measured)) return failed(reached, measured.left);
      const record = recordOf(completed + done / steps, end.right, measured.right);
      const next = await extended(training, record, reached)();
      if (E.isLeft(next)) return failed(reached, next.left);
      await training.onEpoch(record, next.right)();
      return O.isSome(ending) ? finished(next.right, ending.value) : E.right(E.left(next.right));
    };

  return tailRecTask(from, epoch);
};

/** Runs until the epochs or seconds are used up or an interrupt; a failure is a Left that holds what was reached. */
export const train = <State extends OptimizerState>(
  training: Training<State>,
  from: Progress<State>,
): TE.TaskEither<RunFailure<State>, TrainResult<State>> =>
  pipe(
    TE.fromEither(checkTraining(training)),
    TE.mapLeft((error): RunFailure<State> => ({ _tag: 'RunRefused', error })),
    TE.flatMap(() => trainChecked(training, from)),
  );
