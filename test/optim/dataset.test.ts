import { expect } from 'chai';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import {
  checkDataset,
  checkSplit,
  type Dataset,
  limitTrain,
  type Split,
  showDatasetError,
  takeRows,
} from '../../optim/dataset.js';

const counted = (count: number, inputs = 3): Split => ({
  count,
  inputs: Float32Array.from({ length: count * inputs }, (_, i) => i),
  inputShape: [inputs],
  targets: Float32Array.from({ length: count }, (_, i) => i),
  targetShape: [],
});

const messageOf = (result: E.Either<Parameters<typeof showDatasetError>[0], unknown>): string =>
  E.isLeft(result) ? showDatasetError(result.left) : 'no error';

describe('data set', () => {
  it('accepts a split whose arrays have the lengths of its shapes', () => {
    expect(checkSplit('train', counted(4))).to.deep.equal(E.right(counted(4)));
    const pair = { ...counted(4), targets: new Float32Array(8), targetShape: [2] };
    expect(E.isRight(checkSplit('train', pair))).to.equal(true);
  });

  it('names the count, shape or length that is wrong', () => {
    const message = (change: Partial<Split>): string => messageOf(checkSplit('train', { ...counted(4), ...change }));
    expect(message({ count: 0 })).to.equal('train: expected at least one row, got count 0');
    expect(message({ count: 2.5 })).to.match(/got count 2.5/);
    expect(message({ inputShape: [3, 0] })).to.match(/positive integers.*got \[3, 0\]/);
    expect(message({ count: 5 })).to.equal('train: expected 5 × [3] = 15 numbers as inputs, got 12');
    expect(message({ targetShape: [2] })).to.equal('train: expected 4 × [2] = 8 numbers as targets, got 4');
  });

  it('refuses a test part whose samples differ from those of train', () => {
    const dataset: Dataset = { name: 'toy', train: counted(4), test: counted(2, 5) };
    expect(messageOf(checkDataset(dataset))).to.equal(
      'toy, test: expected samples like those of train, [3] → [], got [5] → []',
    );
    expect(E.isRight(checkDataset({ ...dataset, test: counted(2) }))).to.equal(true);
    expect(messageOf(checkDataset({ ...dataset, train: counted(0) }))).to.match(/^toy, train/);
  });

  it('takes the rows asked for, cut to those that there are, without a copy', () => {
    const row = fc.integer({ min: -3, max: 12 });
    fc.assert(
      fc.property(row, row, (start, count) => {
        const split = counted(8);
        const rows = [0, 1, 2, 3, 4, 5, 6, 7].slice(Math.max(start, 0), Math.max(start + count, 0));
        const taken = takeRows(split, start, count);
        expect(taken.count).to.equal(rows.length);
        expect(Array.from(taken.targets)).to.deep.equal(rows);
        expect(Array.from(taken.inputs)).to.deep.equal(rows.flatMap((r) => [3 * r, 3 * r + 1, 3 * r + 2]));
        expect(taken.inputs.buffer).to.equal(split.inputs.buffer);
      }),
    );
  });

  it('limits train only, and refuses limits that are no number of its rows', () => {
    const dataset: Dataset = { name: 'toy', train: counted(4), test: counted(2) };
    const limited = limitTrain(dataset, 3);
    expect(E.isRight(limited) && limited.right.train.count === 3 && limited.right.test === dataset.test).to.equal(true);
    for (const rows of [0, -1, 1.5, 5, Number.NaN]) {
      expect(messageOf(limitTrain(dataset, rows))).to.equal(
        `limit of toy: expected a whole number of rows from 1 to 4, got ${rows}`,
      );
    }
  });
});
