/**
 * The training loop: epochs of mini-batches in a freshly shuffled order, measured after each. Effects (drawing,
 * saving) are the caller's, through hooks. Whatever ends a run, what it reached is in the result.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as IO from 'fp-ts/lib/IO.js';
import * as O from 'fp-ts/lib/Option.js';
import type * as T from 'fp-ts/lib/Task.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type Generator, random } from '../dsl/index.js';
import { batchBuffer, gatherBatch } from './batch.js';
import type { Dataset, Split } from './dataset.js';
import type { Evaluate } from './evaluate.js';
import type { Batch, DeviceVector, Optimizer, OptimizerError, OptimizerState, StepReport } from './optimizer.js';
import type { Metric } from './problem.js';
import { nonFinite } from './results.js';
import { readVector } from './state.js';
import { tailRecTask, yieldToEvents } from './task.js';
import { keptEpoch } from './validation.js';

/** One line of a run's history. */
export interface EpochRecord {
  /** Epochs completed so far; a fraction where the run ended inside one. */
  readonly epoch: number;
  /** Mean over the epoch's steps of the batch's loss before the step. */
  readonly trainLoss: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** The same metric on the training samples that are held out, where some are. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Seconds of training from the start of the run: steps only, neither compiling before them nor measuring after them. */
  readonly seconds: number;
  /** ρ, α (or the learning rate; 0 where the step was rejected), CG iterations and why CG stopped, in the last step of the epoch. */
  readonly rho?: number;
  readonly stepSize: number;
  readonly cgIterations?: number;
  readonly stopReason?: NonNullable<StepReport['stopReason']>;
  /** Steps that were rejected in the epoch, if any: no trial had a finite loss, or no next step from where they led. */
  readonly rejected?: number;
}

/** What a run has reached: all that is needed to go on from there. */
export interface Progress<State> {
  readonly state: State;
  readonly generator: Generator;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
  /** θ [d] after the epoch that is best on the validation data; absent where none are held out. */
  readonly best?: Float32Array;
}

/** The parameters θ [d] that a run keeps: the best on the validation data, or the last. */
export const keptTheta = ({ best, state }: Progress<OptimizerState>): DeviceVector => best ?? state.theta;

/** Why a run ended. */
export type Ending =
  | { readonly _tag: 'Epochs' }
  | { readonly _tag: 'Seconds' }
  | { readonly _tag: 'Interrupted' }
  | { readonly _tag: 'Failed'; readonly error: OptimizerError };

/** What a run reached, and why it ended there. */
export interface TrainResult<State> {
  readonly progress: Progress<State>;
  readonly ending: Ending;
}

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
    const chosen = Uint32Array.from(
      { length: curvatureSamples(batch.count) },
      (_, i) => order[(position * stride + i) % order.length] ?? 0,
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

/** Runs until the epochs or seconds are used up, an interrupt, or a failure. */
export const train = <State extends OptimizerState>(
  training: Training<State>,
  from: Progress<State>,
): T.Task<TrainResult<State>> => {
  const steps = Math.ceil(training.dataset.train.count / training.batchSize);
  const finished = (progress: Progress<State>, ending: Ending) => E.right({ progress, ending });
  const failed = (progress: Progress<State>, error: OptimizerError) => finished(progress, { _tag: 'Failed', error });

  const epoch =
    (progress: Progress<State>): T.Task<E.Either<Progress<State>, TrainResult<State>>> =>
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
      return O.isSome(ending) ? finished(next.right, ending.value) : E.left(next.right);
    };

  return pipe(
    tailRecTask(from, (progress) => TE.fromTask<E.Either<Progress<State>, TrainResult<State>>, never>(epoch(progress))),
    TE.toUnion,
  );
};
