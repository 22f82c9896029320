import { expect } from 'chai';
import { readVector, type SgdHyperparameters, sgd, sgdHyperparameters } from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';
import { batchOf, twoParameterProblem } from './problems.js';
import { gradientAt, lossAt, type Pair, type Samples } from './reference.js';

const samples: Samples = [
  [0.5, 1.125],
  [-1.25, -1.625],
  [2, 1.875],
];
const start: Pair = [1.5, 0.5];
const steps = 5;

/** v ← μv + lr·g, θ ← θ − μv − lr·g, with the learning rate of each step given. */
const reference = (mu: number, learningRates: readonly number[]) => {
  let [theta, velocity]: [Pair, Pair] = [start, [0, 0]];
  return learningRates.map((rate) => {
    const g = gradientAt(theta, samples);
    const loss = lossAt(theta, samples);
    velocity = [mu * velocity[0] + rate * g[0], mu * velocity[1] + rate * g[1]];
    theta = [theta[0] - mu * velocity[0] - rate * g[0], theta[1] - mu * velocity[1] - rate * g[1]];
    return { theta, loss, rate };
  });
};

const cases: readonly {
  readonly name: string;
  readonly settings: Partial<SgdHyperparameters>;
  readonly rates: readonly number[];
}[] = [
  { name: 'a constant rate', settings: { learningRate: 0.2 }, rates: [0.2, 0.2, 0.2, 0.2, 0.2] },
  { name: 'momentum', settings: { learningRate: 0.1, momentum: 0.8 }, rates: [0.1, 0.1, 0.1, 0.1, 0.1] },
  {
    name: 'a linear schedule',
    settings: {
      learningRate: 0.4,
      learningRateSchedule: 'linear',
      learningRateScheduleSteps: 4,
      minLearningRate: 0.2,
    },
    rates: [0.4, 0.35, 0.3, 0.25, 0.2],
  },
  {
    name: 'a step schedule',
    settings: {
      learningRate: 0.4,
      learningRateSchedule: 'step',
      learningRateScheduleSteps: 2,
      learningRateFactor: 0.5,
    },
    rates: [0.4, 0.4, 0.2, 0.2, 0.1],
  },
  {
    name: 'a cosine schedule and momentum',
    settings: {
      learningRate: 0.4,
      momentum: 0.5,
      learningRateSchedule: 'cosine',
      learningRateScheduleSteps: 4,
      minLearningRate: 0.1,
    },
    rates: [0, 1, 2, 3, 4].map((t) => Math.max(0.4 * Math.cos((Math.PI * t) / 8), 0.1)),
  },
];

describe('sgd', () => {
  for (const { name, settings, rates } of cases)
    it(`steps as its equations say with ${name}`, async () => {
      const complete = sgdHyperparameters.parse(settings);
      const optimizer = sgd(rightOf(twoParameterProblem), complete, interpreterTarget);
      const expected = reference(complete.momentum, rates);
      expect(expected).to.have.length(steps);
      let state = optimizer.init(Float32Array.from(start));
      for (const { theta, loss, rate } of expected) {
        const stepped = rightOf(await optimizer.step(state, batchOf(samples))());
        state = stepped.state;
        expect(stepped.report.loss).to.be.closeTo(loss, 1e-9);
        expect(stepped.report.stepSize).to.be.closeTo(rate, 1e-12);
        const actual = rightOf(await readVector(state.theta)());
        for (const [i, entry] of theta.entries()) expect(actual[i]).to.be.closeTo(entry, 1e-6);
      }
    });
});
