import { expect } from 'chai';
import fc from 'fast-check';
import * as O from 'fp-ts/lib/Option.js';
import { curve, type EpochRecord, estimate, moment, recordAtEpoch, recordAtSeconds } from '../../../optim/index.js';

const history = (accuracies: readonly number[], secondsPerEpoch: number): readonly EpochRecord[] =>
  accuracies.map((testAccuracy, i) => ({
    epoch: i + 1,
    trainLoss: 1 / (i + 1),
    testAccuracy,
    seconds: secondsPerEpoch * (i + 1),
    stepSize: 1,
  }));

const slow = history([0.5, 0.6, 0.7], 10);
const fast = history([0.6, 0.8, 0.9, 0.95], 4);

describe('an estimate', () => {
  it('is the mean and the sample deviation', () => {
    expect(estimate([1, 2, 3, 6])).to.deep.equal(
      O.some({ mean: 3, deviation: O.some(Math.sqrt((4 + 1 + 0 + 9) / 3)), count: 4 }),
    );
    expect(estimate([5])).to.deep.equal(O.some({ mean: 5, deviation: O.none, count: 1 }));
    expect(estimate([])).to.deep.equal(O.none);
  });

  it('moves with a shift of the values; its deviation does not', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(values, fc.integer({ min: -1000, max: 1000 }), (given, shift) => {
        const [one, other] = [estimate(given), estimate(given.map((value) => value + shift))];
        if (O.isNone(one) || O.isNone(other)) throw new Error('there are values');
        expect(other.value.mean).to.be.closeTo(one.value.mean + shift, 1e-9);
        expect(O.toUndefined(other.value.deviation)).to.be.closeTo(O.toUndefined(one.value.deviation) ?? -1, 1e-6);
      }),
    );
  });
});

describe('a moment of several runs', () => {
  it('after some seconds is each run at the last epoch that it had completed', () => {
    const at = moment([slow, fast], (records) => recordAtSeconds(records, 12), 'testAccuracy');
    expect(O.isSome(at) && [at.value.value.mean, at.value.epochs.mean, at.value.seconds.mean]).to.deep.equal([
      (0.5 + 0.9) / 2,
      2,
      11,
    ]);
  });

  it('after some seconds is, with held-out samples, each run at the best epoch on them by then', () => {
    const validated = slow.map((record, i) => ({ ...record, validationAccuracy: [0.4, 0.3, 0.5][i] ?? 0 }));
    const epochAt = (seconds: number) => O.toUndefined(recordAtSeconds(validated, seconds))?.epoch;
    expect([9, 10, 20, 30].map(epochAt)).to.deep.equal([undefined, 1, 1, 3]);
  });

  it('is none before any run has completed an epoch, and leaves out runs that have not', () => {
    expect(moment([slow, fast], (records) => recordAtSeconds(records, 1), 'testAccuracy')).to.deep.equal(O.none);
    const at = moment([slow, fast], (records) => recordAtSeconds(records, 5), 'testAccuracy');
    expect(O.isSome(at) && at.value.value).to.deep.equal({ mean: 0.6, deviation: O.none, count: 1 });
  });

  it('of a quantity that was not measured is none', () => {
    expect(moment([slow], (records) => recordAtEpoch(records, 1), 'testLoss')).to.deep.equal(O.none);
  });
});

describe('a curve', () => {
  it('has the means after each epoch for as long as all runs went', () => {
    const points = curve([fast, slow], 'testAccuracy');
    expect(points.map(({ epochs }) => epochs.mean)).to.deep.equal([1, 2, 3]);
    expect(points.map(({ seconds }) => seconds.mean)).to.deep.equal([7, 14, 21]);
    expect(points[1]?.value.mean).to.be.closeTo(0.7, 1e-12);
    expect(curve([], 'testAccuracy')).to.deep.equal([]);
  });
});
