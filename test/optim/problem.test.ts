import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  add,
  constant,
  dense,
  type Expr,
  initialisers,
  input,
  iterate,
  type Loss,
  less,
  likelihoods,
  matmul,
  mean,
  meanSquaredError,
  mlp,
  mul,
  parameter,
  primitives,
  reshape,
  showDslError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  square,
  sub,
  sum,
  tanh,
  typed,
  withLikelihood,
} from '../../dsl/index.js';
import { curvatures, experiment, experimentOf, type Metric, type Problem, problem } from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const x = input('x', ['batch', 3]);
const y = input('y', ['batch', 2]);
const labels = input('label', ['batch']);
const initialiser = initialisers.normal(1);

interface Parts {
  readonly samples?: Expr;
  readonly target?: Expr;
  readonly output?: Expr;
  readonly loss?: Loss;
  readonly metric?: Metric;
}

const network: Expr = mlp(x, { hidden: [4], outputs: 2 });
const squares: Loss = withLikelihood((z, t) => meanSquaredError(z, t), meanSquaredError.likelihood);

const defined = ({ samples = x, target = y, output = network, loss = squares, metric = 'loss' }: Parts) =>
  problem({ name: 'p', input: samples, target, output, loss, metric, initialiser });

const messageOf = (parts: Parts): string => showDslError(leftOf(defined(parts)));

/** h ↦ tanh(h W), three times. */
const looped = (h: Expr, weights: Expr): Expr =>
  iterate({
    initial: { round: constant(0), h },
    step: (at) => ({ round: add(at.round, 1), h: tanh(matmul(at.h, weights)) }),
    proceed: (at) => less(at.round, 3),
  }).h;

