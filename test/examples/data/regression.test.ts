import { expect } from 'chai';
import { boston } from '../../../examples/data/boston.js';
import { bostonOrder } from '../../../examples/data/bostonOrder.js';
import { fastSine, sine, sineDataset } from '../../../examples/data/sine.js';
import { expectDataset, optionsFor } from './files.js';

const options = optionsFor(undefined, 'unused');
const ascending = (a: number, b: number): number => a - b;

describe('boston', () => {
  // Keras's boston_housing, whose order this is: first rows of train and test, and the published maxima.
  const firstTrain = [1.23247, 0, 8.14, 0, 0.538, 6.142, 91.7, 3.9769, 4, 307, 21, 396.9, 18.72];
  const firstTest = [18.0846, 0, 18.1, 0, 0.679, 6.434, 100, 1.8347, 24, 666, 20.2, 27.25, 29.05];

  it('has 404 and 102 rows of 13 inputs, each split divided by its largest entries', async () => {
    const { train, test } = expectDataset(await boston(options)());
    expect([train.count, test.count]).to.deep.equal([404, 102]);
    expect(train.inputs.length).to.equal(404 * 13);
    const scaled = (row: readonly number[], largest: number) => row.map((x) => Math.fround(x / largest));
    expect(Array.from(train.inputs.subarray(0, 13))).to.deep.equal(scaled(firstTrain, 711));
    expect(Array.from(test.inputs.subarray(0, 13))).to.deep.equal(scaled(firstTest, 711));
    expect(Array.from(train.targets.subarray(0, 4))).to.deep.equal(scaled([15.2, 42.3, 50, 21.1], 50));
    expect(Array.from(test.targets.subarray(0, 4))).to.deep.equal(scaled([7.2, 18.8, 19, 27], 50));
    for (const values of [train.inputs, train.targets, test.inputs, test.targets]) {
      expect(values.reduce((a, b) => Math.max(a, b))).to.equal(1);
    }
  });

  it('is ordered by a permutation of its 506 rows', () => {
    expect([...bostonOrder].sort(ascending)).to.deep.equal(Array.from({ length: 506 }, (_, i) => i));
  });
});

describe('sine', () => {
  for (const [loader, frequency] of [
    [sine, 10],
    [fastSine, 100],
  ] as const) {
    it(`samples sin(${frequency}x) with noise of 0.01 at 7000 and 3000 points of (−1, 1)`, async () => {
      const { train, test } = expectDataset(await loader(options)());
      expect([train.count, test.count]).to.deep.equal([7000, 3000]);
      for (const { inputs, targets, count } of [train, test]) {
        const errors = Array.from(targets, (y, i) => y - Math.sin(frequency * (inputs[i] ?? Number.NaN)));
        const mean = errors.reduce((sum, e) => sum + e, 0) / count;
        const std = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / count);
        // five standard errors of the mean and of the standard deviation
        expect(Math.abs(mean)).to.be.lessThan((5 * 0.01) / Math.sqrt(count));
        expect(std).to.be.closeTo(0.01, (5 * 0.01) / Math.sqrt(2 * count));
        const sorted = Array.from(inputs).sort(ascending);
        // Kolmogorov's distance from U(−1, 1); 1.95 / √n is exceeded once in a thousand samples
        const distance = Math.max(...sorted.map((x, i) => Math.abs((x + 1) / 2 - (i + 0.5) / count)));
        expect(distance).to.be.lessThan(1.95 / Math.sqrt(count));
      }
    });
  }

  it('gives the same bits for the same seed, and others for another', () => {
    expect(sineDataset(10, 7)).to.deep.equal(sineDataset(10, 7));
    expect(sineDataset(10, 7).train.inputs).to.not.deep.equal(sineDataset(10, 8).train.inputs);
  });
});
