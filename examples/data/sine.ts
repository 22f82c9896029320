/** Noisy samples of a sine: the paper's regression task with a known answer. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { generator, normal, uniform } from '../../dsl/random.js';
import { type Dataset, type Split, takeRows } from '../../optim/dataset.js';
import type { Loader } from './locate.js';

const trainRows = 7000;
const testRows = 3000;
const noise = 0.01;

/** x ~ U(−1, 1), y = sin(frequency · x) + N(0, 0.01²), 7000 + 3000 rows; the same seed gives the same bits. */
export const sineDataset = (frequency: number, seed: number): Dataset => {
  const count = trainRows + testRows;
  const xs = uniform(generator(seed), count, -1, 1);
  const errors = normal(xs.generator, count, 0, noise);
  const inputs = Float32Array.from(xs.values);
  const rows: Split = {
    count,
    inputs,
    inputShape: [1],
    targets: Float32Array.from(errors.values, (error, row) => Math.sin(frequency * (inputs[row] ?? 0)) + error),
    targetShape: [1],
  };
  return {
    name: `sin(${frequency}x)`,
    train: takeRows(rows, 0, trainRows),
    test: takeRows(rows, trainRows, testRows),
  };
};

const seed = 2020;

/** The paper's sin(10x): inputs [1], targets [1]. */
export const sine: Loader = () => TE.right(sineDataset(10, seed));

/** The harder sin(100x). */
export const fastSine: Loader = () => TE.right(sineDataset(100, seed));
