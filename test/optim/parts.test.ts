import { expect } from 'chai';
import fc from 'fast-check';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  backtrack,
  nextDamping,
  reductionRatio,
  type Schedule,
  scheduleKinds,
  scheduleValue,
  type Trial,
} from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const schedule = (given: Partial<Schedule>): Schedule => ({
  kind: 'constant',
  initial: 1,
  final: 0.1,
  steps: 10,
  factor: 0.5,
  ...given,
});

describe('schedules', () => {
  for (const kind of scheduleKinds)
    it(`${kind} starts at its first value and never rises`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 50 }), (t) => {
          const value = (at: number) => scheduleValue(schedule({ kind }), at);
          expect(value(0)).to.equal(1);
          expect(value(t + 1)).to.be.at.most(value(t));
        }),
      );
    });

  for (const kind of ['linear', 'cosine'] as const)
    it(`${kind} stays at its last value after its steps`, () => {
      expect(scheduleValue(schedule({ kind }), 10)).to.be.closeTo(0.1, 1e-15);
      expect(scheduleValue(schedule({ kind }), 1000)).to.be.closeTo(0.1, 1e-15);
    });

  it('have the values of their formulas in between', () => {
    expect(scheduleValue(schedule({ kind: 'linear' }), 5)).to.be.closeTo(0.55, 1e-15);
    expect(scheduleValue(schedule({ kind: 'cosine' }), 5)).to.be.closeTo(Math.SQRT1_2, 1e-15);
    expect(scheduleValue(schedule({ kind: 'step' }), 19)).to.equal(0.5);
    expect(scheduleValue(schedule({ kind: 'step' }), 20)).to.equal(0.25);
  });
});

describe('the trust region', () => {
  it('raises ρ by 3/2 under a ratio of 1/4, lowers it by 2/3 over 3/4, and keeps it in between', () => {
    expect(nextDamping(0.3, 1e-6, 0.24)).to.be.closeTo(0.45, 1e-15);
    expect(nextDamping(0.3, 1e-6, -5)).to.be.closeTo(0.45, 1e-15);
    expect(nextDamping(0.3, 1e-6, 0.25)).to.equal(0.3);
    expect(nextDamping(0.3, 1e-6, 0.75)).to.equal(0.3);
    expect(nextDamping(0.3, 1e-6, 0.76)).to.be.closeTo(0.2, 1e-15);
  });

  it('never lowers ρ below its least', () => {
    expect(nextDamping(0.3, 0.25, 1)).to.equal(0.25);
  });

  it('compares what a step gave with what it promised', () => {
    expect(reductionRatio({ loss: 3, actual: -1, predicted: -2 })).to.equal(0.5);
    expect(reductionRatio({ loss: 3, actual: 1, predicted: -2 })).to.equal(-0.5);
  });

  it('finds no step worse than one to a loss that is not finite, and raises ρ after it', () => {
    for (const actual of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39])
      for (const [loss, predicted] of [
        [1, -1],
        [1, 1],
        [0, 0],
      ] as const) {
        const ratio = reductionRatio({ loss, actual, predicted });
        expect(ratio).to.equal(Number.NEGATIVE_INFINITY);
        expect(nextDamping(0.3, 1e-6, ratio)).to.be.closeTo(0.45, 1e-15);
      }
  });

  it('finds nothing wrong with a step of length zero', () => {
    for (const loss of [0, 3]) expect(reductionRatio({ loss, actual: 0, predicted: 0 })).to.equal(1);
  });

  it('finds nothing wrong with a step whose promise drowns in the rounding of the loss', () => {
    expect(reductionRatio({ loss: 67, actual: 0, predicted: -1e-8 })).to.equal(1);
    expect(reductionRatio({ loss: -67, actual: 2 ** -18, predicted: -1e-8 })).to.equal(1);
    expect(reductionRatio({ loss: 67, actual: 1e-3, predicted: -1e-8 })).to.be.below(0);
    expect(reductionRatio({ loss: 67, actual: 0, predicted: -1e-3 })).to.be.within(-1e-15, 0);
  });

  it('calls no rise of the loss a good step', () => {
    for (const predicted of [0, 1e-3, 1, 1000])
      for (const actual of [0.5, 1, 2])
        expect(nextDamping(0.3, 1e-6, reductionRatio({ loss: 1, actual, predicted }))).to.be.closeTo(0.45, 1e-15);
  });
});

