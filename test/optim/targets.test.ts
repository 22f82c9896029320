import { expect } from 'chai';
import {
  type Expr,
  exp,
  initialisers,
  input,
  type Loss,
  mean,
  meanSquaredError,
  mlp,
  mul,
  reshape,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sub,
  withLikelihood,
} from '../../dsl/index.js';
import { type Metric, problem, type Split, targetMistake } from '../../optim/index.js';
import { rightOf } from '../support/evaluation.js';

const x: Expr = input('x', ['batch', 2]);

const part = (targets: readonly number[], width: number): Split => ({
  count: targets.length / width,
  inputs: new Float32Array((2 * targets.length) / width),
  inputShape: [2],
  targets: Float32Array.from(targets),
  targetShape: width === 1 ? [] : [width],
});

interface Given {
  readonly loss: Loss;
  readonly outputs: number;
  /** Targets per sample. */
  readonly width: number;
  readonly metrics: readonly Metric[];
}

const checked = (given: Given, metric: Metric, train: Split, test: Split) => {
  const z: Expr = mlp(x, { hidden: [], outputs: given.outputs });
  const output = given.outputs === 1 ? reshape(z, ['batch']) : z;
  const target: Expr = given.width === 1 ? input('y', ['batch']) : input('y', ['batch', given.width]);
  const made = problem({
    name: 'p',
    input: x,
    target,
    output,
    loss: given.loss,
    metric,
    initialiser: initialisers.normal(1),
  });
  return targetMistake(rightOf(made), { train, test });
};

const both = ['loss', 'accuracy'] as const;
const softmax: Given = { loss: (z, y) => softmaxCrossEntropy(z, y), outputs: 2, width: 1, metrics: both };
const sigmoid: Given = { loss: (z, y) => sigmoidCrossEntropy(z, y), outputs: 2, width: 2, metrics: both };
const squared: Given = { loss: (z, y) => meanSquaredError(z, y), outputs: 2, width: 2, metrics: ['loss'] };
const counts = withLikelihood((z: Expr, y: Expr) => mean(sub(exp(z), mul(y, z))), {
  name: 'poisson',
  targets: { _tag: 'Counts' },
  prediction: { _tag: 'None' },
  fisher: (output, tangent) => mul(exp(output), tangent),
});
const poisson: Given = { loss: counts, outputs: 1, width: 1, metrics: ['loss'] };
const unknown: Given = { loss: (z, y) => mean(sub(exp(z), mul(y, z))), outputs: 1, width: 1, metrics: ['loss'] };

const legal: readonly (readonly [string, Given, readonly number[]])[] = [
  ['labels', softmax, [0, 1, 1]],
  ['probabilities', sigmoid, [0, 1, 0.25, 1]],
  ['numbers', squared, [-3, 1e30, 0.5, 2]],
  ['counts', poisson, [0, 7, 1e6]],
  ['targets of a loss that does not say what they are', unknown, [-1, 0.5, 9]],
];

const illegal: readonly (readonly [Given, readonly number[], string])[] = [
  [softmax, [1, 2, 1], 'expected labels from 0 to 1, got 2 in row 1'],
  [softmax, [0, 1, 0.5], 'expected labels from 0 to 1, got 0.5 in row 2'],
  [softmax, [-1, 0, 0], 'expected labels from 0 to 1, got -1 in row 0'],
  [softmax, [0, Number.NaN, 0], 'expected labels from 0 to 1, got NaN in row 1'],
  [sigmoid, [0, 1, 1, 2], 'expected targets from 0 to 1, got 2 in row 1'],
  [sigmoid, [-1, 1, 1, 1], 'expected targets from 0 to 1, got -1 in row 0'],
  [poisson, [1, -2, 0], 'expected targets 0, 1, 2, …, got -2 in row 1'],
  [poisson, [1, 0.5, 0], 'expected targets 0, 1, 2, …, got 0.5 in row 1'],
];

describe('data', () => {
  for (const [name, given, targets] of legal)
    it(`may be ${name}`, () => {
      for (const metric of given.metrics)
        expect(checked(given, metric, part(targets, given.width), part(targets, given.width))).to.equal(undefined);
    });

  for (const [given, targets, message] of illegal)
    it(`are refused by what the loss says of them, whatever is measured: ${message}`, () => {
      const good = part(Array(2 * given.width).fill(0), given.width);
      const bad = part(targets, given.width);
      for (const metric of given.metrics)
        for (const [where, train, test] of [
          ['train', bad, good],
          ['test', good, bad],
        ] as const)
          expect(checked(given, metric, train, test)).to.equal(`${message} of ${where}`);
    });
});
