import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  conv2d,
  dense,
  type Expr,
  flatten,
  type Initialiser,
  initialise,
  initialisers,
  input,
  mlp,
  parameterSpace,
  parameterViews,
  random,
} from '../../dsl/index.js';

const spaceOf = (root: Expr) => {
  const space = parameterSpace([root]);
  return E.isRight(space) ? space.right : expect.fail('no parameters');
};

const start = (root: Expr, initialiser: Initialiser) => {
  const space = spaceOf(root);
  return parameterViews(space, initialise(space, initialiser, random.generator(5)).theta);
};

const network = mlp(input('x', ['batch', 50]), { hidden: [200], outputs: 10 });
const image = conv2d(input('x', ['batch', 3, 12, 12]), { name: '1', filters: 32, kernel: 5 });
const convolutional = dense(flatten(image), { name: '2', units: 10 });

const extent = (values: Float32Array = new Float32Array(0)): number =>
  values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
const deviation = (values: Float32Array = new Float32Array(0)): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Uniform draws reach nearly to the limit, and not beyond. */
const expectLimit = (values: Float32Array | undefined, limit: number): void => {
  expect(extent(values)).to.be.within(0.97 * limit, limit * (1 + 1e-7));
  expect(deviation(values)).to.be.closeTo(limit / Math.sqrt(3), 0.05 * limit);
};

describe('initialisers', () => {
  it('start biases at 0', () => {
    for (const initialiser of [initialisers.paperMlp, initialisers.glorotUniform, initialisers.heUniform])
      expect(extent(start(network, initialiser).b1)).to.equal(0);
    expect(extent(start(convolutional, initialisers.paperConvolutional).b1)).to.equal(0);
  });

  it('the paper’s perceptrons: weights N(0, 1)', () => {
    const { W1, W2 } = start(network, initialisers.paperMlp);
    expect(deviation(W1)).to.be.closeTo(1, 0.03);
    expect(deviation(W2)).to.be.closeTo(1, 0.06);
    expect(extent(W1)).to.be.greaterThan(3);
  });

  it('the paper’s convolutional networks: ±√(6 / (F·C·k²)) and ±√(6 / (inputs + classes))', () => {
    const { W1, W2 } = start(convolutional, initialisers.paperConvolutional);
    expectLimit(W1, Math.sqrt(6 / (32 * 3 * 25)));
    expectLimit(W2, Math.sqrt(6 / (32 * 8 * 8 + 10)));
  });

  it('Glorot and He: ±√(6 / (inputs + outputs)) and ±√(6 / inputs), a filter’s window counted in', () => {
    expectLimit(start(network, initialisers.glorotUniform).W1, Math.sqrt(6 / 250));
    expectLimit(start(network, initialisers.heUniform).W1, Math.sqrt(6 / 50));
    expectLimit(start(convolutional, initialisers.glorotUniform).W1, Math.sqrt(6 / (3 * 25 + 32 * 25)));
    expectLimit(start(convolutional, initialisers.heUniform).W1, Math.sqrt(6 / (3 * 25)));
  });

  it('normal and uniform take their parameter', () => {
    expect(deviation(start(network, initialisers.normal(0.1)).W1)).to.be.closeTo(0.1, 0.003);
    expectLimit(start(network, initialisers.uniform(0.2)).W1, 0.2);
  });

  it('give the same start for the same seed, and the generator to go on with', () => {
    const space = spaceOf(network);
    const first = initialise(space, initialisers.paperMlp, random.generator(1));
    expect(initialise(space, initialisers.paperMlp, random.generator(1))).to.deep.equal(first);
    expect(initialise(space, initialisers.paperMlp, first.generator).theta).to.not.deep.equal(first.theta);
  });
});
