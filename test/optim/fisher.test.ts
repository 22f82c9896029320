import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { type Environment, jvp } from '../../compiler/index.js';
import {
  add,
  bindParameters,
  type Expr,
  einsum,
  exp,
  initialisers,
  input,
  type Likelihood,
  type Loss,
  likelihoods,
  mean,
  meanSquaredError,
  mlp,
  mul,
  parameter,
  reshape,
  type Shape,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  softplus,
  sub,
  tanh,
  typed,
  withLikelihood,
} from '../../dsl/index.js';
import {
  type Curvature,
  curvatures,
  type Metric,
  type Problem,
  parseRunSettings,
  problem,
  run,
  sgn,
  sgnHyperparameters,
  showOptimizerError,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { evaluated, evaluatedAll, leftOf, lengthOf, rightOf } from '../support/evaluation.js';
import { distance, numbers } from '../support/numbers.js';

const batch = 3;
const sizes = { batch };
const x = input('x', ['batch', 3]);
const sequence = input('x', ['batch', 2, 3]);

const define = <Z extends Shape, Y extends Shape>(
  output: Expr<Z>,
  target: Expr<Y>,
  loss: Loss<Z, Y>,
  metric: Metric = 'loss',
  samples: Expr = x,
): Problem =>
  rightOf(problem({ name: 'p', input: samples, target, output, loss, metric, initialiser: initialisers.normal(1) }));

const labels = input('y', ['batch']);
const words = input('y', ['batch', 2]);
const pairs = input('y', ['batch', 2]);
const logits = mlp(x, { hidden: [4], outputs: 3, activation: 'tanh' });
const two = mlp(x, { hidden: [4], outputs: 2, activation: 'tanh' });
const one = reshape(mlp(x, { hidden: [4], outputs: 1 }), ['batch']);
// a layer at every position: [batch, 2, 3]
const positions = typed<['batch', 2, 3]>(
  add(einsum('btk,kc->btc', tanh(sequence), parameter('W', [3, 3])), parameter('b', [3])),
);

const poisson: Likelihood = {
  name: 'poisson',
  targets: { _tag: 'Counts' },
  prediction: { _tag: 'None' },
  fisher: (output, tangent) => mul(exp(output), tangent),
};

/** All lists of `length` out of `values`. */
const lists = (values: readonly number[], length: number): readonly (readonly number[])[] =>
  length === 0 ? [[]] : lists(values, length - 1).flatMap((list) => values.map((value) => [...list, value]));

/** What y can be for the output of a sample, with probabilities, and ∂ ln p/∂z. */
type Outcomes = (z: readonly number[]) => readonly { readonly p: number; readonly score: readonly number[] }[];

const product = (factors: readonly number[]): number => factors.reduce((a, b) => a * b, 1);
const softmaxOf = (z: readonly number[]): readonly number[] => {
  const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / total);
};

const categorical =
  (classes: number): Outcomes =>
  (z) => {
    const rows = Array.from({ length: z.length / classes }, (_, t) =>
      softmaxOf(z.slice(t * classes, (t + 1) * classes)),
    );
    return lists([...Array(classes).keys()], rows.length).map((chosen) => ({
      p: product(rows.map((row, t) => row[chosen[t] ?? -1] ?? Number.NaN)),
      score: rows.flatMap((row, t) => row.map((p, c) => (c === chosen[t] ? 1 : 0) - p)),
    }));
  };

const bernoulli: Outcomes = (z) => {
  const rates = z.map((value) => 1 / (1 + Math.exp(-value)));
  return lists([0, 1], z.length).map((y) => ({
    p: product(rates.map((rate, k) => (y[k] === 1 ? rate : 1 - rate))),
    score: rates.map((rate, k) => (y[k] ?? Number.NaN) - rate),
  }));
};

// y = z ± 1 has the mean and the variance of N(z, 1), and the score y − z is linear
const gaussian: Outcomes = (z) => lists([-1, 1], z.length).map((score) => ({ p: 2 ** -z.length, score }));

