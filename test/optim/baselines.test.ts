import { expect } from 'chai';
import {
  type AdamHyperparameters,
  type MomentumHyperparameters,
  readVector,
  type SgdHyperparameters,
  type SolverName,
  type SolverSettings,
  solverSchemas,
  withOptimizer,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';
import { batchOf, twoParameterProblem } from './problems.js';
import { gradientAt, lossAt, type Pair, rounded, type Samples } from './reference.js';

const samples: Samples = [
  [0.5, 1.125],
  [-1.25, -1.625],
  [2, 1.875],
];
const start: Pair = [1.5, 0.5];
const steps = 5;

/** A step's change of one coordinate, from its gradient, the learning rate and the step's number; it keeps two numbers. */
type Rule = (gradient: number, rate: number, t: number, kept: Pair) => readonly [change: number, kept: Pair];

const rules = {
  // v ← μv + lr·g, θ ← θ − μv − lr·g
  sgd:
    ({ momentum: mu }: SgdHyperparameters): Rule =>
    (g, rate, _, [v]) => {
      const velocity = mu * v + rate * g;
      return [-mu * velocity - rate * g, [velocity, 0]];
    },
  // v ← μv + g, θ ← θ − lr·v
  momentum:
    ({ momentum: mu }: MomentumHyperparameters): Rule =>
    (g, rate, _, [v]) => [-rate * (mu * v + g), [mu * v + g, 0]],
  // v ← μv + g, θ ← θ − lr·(μv + g)
  nesterov:
    ({ momentum: mu }: MomentumHyperparameters): Rule =>
    (g, rate, _, [v]) => [-rate * (mu * (mu * v + g) + g), [mu * v + g, 0]],
  adam:
    ({ firstDecay, secondDecay, epsilon }: AdamHyperparameters): Rule =>
    (g, rate, t, [m, v]) => {
      const [first, second] = [firstDecay * m + (1 - firstDecay) * g, secondDecay * v + (1 - secondDecay) * g * g];
      const root = Math.sqrt(second / (1 - secondDecay ** t));
      return [(-rate * first) / (1 - firstDecay ** t) / (root + epsilon), [first, second]];
    },
};

const constantly = (rate: number): readonly number[] => Array(steps).fill(rate);

/** θ, loss and learning rate of each step. */
const reference = (rule: Rule, rates: readonly number[]) => {
  let theta = start;
  let kept: readonly [Pair, Pair] = [
    [0, 0],
    [0, 0],
  ];
  return rates.map((rate, i) => {
    const [g, loss] = [gradientAt(theta, samples), lossAt(theta, samples)];
    const [a, b] = [rule(g[0], rate, i + 1, kept[0]), rule(g[1], rate, i + 1, kept[1])];
    theta = rounded([theta[0] + a[0], theta[1] + b[0]]);
    kept = [rounded(a[1]), rounded(b[1])];
    return { theta, loss, rate };
  });
};

/** The optimizer against its rule; the rule with the settings of `than` must go elsewhere. */
const itSteps = <Name extends Exclude<SolverName, 'sgn'>>(
  solver: Name,
  name: string,
  settings: SolverSettings[Name],
  expected: ReturnType<typeof reference>,
  than: ReturnType<typeof reference> | undefined,
): void => {
  it(`${solver} steps as its equations say with ${name}`, () =>
    withOptimizer(solver, rightOf(twoParameterProblem), settings, interpreterTarget, async (optimizer) => {
      let state = optimizer.init(Float32Array.from(start));
      for (const { theta, loss, rate } of expected) {
        const stepped = rightOf(await optimizer.step(state, batchOf(samples))());
        state = stepped.state;
        expect(stepped.report.loss).to.be.closeTo(loss, 1e-9);
        expect(stepped.report.stepSize).to.be.closeTo(rate, 1e-12);
        const actual = rightOf(await readVector(state.theta)());
        for (const [i, entry] of theta.entries()) expect(actual[i]).to.be.closeTo(entry, 1e-6);
      }
      expect(expected, 'the option changes nothing here').not.to.deep.equal(than);
    }));
};

const { sgd, momentum, nesterov, adam } = solverSchemas;

describe('schedules of the learning rate', () => {
  const cases = [
    { name: 'a constant rate', settings: { learningRate: 0.2 }, rates: constantly(0.2) },
    {
      name: 'a linear schedule',
      settings: { learningRate: 0.4, learningRateSchedule: 'linear', learningRateScheduleSteps: 4 },
      rates: [0.4, 0.3, 0.2, 0.1, 0],
    },
    {
      name: 'a linear schedule that ends above 0',
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
      name: 'a cosine schedule',
      settings: {
        learningRate: 0.4,
        learningRateSchedule: 'cosine',
        learningRateScheduleSteps: 4,
        minLearningRate: 0.1,
      },
      rates: [0, 1, 2, 3, 4].map((t) => Math.max(0.4 * Math.cos((Math.PI * t) / 8), 0.1)),
    },
  ];
  for (const { name, settings, rates } of cases) {
    const run = (rule: Rule) => reference(rule, rates);
    const plain = sgd.parse(settings);
    itSteps('sgd', name, plain, run(rules.sgd(plain)), reference(rules.sgd(plain), constantly(0.1)));
    const heavy = momentum.parse(settings);
    itSteps('momentum', name, heavy, run(rules.momentum(heavy)), undefined);
    const ahead = nesterov.parse(settings);
    itSteps('nesterov', name, ahead, run(rules.nesterov(ahead)), undefined);
    const moments = adam.parse(settings);
    itSteps('adam', name, moments, run(rules.adam(moments)), undefined);
  }
});

describe('baselines', () => {
  const rates = constantly(0.1);
  const learningRate = 0.1;
  const sgdRun = (mu: number) => reference(rules.sgd(sgd.parse({ momentum: mu })), rates);
  itSteps('sgd', 'momentum', sgd.parse({ learningRate, momentum: 0.8 }), sgdRun(0.8), sgdRun(0));

  const half = { learningRate, momentum: 0.5 };
  const velocities = { heavy: momentum.parse(half), ahead: nesterov.parse(half) };
  const defaults = momentum.parse({ learningRate });
  itSteps(
    'momentum',
    'another momentum',
    velocities.heavy,
    reference(rules.momentum(velocities.heavy), rates),
    reference(rules.momentum(defaults), rates),
  );
  itSteps(
    'nesterov',
    'another momentum',
    velocities.ahead,
    reference(rules.nesterov(velocities.ahead), rates),
    reference(rules.momentum(velocities.ahead), rates),
  );

  for (const own of [{ firstDecay: 0.5 }, { secondDecay: 0.5 }, { epsilon: 0.5 }]) {
    const settings = adam.parse({ learningRate, ...own });
    itSteps(
      'adam',
      Object.keys(own).join(),
      settings,
      reference(rules.adam(settings), rates),
      reference(rules.adam(adam.parse({ learningRate })), rates),
    );
  }
});
