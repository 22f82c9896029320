/**
 * Data sets as the optimizers see them: dense float32 rows, split into a train and a test part. Everything here is pure;
 * where the rows come from is the business of the loaders.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';

/** One part of a data set: `count` samples, each a row of `inputs` and a row of `targets`. */
export interface Split {
  readonly count: number;
  /** [count, …inputShape], row-major. */
  readonly inputs: Float32Array;
  /** Shape of one sample's input, without the batch dimension. */
  readonly inputShape: readonly number[];
  /** [count, …targetShape], row-major: regression values, or class labels as floats (targetShape `[]`). */
  readonly targets: Float32Array;
  /** Shape of one sample's target: `[]` for class labels, `[outputs]` for regression. */
  readonly targetShape: readonly number[];
}

/** A named data set. */
export interface Dataset {
  readonly name: string;
  readonly train: Split;
  readonly test: Split;
  /** What a user should know about these rows, one line each: where they were read from, what is missing from them. */
  readonly notes?: readonly string[];
}

/** Rows, shapes and counts that do not fit together. */
export interface DatasetError {
  readonly _tag: 'DatasetError';
  /** What was being built, for example `Boston, train`. */
  readonly operation: string;
  readonly expected: string;
  readonly actual: string;
}

/** One line for people. */
export const showDatasetError = (error: DatasetError): string =>
  `${error.operation}: expected ${error.expected}, got ${error.actual}`;

const datasetError = (operation: string, expected: string, actual: string): DatasetError => ({
  _tag: 'DatasetError',
  operation,
  expected,
  actual,
});

/** Π shape: the number of elements of one sample; 1 for `[]`. */
export const sampleLength = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

/** Is it a whole number from 1 on? */
export const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/**
 * The split, if it has at least one row, its extents are positive integers and both arrays have the lengths
 * `count · Π inputShape` and `count · Π targetShape`.
 */
export const checkSplit = (operation: string, split: Split): E.Either<DatasetError, Split> => {
  const { count, inputs, inputShape, targets, targetShape } = split;
  if (!isCount(count)) {
    return E.left(datasetError(operation, 'at least one row', `count ${count}`));
  }
  const badShape = [inputShape, targetShape].find((shape) => !shape.every(isCount));
  if (badShape !== undefined) {
    return E.left(datasetError(operation, 'positive integers as extents of a sample', showShape(badShape)));
  }
  const rows = [
    { what: 'inputs', shape: inputShape, length: inputs.length },
    { what: 'targets', shape: targetShape, length: targets.length },
  ];
  const wrong = rows.find(({ shape, length }) => length !== count * sampleLength(shape));
  return wrong === undefined
    ? E.right(split)
    : E.left(
        datasetError(
          operation,
          `${count} × ${showShape(wrong.shape)} = ${count * sampleLength(wrong.shape)} numbers as ${wrong.what}`,
          `${wrong.length}`,
        ),
      );
};

/** The split, if all of its numbers are finite; the error says where the first is that is not. Needs one that passes `checkSplit`. */
export const checkFiniteSplit = (operation: string, split: Split): E.Either<DatasetError, Split> => {
  for (const [what, values] of Object.entries({ inputs: split.inputs, targets: split.targets })) {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const row = Math.floor(wrong / (values.length / split.count));
      return E.left(datasetError(operation, `finite numbers as ${what}`, `${values[wrong]} in row ${row}`));
    }
  }
  return E.right(split);
};

/** The data set, if all numbers of both splits are finite. Needs one that passes `checkDataset`. */
export const checkFinite = (dataset: Dataset): E.Either<DatasetError, Dataset> =>
  pipe(
    checkFiniteSplit(`${dataset.name}, train`, dataset.train),
    E.flatMap(() => checkFiniteSplit(`${dataset.name}, test`, dataset.test)),
    E.map(() => dataset),
  );

/** The data set, if both splits pass `checkSplit` and their samples have the same shapes. */
export const checkDataset = (dataset: Dataset): E.Either<DatasetError, Dataset> => {
  const { name, train, test } = dataset;
  return E.flatMap(checkSplit(`${name}, train`, train), () =>
    E.flatMap(checkSplit(`${name}, test`, test), () =>
      sameShape(train.inputShape, test.inputShape) && sameShape(train.targetShape, test.targetShape)
        ? E.right(dataset)
        : E.left(
            datasetError(
              `${name}, test`,
              `samples like those of train, ${showShape(train.inputShape)} → ${showShape(train.targetShape)}`,
              `${showShape(test.inputShape)} → ${showShape(test.targetShape)}`,
            ),
          ),
    ),
  );
};

/** Rows `start … start + count − 1` as a view of the same memory, cut to the rows that there are. */
export const takeRows = (split: Split, start: number, count: number): Split => {
  const from = Math.min(Math.max(start, 0), split.count);
  const to = Math.min(Math.max(start + count, from), split.count);
  const input = sampleLength(split.inputShape);
  const target = sampleLength(split.targetShape);
  return {
    ...split,
    count: to - from,
    inputs: split.inputs.subarray(from * input, to * input),
    targets: split.targets.subarray(from * target, to * target),
  };
};

/** The data set with only the first `rows` rows of train (a view); test stays whole. Needs 1 ≤ rows ≤ train.count. */
export const limitTrain = (dataset: Dataset, rows: number): E.Either<DatasetError, Dataset> =>
  isCount(rows) && rows <= dataset.train.count
    ? E.right({ ...dataset, train: takeRows(dataset.train, 0, rows) })
    : E.left(
        datasetError(`limit of ${dataset.name}`, `a whole number of rows from 1 to ${dataset.train.count}`, `${rows}`),
      );
