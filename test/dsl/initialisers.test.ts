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
  showDslError,
} from '../../dsl/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { foreign } from '../support/foreign.js';

const spaceOf = (root: Expr) => {
  const space = parameterSpace([root]);
  return E.isRight(space) ? space.right : expect.fail('no parameters');
};

const start = (root: Expr, initialiser: Initialiser) => {
  const space = spaceOf(root);
  return parameterViews(space, rightOf(initialise(space, initialiser, random.generator(5))).theta);
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
    const from = (generator: random.Generator) => rightOf(initialise(space, initialisers.paperMlp, generator));
    const first = from(random.generator(1));
    expect(from(random.generator(1))).to.deep.equal(first);
    expect(from(first.generator).theta).to.not.deep.equal(first.theta);
  });

  const nonsense: readonly (readonly [what: string, initialiser: () => unknown, message: RegExp])[] = [
    ['throws', () => expect.fail('no idea'), /got a throw: no idea \(in W1\)$/],
    ['gives nothing', () => undefined, /got undefined \(in W1\)$/],
    ['gives a kind that is none', () => ({ kind: 'cauchy', scale: 1 }), /got \{"kind":"cauchy","scale":1\} /],
    ['gives a number that is none', () => ({ kind: 'normal', std: Number.NaN }), /got \{"kind":"normal","std":null\} /],
    ['gives a promise', () => Promise.resolve({ kind: 'constant', value: 0 }), /got \[object Promise\] /],
  ];
  for (const [what, initialiser, message] of nonsense)
    it(`an initialiser that ${what} is refused by the name of its parameter`, () => {
      const refused = showDslError(leftOf(initialise(spaceOf(network), foreign(initialiser), random.generator(1))));
      expect(refused).to.match(/^initialiser: expected \{ kind: 'constant', value \}, .* a finite number, got /);
      expect(refused).to.match(message);
    });
});