describe('the line search', () => {
  const settings = { sufficientDecrease: 1e-4, shrink: 0.5, maxIterations: 10 };

  /** Searches along φ(α) and records the α that were tried after the first. */
  const search = async (phi: (alpha: number) => number, slope: number, given: Partial<typeof settings> = {}) => {
    const tried: number[] = [];
    const trial = (stepSize: number): Trial => ({ stepSize, loss: phi(stepSize) });
    const result = await backtrack({ ...settings, ...given }, { loss: phi(0), slope }, trial(1), (stepSize) => {
      tried.push(stepSize);
      return TE.right(trial(stepSize));
    })();
    const { trial: found, ...rest } = rightOf(result);
    return { trial: O.toUndefined(found), ...rest, tried };
  };

  it('takes the first trial where it descends enough, without another', async () => {
    const { trial, shrinks, accepted, tried } = await search((alpha) => (alpha - 1) ** 2, -2);
    expect([trial?.stepSize, shrinks, accepted, tried]).to.deep.equal([1, 0, true, []]);
  });

  it('shrinks until the condition holds: the largest α = shrinkᵏ that satisfies it', () => {
    return fc.assert(
      fc.asyncProperty(fc.double({ min: 0.01, max: 0.99, noNaN: true }), async (minimum) => {
        const phi = (alpha: number) => (alpha - minimum) ** 2;
        const slope = -2 * minimum;
        const sufficient = (alpha: number) => phi(alpha) <= phi(0) + settings.sufficientDecrease * alpha * slope;
        const { trial, accepted } = await search(phi, slope);
        expect(accepted).to.equal(true);
        const taken = trial?.stepSize ?? Number.NaN;
        expect(sufficient(taken)).to.equal(true);
        if (taken < 1) expect(sufficient(2 * taken)).to.equal(false);
      }),
    );
  });

  it('gives up after so many trials, with the last one and the word that it did not descend', async () => {
    const { trial, shrinks, accepted, tried } = await search((alpha) => alpha, -1, { maxIterations: 3 });
    expect([trial?.stepSize, shrinks, accepted]).to.deep.equal([0.125, 3, false]);
    expect(tried).to.deep.equal([0.5, 0.25, 0.125]);
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39])
    it(`shrinks past trials with the loss ${bad}, which float32 does not hold`, async () => {
      const phi = (alpha: number) => (alpha > 0.3 ? bad : 1 - alpha);
      const { trial, shrinks, accepted, tried } = await search(phi, -1);
      expect([trial?.stepSize, shrinks, accepted]).to.deep.equal([0.25, 2, true]);
      expect(tried).to.deep.equal([0.5, 0.25]);
      const none = await search((alpha) => (alpha > 0 ? bad : 1), -1, { maxIterations: 3 });
      expect([none.trial, none.shrinks, none.accepted]).to.deep.equal([undefined, 3, false]);
    });

  it('ends with the last finite trial where none descends enough and the smallest is not finite', async () => {
    const { trial, shrinks, accepted } = await search((alpha) => (alpha < 0.3 && alpha > 0 ? Number.NaN : alpha), -1, {
      maxIterations: 3,
    });
    expect([trial?.stepSize, shrinks, accepted]).to.deep.equal([0.5, 3, false]);
  });

  it('ends with the error of a trial', async () => {
    const first = { stepSize: 1, loss: 9 };
    const result = await backtrack(settings, { loss: 1, slope: -1 }, first, () => TE.left('broken'))();
    expect(leftOf(result)).to.equal('broken');
  });
});
