/** Training on rows that tell by their numbers which they are, by an optimizer that only remembers its batches. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { random } from '../../dsl/index.js';
import type { Batch, Dataset, EpochRecord, Optimizer, OptimizerState, Split, Training } from '../../optim/index.js';

// row i holds the input i and the target 100 + i
const countingSplit = (count: number): Split => ({
  count,
  inputs: Float32Array.from({ length: count }, (_, row) => row),
  inputShape: [1],
  targets: Float32Array.from({ length: count }, (_, row) => 100 + row),
  targetShape: [],
});

/** Rows 0 … 9 to train on and 0 … 3 to test on; row i holds the input i and the target 100 + i. */
export const countingDataset: Dataset = { name: 'numbers', train: countingSplit(10), test: countingSplit(4) };

/** An optimizer and the batches that it has been given, copied, in order. */
export interface Recorder {
  readonly optimizer: Optimizer<OptimizerState>;
  readonly batches: readonly Batch[];
}

/** How a recorder differs from one that takes every step and asks for nothing. */
export interface RecorderOptions {
  /** Does this step, counted from 1, end with a `NonFiniteError`? */
  readonly fails?: (step: number) => boolean;
  readonly curvatureSamples?: Optimizer<OptimizerState>['curvatureSamples'];
}

/** An optimizer that leaves θ as it is; its loss is the sum of the batch's inputs. */
export const recorder = ({ fails = () => false, curvatureSamples }: RecorderOptions = {}): Recorder => {
  const batches: Batch[] = [];
  const optimizer: Optimizer<OptimizerState> = {
    init: (theta) => ({ step: 0, theta }),
    prepare: () => TE.right(undefined),
    encode: () => TE.right(null),
    decode: () => E.left({ _tag: 'StateError', field: 'step', problem: 'none' }),
    ...(curvatureSamples === undefined ? {} : { curvatureSamples }),
    step: (state, batch) => {
      const step = state.step + 1;
      if (fails(step))
        return TE.left({
          state,
          error: { _tag: 'NonFiniteError', step, quantity: 'the loss L(θ)', value: Number.NaN },
        });
      batches.push(structuredClone(batch));
      const loss = batch.inputs.reduce((sum, x) => sum + x, 0);
      return TE.right({ state: { ...state, step }, report: { step, loss, stepSize: step, rho: 10 * step } });
    },
  };
  return { optimizer, batches };
};

/** A training and what it has shown so far. */
export interface Watched {
  readonly training: Training<OptimizerState>;
  readonly batches: readonly Batch[];
  readonly records: readonly EpochRecord[];
  readonly steps: readonly (readonly [done: number, of: number])[];
}

/** Two epochs of 3 steps, on 4, 4 and 2 of the 10 rows, with a test loss of ¼; `given` replaces any of it. */
export const watched = (
  given: Partial<Training<OptimizerState>> = {},
  { optimizer, batches }: Recorder = recorder(),
): Watched => {
  const records: EpochRecord[] = [];
  const steps: [number, number][] = [];
  const training: Training<OptimizerState> = {
    dataset: countingDataset,
    metric: 'loss',
    optimizer,
    evaluate: () => TE.right(0.25),
    batchSize: 4,
    epochs: 2,
    seconds: Number.POSITIVE_INFINITY,
    clock: () => 0,
    interrupted: () => false,
    onStep: (_, done, of) => () => {
      steps.push([done, of]);
    },
    onEpoch: (record) => async () => {
      records.push(record);
    },
    ...given,
  };
  return { training, batches, records, steps };
};

/** Where a training begins: one parameter, 0, and the seed of its shuffles. */
export const startOf = (seed = 1) => ({
  state: { step: 0, theta: new Float32Array(1) },
  generator: random.generator(seed),
  history: [],
  seconds: 0,
});