describe('problems', () => {
  it('take no third input, in the output or in the loss', () => {
    const noise: Expr = input('noise', ['batch', 2]);
    const expected = 'p: expected no input but x and y, as nothing gives the values of another, got noise [batch, 2]';
    expect(messageOf({ output: add(network, noise) })).to.equal(expected);
    expect(messageOf({ loss: (z, t) => mean(mul(square(sub(z, t)), noise)) })).to.equal(expected);
    // the same name in another shape is another input
    expect(messageOf({ output: add(network, mean(input('x', ['batch', 2]))) })).to.include('got x [batch, 2]');
  });

  it('have a gradient: no loop between parameters and loss', () => {
    const weights: Expr = parameter('W', [3, 3]);
    const head = (h: Expr): Expr => dense(h, { name: 'Head', units: 2 });
    const message = messageOf({ output: head(looped(x, weights)) });
    expect(message).to.match(
      /^p: gradient: expected no parameter inside a loop \(iterate\).+stopGradient of its result, got result/,
    );
    rightOf(defined({ output: head(primitives.stopGradient(looped(x, weights))) }));
    // a loop over data alone is data
    rightOf(defined({ output: head(looped(x, primitives.broadcastTo(constant(0.1), [3, 3], []))) }));
  });

  it('have parameters with names that can be kept', () => {
    for (const name of ['__metadata__', '__proto__', 'constructor', 'toString'])
      expect(messageOf({ output: matmul(x, parameter(name, [3, 2])) }))
        .to.include('p: parameters: expected names that a file of parameters can hold')
        .and.to.match(new RegExp(`got ${name}$`));
  });

  it('have inputs of names that are free', () => {
    for (const name of ['theta', '__proto__', 'valueOf'])
      for (const part of ['samples', 'target'] as const) {
        const leaf: Expr = input(name, ['batch', part === 'samples' ? 3 : 2]);
        const output: Expr = part === 'samples' ? dense(leaf, { name: '1', units: 2 }) : network;
        const where = part === 'samples' ? 'input' : 'target';
        expect(messageOf({ [part]: leaf, output })).to.match(new RegExp(`^p: ${where}: .+ got ${name}$`));
      }
    expect(messageOf({ target: input('x', ['batch', 2]) })).to.match(/^p: target: .+ got x$/);
    const rows: Expr = input('x', ['curvatureBatch', 3]);
    expect(
      messageOf({
        samples: rows,
        target: input('y', ['curvatureBatch', 2]),
        output: dense(rows, { name: '1', units: 2 }),
      }),
    ).to.include('a batch dimension not named curvatureBatch');
  });

  it('show the mistakes of their leaves as they are', () => {
    const empty: Expr = input('x', [0]);
    expect(messageOf({ samples: empty })).to.equal(
      'input: expected whole sizes of at least 1 or dimension names for x, got [0] (in p › input)',
    );
    expect(messageOf({ target: input('2y', ['batch']) })).to.equal(
      'input: expected a name of letters, digits, _ and ., got "2y" (in p › target)',
    );
  });

  it('have an output [batch, …]', () => {
    expect(messageOf({ output: mean(network, [0]), loss: (z) => typed(sum(z)) })).to.include('an output [batch, …]');
  });

  it('do not share parameters by an accident of names', () => {
    const body = dense(x, { name: 'a', units: 3 });
    const message = messageOf({ output: dense(dense(body, { name: 'a', units: 3 }), { name: 'Head', units: 2 }) });
    expect(message).to.include('Wa in dense a on x [batch, 3] and in dense a on (x · Wa + ba) [batch, 3]');
  });

  const scores: Expr = mlp(x, { hidden: [], outputs: 3 });
  const one: Expr = reshape(mlp(x, { hidden: [], outputs: 1 }), ['batch']);
  const unknown: Loss = (z, t) => mean(square(sub(tanh(z), t)));

  it('count hits where that has a meaning', () => {
    const counted = (parts: Parts): Problem => rightOf(defined({ metric: 'accuracy', ...parts }));
    const softmax: Loss = (z, t) => softmaxCrossEntropy(z, t);
    const sigmoid: Loss = (z, t) => sigmoidCrossEntropy(z, t);
    expect(counted({ output: scores, target: labels, loss: softmax }).response).to.equal(likelihoods.categorical);
    expect(counted({ output: one, target: labels, loss: sigmoid }).response).to.equal(likelihoods.bernoulli);
    // as it always was: an own loss of scores and labels
    const own: Loss = (z) => mean(square(z));
    expect(counted({ output: scores, target: labels, loss: own }).response?.targets._tag).to.equal('Labels');
    expect(counted({ output: scores, target: labels, loss: own }).likelihood).to.equal(undefined);
  });

  const meaningless: Readonly<Record<string, readonly [Parts, RegExp]>> = {
    'the squared error over 3 outputs': [
      { output: scores, target: input('y', ['batch', 3]) },
      /^p: metric: expected loss, as no share of hits can be counted of targets that are numbers \(gaussian likelihood\), got accuracy$/,
    ],
    'a loss that says nothing of outputs [batch]': [
      { output: one, target: labels, loss: unknown },
      /^p: metric: expected loss, as the loss does not say what its targets are: .*withLikelihood\(loss, likelihoods\.bernoulli\), got accuracy$/,
    ],
    'one class': [
      { output: mlp(x, { hidden: [], outputs: 1 }), target: labels, loss: (z) => mean(square(z)) },
      /does not say what its targets are/,
    ],
    'a likelihood that does not fit the shapes': [
      {
        output: mlp(x, { hidden: [], outputs: 1 }),
        target: labels,
        loss: withLikelihood((z) => mean(square(z)), likelihoods.bernoulli),
      },
      /^p: metric accuracy: expected outputs and targets of one shape to count hits of, got .+ and label \[batch\]$/,
    ],
  };
  for (const [name, [parts, message]] of Object.entries(meaningless))
    it(`count none of ${name}`, () => {
      expect(messageOf({ ...parts, metric: 'accuracy' })).to.match(message);
      rightOf(defined(parts));
    });

  it('find the likelihood of a loss of the library within a function, and within a sum', () => {
    const of = (loss: Loss): Problem => rightOf(defined({ output: scores, target: labels, loss }));
    const regularizer = mul(0.1, sum(square(parameter('W1', [3, 3]))));
    expect(of((z, t) => softmaxCrossEntropy(z, t)).likelihood).to.equal(likelihoods.categorical);
    const beside = of((z, t) => add(softmaxCrossEntropy(z, t), typed<[]>(regularizer)));
    expect([beside.likelihood, beside.response]).to.deep.equal([undefined, likelihoods.categorical]);
    expect(of((z) => mean(square(z))).response).to.equal(undefined);
  });

  it('must have a likelihood that is one, also in JavaScript', () => {
    const own = (z: Expr, t: Expr) => softmaxCrossEntropy(z, t);
    // @ts-expect-error no function
    const loss = withLikelihood(own, { ...likelihoods.categorical, fisher: 3 });
    expect(messageOf({ output: scores, target: labels, loss })).to.match(
      /^p: loss: expected a likelihood, .+likelihood\.fisher is wrong/,
    );
  });

  it('keep the likelihood of a loss where a module exports them, and name one that throws', () => {
    const likelihood = {
      ...likelihoods.bernoulli,
      fisher: () => {
        throw new Error('no Fisher');
      },
    };
    const loss = withLikelihood((z: Expr, t: Expr) => mean(square(sub(tanh(z), t))), likelihood);
    const made = defined({ loss, metric: 'accuracy' });
    const dataset = () => TE.left({ _tag: 'DataFailure', message: '' } as const);
    const exported = experiment({ name: 'p', problem: made, dataset, settings: { batchSize: 1, epochs: 1 } });
    const read = rightOf(rightOf(experimentOf('m.js', { default: exported })).problem);
    expect([read.likelihood, read.response]).to.deep.equal([likelihood, likelihood]);
    const product = curvatures.fisher(read, input('theta', [read.parameters.length]));
    expect(product(input('v', [read.parameters.length])).node).to.deep.include({
      op: 'invalid',
      error: {
        _tag: 'UnsupportedError',
        operation: 'the Fisher matrix of p',
        expected: 'an expression',
        actual: 'a throw: no Fisher',
        path: [],
      },
    });
  });

  it('are inferred with functions of one’s own, typed as their shapes are', () => {
    const output = mlp(x, { hidden: [4], outputs: 2 });
    const made = problem({
      name: 'p',
      input: x,
      target: y,
      output,
      loss: (z, t) => {
        const exact: readonly [Expr<['batch', 2]>, Expr<['batch', 2]>] = [z, t];
        return meanSquaredError(exact[0], exact[1]);
      },
      metric: 'loss',
      initialiser,
    });
    expect(E.isRight(made)).to.equal(true);
    const carried = withLikelihood((z: typeof output, t: typeof y) => mean(square(sub(z, t))), likelihoods.gaussian(1));
    expect(
      rightOf(problem({ name: 'p', input: x, target: y, output, loss: carried, metric: 'loss', initialiser }))
        .likelihood,
    ).to.equal(carried.likelihood);
    // @ts-expect-error: labels are no targets of two columns
    problem({ name: 'p', input: x, target: labels, output, loss: carried, metric: 'loss', initialiser });
  });
});
