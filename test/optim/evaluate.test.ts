import { expect } from 'chai';
import {
  add,
  type Expr,
  exp,
  initialisers,
  input,
  type Loss,
  matmul,
  mean,
  meanSquaredError,
  mlp,
  mul,
  parameter,
  primitives,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from '../../dsl/index.js';
import {
  evaluation,
  type Metric,
  parseRunSettings,
  problem,
  run,
  type Split,
  showOptimizerError,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
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

/** What each sample of `values` [count, …] is measured at: the network gives a · x, with θ = (a) = (1). */
const measuredAt = async (
  shape: readonly number[],
  given: { readonly metric: Metric; readonly loss: Loss; readonly target: Expr; readonly output?: (x: Expr) => Expr },
  values: readonly number[],
  targets: readonly number[],
) => {
  const x: Expr = input('x', ['batch', ...shape]);
  const scale: Expr = primitives.broadcastTo(parameter('a', []), x.shape, []);
  const output = given.output?.(mul(scale, x)) ?? mul(scale, x);
  const made = rightOf(
    problem({
      name: 'p',
      input: x,
      target: given.target,
      output,
      loss: given.loss,
      metric: given.metric,
      initialiser: initialisers.normal(1),
    }),
  );
  const samples =
    targets.length / given.target.shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1);
  const rows: Split = {
    count: samples,
    inputs: Float32Array.from(values),
    inputShape: shape,
    targets: Float32Array.from(targets),
    targetShape: given.target.shape.slice(1).map(Number),
  };
  return evaluation(made, interpreterTarget, 2)(Float32Array.of(1), rows, occasion)();
};

const label0: Expr = input('y', ['batch']);
const softmax: Loss = (z, y) => softmaxCrossEntropy(z, y);
const sigmoid: Loss = (z, y) => sigmoidCrossEntropy(z, y);
const squared: Loss = (z, y) => meanSquaredError(z, y);

describe('accuracy', () => {
  it('of logits [batch] and [batch, 1] is the share on the right side of 0', async () => {
    const values = [3, -2, 0.5, -0.1, 7];
    const truths = [1, 0, 0, 1, 1];
    for (const shape of [[], [1]])
      expect(
        rightOf(
          await measuredAt(
            shape,
            { metric: 'accuracy', loss: sigmoid, target: input('y', ['batch', ...shape]) },
            values,
            truths,
          ),
        ),
      ).to.equal(3 / 5);
  });

  it('of several logits per sample is over all of them, and of sequences over all positions', async () => {
    const target = input('y', ['batch', 2]);
    const given = { metric: 'accuracy', target } as const;
    expect(
      rightOf(await measuredAt([2], { ...given, loss: sigmoid }, [1, -1, 2, 2, -3, -3], [1, 0, 1, 0, 0, 0])),
    ).to.be.closeTo(5 / 6, 1e-12);
    // three samples of two positions of three classes
    const scores = [9, 0, 0, /**/ 0, 9, 0, /**/ 0, 0, 9, /**/ 9, 0, 0, /**/ 0, 9, 0, /**/ 0, 9, 0];
    expect(rightOf(await measuredAt([2, 3], { ...given, loss: softmax }, scores, [0, 1, 2, 1, 1, 0]))).to.be.closeTo(
      4 / 6,
      1e-12,
    );
  });
});

describe('what is not finite', () => {
  const failed = async (...given: Parameters<typeof measuredAt>) =>
    showOptimizerError(leftOf(await measuredAt(...given)));
  const scores = [1, 0, Number.NaN, 0, 0, 1, Number.NaN, Number.NaN, 1, 0];

  it('in outputs is an error, whatever is measured, that says where and of how many', async () => {
    for (const metric of ['accuracy', 'loss'] as const)
      expect(await failed([2], { metric, loss: softmax, target: label0 }, scores, [0, 0, 1, 0, 0])).to.equal(
        'step 7: the output of 2 of 5 test samples is NaN',
      );
    const infinite = [1, 2, Number.POSITIVE_INFINITY];
    expect(await failed([], { metric: 'accuracy', loss: sigmoid, target: label0 }, infinite, [1, 0, 1])).to.equal(
      'step 7: the output of 1 of 3 test samples is Infinity',
    );
  });

  it('in the loss is an error where accuracy is measured, too', async () => {
    const overflowing: Loss = (z, y) => add(softmaxCrossEntropy(z, y), mean(exp(mul(1e4, z))));
    const given = { metric: 'accuracy', loss: overflowing, target: label0 } as const;
    expect(await failed([2], given, [1, 0, 0, 1], [0, 1])).to.equal('step 7: the test loss is Infinity');
  });

  it('leaves what is finite as it is', async () => {
    expect(
      rightOf(await measuredAt([], { metric: 'loss', loss: squared, target: label0 }, [1, 2, 3], [1, 1, 1])),
    ).to.equal(5 / 3);
  });

  it('ends a run with what it had, and no share of hits', async () => {
    const x: Expr = input('x', ['batch', 2]);
    const logits = mul(mlp(x, { hidden: [], outputs: 2 }), primitives.map('log', x));
    const made = rightOf(
      problem({
        name: 'p',
        input: x,
        target: label0,
        output: logits,
        loss: softmax,
        metric: 'accuracy',
        initialiser: initialisers.normal(1),
      }),
    );
    const part = (inputs: readonly number[]): Split => ({
      count: inputs.length / 2,
      inputs: Float32Array.from(inputs),
      inputShape: [2],
      targets: new Float32Array(inputs.length / 2),
      targetShape: [],
    });
    // the logarithm of a negative number
    const dataset = { name: 'd', train: part([1, 2, 3, 4]), test: part([1, 2, -1, 2, 3, 4]) };
    const settings = rightOf(parseRunSettings({ batchSize: 2, epochs: 3 }));
    const failure = leftOf(
      await run(
        { problem: made, settings, dataset, target: interpreterTarget },
        {
          clock: () => 0,
          interrupted: () => false,
          onStep: () => () => undefined,
          onEpoch: () => async () => expect.fail('no epoch'),
        },
      )(),
    );
    if (failure._tag !== 'RunFailed') return expect.fail('refused');
    const { error, progress } = failure;
    expect(showOptimizerError(error)).to.equal('step 1: the output of 1 of 3 test samples is NaN');
    expect(progress.state.step).to.equal(1);
    expect(progress.history).to.deep.equal([]);
  });
});

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
