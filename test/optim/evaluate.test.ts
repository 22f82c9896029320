import { expect } from 'chai';
import { initialisers, input, matmul, parameter, softmaxCrossEntropy } from '../../dsl/index.js';
import { evaluation, type Metric, problem, type Split } from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';
import { numbers } from '../support/numbers.js';

const count = 23;
const classes = 3;

/** z = x W with x [batch, 2], W [2, 3]. */
const classifier = (metric: Metric) => {
  const x = input('x', ['batch', 2]);
  return problem({
    name: 'classifier',
    input: x,
    target: input('label', ['batch']),
    output: matmul(x, parameter('W', [2, classes])),
    loss: softmaxCrossEntropy,
    metric,
    initialiser: initialisers.normal(1),
  });
};

const split: Split = {
  count,
  inputs: Float32Array.from(numbers(1, 2 * count)),
  inputShape: [2],
  targets: Float32Array.from(numbers(2, count, 0, classes), Math.floor),
  targetShape: [],
};
const occasion = { step: 7, data: 'test' };
const theta = Float32Array.from(numbers(3, 2 * classes, -2, 2));

const logits = (row: number): readonly number[] =>
  Array.from(
    { length: classes },
    (_, c) =>
      (split.inputs[2 * row] ?? 0) * (theta[c] ?? 0) + (split.inputs[2 * row + 1] ?? 0) * (theta[classes + c] ?? 0),
  );
const rows = Array.from({ length: count }, (_, row) => row);
const label = (row: number): number => split.targets[row] ?? 0;

describe('evaluation', () => {
  for (const chunk of [5, 23, 100]) {
    it(`counts the samples that are classified right, ${chunk} at a time`, async () => {
      const right = rows.filter((row) => logits(row).indexOf(Math.max(...logits(row))) === label(row)).length;
      expect(right).to.be.within(1, count - 1);
      const evaluate = evaluation(rightOf(classifier('accuracy')), interpreterTarget, chunk);
      expect(rightOf(await evaluate(theta, split, occasion)())).to.be.closeTo(right / count, 1e-12);
    });

    it(`averages the loss over all samples, ${chunk} at a time`, async () => {
      const losses = rows.map((row) => {
        const z = logits(row);
        return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - (z[label(row)] ?? 0);
      });
      const evaluate = evaluation(rightOf(classifier('loss')), interpreterTarget, chunk);
      const mean = losses.reduce((a, b) => a + b, 0) / count;
      expect(rightOf(await evaluate(theta, split, occasion)())).to.be.closeTo(mean, 1e-9);
    });
  }
});
