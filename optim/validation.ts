/**
 * Validation: training samples that are held out, and the epoch that is best on them. A run that goes on for longer
 * than its network generalises keeps the parameters of that epoch (early stopping, Prechelt 1998); the test data have
 * no part in the choice.
 */
import { random } from '../dsl/index.js';
import { batchBuffer, gatherBatch } from './batch.js';
import type { Dataset, Split } from './dataset.js';

/** A data set whose training part has been divided. */
export interface HeldOut {
  /** Its training part lacks the samples that are held out. */
  readonly dataset: Dataset;
  /** The samples that are held out, if any. */
  readonly validation?: Split;
}

const rowsAt = (split: Split, rows: Uint32Array): Split => ({
  ...split,
  ...gatherBatch(split, rows, batchBuffer(split, rows.length)),
});

// The parameters and the orders of samples are drawn from stream 0.
const stream = 1;

/** Holds `samples` training samples out, which the seed chooses; none where it is undefined. Needs samples < train.count. */
export const holdOut = (dataset: Dataset, samples: number | undefined, seed: number): HeldOut => {
  if (samples === undefined) return { dataset };
  const { values: order } = random.permutation(random.generator(seed, stream), dataset.train.count);
  return {
    dataset: { ...dataset, train: rowsAt(dataset.train, order.subarray(samples)) },
    validation: rowsAt(dataset.train, order.subarray(0, samples)),
  };
};

/** What is measured on validation data after an epoch. */
interface Validated {
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
}

/** Larger is better; records without validation are all alike. */
const merit = ({ validationLoss, validationAccuracy }: Validated): number =>
  validationAccuracy ?? (validationLoss === undefined ? 0 : -validationLoss);

const isValidated = ({ validationLoss, validationAccuracy }: Validated): boolean =>
  validationLoss !== undefined || validationAccuracy !== undefined;

/**
 * The epoch whose parameters a run keeps: the first of those that are best on the validation data, or the last epoch
 * where none are held out. Undefined of no epochs.
 */
export const keptEpoch = <Epoch extends Validated>(history: readonly Epoch[]): Epoch | undefined =>
  history.reduce<Epoch | undefined>(
    (best, epoch) => (best === undefined || !isValidated(epoch) || merit(epoch) > merit(best) ? epoch : best),
    undefined,
  );
