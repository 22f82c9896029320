/** Mini-batches: their check against a problem, and their place among a program's inputs. */
import * as E from 'fp-ts/lib/Either.js';
import type { Expr } from '../dsl/index.js';
import { internal } from '../dsl/internal.js';
import { isCount, type Split, sampleLength } from './dataset.js';
import type { OptimizerError, Samples } from './optimizer.js';

/** The leaves that samples fill, with their shapes [batch, …]. */
type Leaves = Readonly<Record<'input' | 'target', Expr>>;

/** Samples as inputs of a program, by the names of the leaves; an error if there are none, or their arrays have other lengths. */
export const batchInputs = (
  { input, target }: Leaves,
  { count, inputs, targets }: Samples,
): E.Either<OptimizerError, Readonly<Record<string, Float32Array>>> => {
  if (!isCount(count))
    return E.left({ _tag: 'BatchError', expected: 'a whole number of samples from 1', actual: `${count}` });
  const filled = [
    { leaf: input, values: inputs },
    { leaf: target, values: targets },
  ].map(({ leaf: { node, shape }, values }) => ({
    name: node.op === 'input' ? node.name : internal('batch', `${node.op} where an input is due`),
    length: sampleLength(shape.slice(1).map(Number)),
    values,
  }));
  const wrong = filled.find(({ length, values }) => values.length !== count * length);
  return wrong === undefined
    ? E.right(Object.fromEntries(filled.map(({ name, values }) => [name, values])))
    : E.left({
        _tag: 'BatchError',
        expected: `${count} × ${wrong.length} numbers for ${wrong.name}`,
        actual: `${wrong.values.length}`,
      });
};

/** Arrays for batches of up to `size` rows, filled again for every batch. */
export interface BatchBuffer {
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** Room for `size` rows of a split. */
export const batchBuffer = (split: Split, size: number): BatchBuffer => ({
  inputs: new Float32Array(size * sampleLength(split.inputShape)),
  targets: new Float32Array(size * sampleLength(split.targetShape)),
});

/** The rows of a split in the given order, copied into the buffer: valid until it is filled again. */
export const gatherBatch = (split: Split, rows: Uint32Array, buffer: BatchBuffer): Samples => {
  const copyRows = (length: number, from: Float32Array, to: Float32Array): Float32Array => {
    for (const [position, row] of rows.entries())
      to.set(from.subarray(row * length, (row + 1) * length), position * length);
    return to.subarray(0, rows.length * length);
  };
  return {
    count: rows.length,
    inputs: copyRows(sampleLength(split.inputShape), split.inputs, buffer.inputs),
    targets: copyRows(sampleLength(split.targetShape), split.targets, buffer.targets),
  };
};