const poissonOutcomes: Outcomes = (z) => {
  const rate = Math.exp(z[0] ?? Number.NaN);
  const terms: { readonly p: number; readonly score: readonly number[] }[] = [];
  for (let y = 0, p = Math.exp(-rate); y < 200; y++, p *= rate / y) terms.push({ p, score: [y - rate] });
  return terms;
};

interface Case {
  readonly name: string;
  readonly given: (metric: Metric) => Problem;
  readonly metrics: readonly Metric[];
  readonly outcomes: Outcomes;
  /** c in G = c F. */
  readonly scale: number;
}

const both = ['loss', 'accuracy'] as const;
const cases: readonly Case[] = [
  {
    name: 'softmax cross-entropy',
    given: (m) => define(logits, labels, softmaxCrossEntropy, m),
    metrics: both,
    outcomes: categorical(3),
    scale: 1,
  },
  {
    name: 'softmax cross-entropy within a function of one’s own',
    given: (m) => define(logits, labels, (z, y) => softmaxCrossEntropy(z, y), m),
    metrics: both,
    outcomes: categorical(3),
    scale: 1,
  },
  {
    name: 'softmax cross-entropy of sequences, T = 2',
    given: (m) => define(positions, words, softmaxCrossEntropy, m, sequence),
    metrics: both,
    outcomes: categorical(3),
    scale: 1 / 2,
  },
  {
    name: 'sigmoid cross-entropy, K = 2',
    given: (m) => define(two, pairs, sigmoidCrossEntropy, m),
    metrics: both,
    outcomes: bernoulli,
    scale: 1 / 2,
  },
  {
    name: 'sigmoid cross-entropy of outputs [batch]',
    given: (m) => define(one, labels, sigmoidCrossEntropy, m),
    metrics: both,
    outcomes: bernoulli,
    scale: 1,
  },
  {
    name: 'an own Bernoulli loss with its likelihood, K = 2',
    given: (m) =>
      define(
        two,
        pairs,
        withLikelihood((z, y) => mean(sub(softplus(z), mul(y, z))), likelihoods.bernoulli),
        m,
      ),
    metrics: both,
    outcomes: bernoulli,
    scale: 1 / 2,
  },
  {
    name: 'the mean squared error, K = 2',
    given: () => define(two, pairs, meanSquaredError),
    metrics: ['loss'],
    outcomes: gaussian,
    scale: 2 / 2,
  },
  {
    name: 'the mean squared error of outputs [batch]',
    given: () => define(one, labels, meanSquaredError),
    metrics: ['loss'],
    outcomes: gaussian,
    scale: 2,
  },
  {
    name: 'a Poisson loss of one’s own',
    given: () =>
      define(
        one,
        labels,
        withLikelihood((z, y) => mean(sub(exp(z), mul(y, z))), poisson),
      ),
    metrics: ['loss'],
    outcomes: poissonOutcomes,
    scale: 1,
  },
];

const environmentOf = (
  { parameters, input: samples, target }: Problem,
  seed: number,
): Map<Expr | string, ArrayLike<number>> =>
  new Map<Expr | string, ArrayLike<number>>([
    ['x', numbers(seed, lengthOf(samples.shape, sizes))],
    ['y', Float64Array.from({ length: lengthOf(target.shape, sizes) }, (_, i) => (seed + i) % 2)],
    ['theta', numbers(seed + 1, parameters.length)],
    ['v', numbers(seed + 2, parameters.length)],
  ]);

const vectorOf = (name: string, { parameters }: Problem): Expr<[number]> => typed(input(name, [parameters.length]));

const productOf = (curvature: Curvature, given: Problem, environment: Environment): Float64Array =>
  evaluated(curvature(given, vectorOf('theta', given))(vectorOf('v', given)), environment, sizes);

/** (1/N) Σ over samples and outcomes of p (Jᵀ score) (Jᵀ score)ᵀ v: the definition of F, in sums. */
const byDefinition = (given: Problem, outcomes: Outcomes, environment: Environment): Float64Array => {
  const theta = vectorOf('theta', given);
  const [output = given.output] = bindParameters(given.parameters, theta, [given.output]);
  const tangent = jvp(output, new Map([[theta, vectorOf('v', given)]]));
  const d = given.parameters.length;
  const z = evaluatedAll([output], environment, sizes)[0] ?? new Float64Array(0);
  const width = z.length / batch;
  const columnOf = (direction: ArrayLike<number>): Float64Array =>
    evaluated(tangent, new Map<Expr | string, ArrayLike<number>>([...environment, ['v', direction]]), sizes);
  const columns = Array.from({ length: d }, (_, i) => columnOf(new Float64Array(d).fill(1, i, i + 1)));
  const v = environment.get('v') ?? [];
  const result = new Float64Array(d);
  for (let n = 0; n < batch; n++)
    for (const { p, score } of outcomes(Array.from(z.subarray(n * width, (n + 1) * width)))) {
      // g = Jᵀ score of sample n
      const g = columns.map((column) =>
        score.reduce((sum, s, k) => sum + s * (column[n * width + k] ?? Number.NaN), 0),
      );
      const along = g.reduce((sum, entry, i) => sum + entry * (v[i] ?? Number.NaN), 0);
      for (const [i, entry] of g.entries()) result[i] = (result[i] ?? 0) + (p * entry * along) / batch;
    }
  return result;
};

const scaled = (values: Float64Array, by: number): Float64Array => values.map((value) => by * value);

describe('the Fisher matrix', () => {
  for (const { name, given, metrics, outcomes, scale } of cases)
    it(`is that of the likelihood, whatever is measured, and G/c: ${name}`, () => {
      for (const metric of metrics)
        for (const seed of [3, 40]) {
          const made = given(metric);
          const environment = environmentOf(made, seed);
          const fisher = productOf(curvatures.fisher, made, environment);
          expect(distance(fisher, byDefinition(made, outcomes, environment))).to.be.below(1e-10);
          expect(distance(scaled(fisher, scale), productOf(curvatures.ggn, made, environment))).to.be.below(1e-10);
        }
    });

  it('of a loss without a likelihood is refused by name, before a run has made a step', async () => {
    const given = define(one, labels, (z, y) => mean(sub(exp(z), mul(y, z))));
    const settings = sgnHyperparameters.parse({ curvature: 'fisher' });
    const error = leftOf(await sgn(given, settings, interpreterTarget).prepare(batch)());
    expect(error).to.include({ _tag: 'UnsupportedError', operation: 'curvature fisher' });
    expect(showOptimizerError(error)).to.include('withLikelihood(loss, likelihoods.categorical), got the loss of p');
    const split = {
      count: batch,
      inputs: new Float32Array(3 * batch),
      inputShape: [3],
      targets: new Float32Array(batch),
      targetShape: [],
    };
    const started = await run(
      {
        problem: given,
        settings: rightOf(parseRunSettings({ batchSize: batch, epochs: 1, sgn: { curvature: 'fisher' } })),
        dataset: { name: 'd', train: split, test: split },
        target: interpreterTarget,
      },
      {
        clock: () => 0,
        interrupted: () => false,
        onStep: () => () => expect.fail('a step was made'),
        onEpoch: () => async () => expect.fail('an epoch was made'),
      },
    )();
    expect(E.isLeft(started) && started.left).to.have.nested.property('error.operation', 'curvature fisher');
    // a part of the loss that is known says what the targets are, but not what the whole is
    const weighted = define(logits, labels, (z, y) => mul(2, softmaxCrossEntropy(z, y)), 'accuracy');
    expect(weighted.likelihood).to.equal(undefined);
    expect(weighted.response).to.equal(likelihoods.categorical);
  });
});
