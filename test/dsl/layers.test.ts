import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  add,
  batchNormalization,
  check,
  conv2d,
  dense,
  type Expr,
  input,
  matmul,
  mlp,
  mul,
  type ParameterSpace,
  parameter,
  parameterSpace,
  relu,
  type Shape,
  showDslError,
  sigmoid,
  tanh,
  typed,
  type Unary,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';

const x = input('x', ['batch', 784]);
const wide: Expr = x;

const messageOf = (expr: Expr): string => {
  const checked = check(expr);
  return E.isLeft(checked) ? showDslError(checked.left) : 'no error';
};

describe('layers', () => {
  it('dense is activation(x W + b)', () => {
    const layer = dense(x, { name: '1', units: 20, activation: relu });
    exactly(layer, ['batch', 20]);
    expect(layer).to.equal(relu(add(matmul(x, parameter('W1', [784, 20])), parameter('b1', [20]))));
    expect(dense(wide, { name: '1', units: 20, activation: relu })).to.equal(layer);
  });

  it('mlp is hidden layers with the activation, and a linear one', () => {
    const network = mlp(x, { hidden: [20, 30], outputs: 10 });
    exactly(network, ['batch', 10]);
    const first = dense(x, { name: '1', units: 20, activation: sigmoid });
    const second = dense(first, { name: '2', units: 30, activation: sigmoid });
    expect(network).to.equal(dense(second, { name: '3', units: 10 }));
    expect(mlp(x, { hidden: [5], outputs: 2, activation: 'tanh' })).to.equal(
      mlp(x, { hidden: [5], outputs: 2, activation: tanh }),
    );
    exactly(mlp(x, { hidden: [], outputs: 3 }), ['batch', 3]);
  });

  it('name their parameters in the order of the layers', () => {
    const names = (root: Expr) =>
      E.map(({ entries }: { readonly entries: readonly { readonly name: string }[] }) =>
        entries.map(({ name }) => name),
      )(parameterSpace([root]));
    expect(names(mlp(x, { hidden: [20], outputs: 10 }))).to.deep.equal(E.right(['W1', 'b1', 'W2', 'b2']));
    expect(names(mlp(x, { hidden: [], outputs: 10, name: 'critic' }))).to.deep.equal(E.right(['Wcritic1', 'bcritic1']));
  });

  it('of one name and shape are refused with both places, unless they ask for it', () => {
    const h: Expr = input('h', ['batch', 4]);
    const image: Expr = input('image', ['batch', 2, 5, 5]);
    const statistics: Expr = input('statistics', [2]);
    const layers: Readonly<Record<string, (on: Expr, shared?: boolean) => Expr>> = {
      'Wcell in dense cell': (on, shared = false) => dense(on, { name: 'cell', units: 4, activation: tanh, shared }),
      'Wcell1 in dense cell1': (on, shared = false) => mlp(on, { name: 'cell', hidden: [], outputs: 4, shared }),
      'Wcell in conv2d cell': (on, shared = false) =>
        conv2d(on, { name: 'cell', filters: 2, kernel: 3, padding: 1, shared }),
      'gammacell in batchNormalization cell': (on, shared = false) =>
        batchNormalization(on, { name: 'cell', mean: statistics, variance: statistics, shared }),
    };
    for (const [place, layer] of Object.entries(layers)) {
      const x: Expr = place.startsWith('Wcell in conv') || place.startsWith('gamma') ? image : h;
      const space = (shared?: boolean) => parameterSpace([layer(layer(x, shared), shared)]);
      const accidental = space();
      expect(E.isLeft(accidental) && showDslError(accidental.left)).to.match(
        new RegExp(`name one otherwise, or give shared: true to both, got ${place} on .+ and in .+ cell1? on .+$`),
      );
      expect(E.map(({ length }: ParameterSpace) => length)(space(true))).to.deep.equal(
        E.map(({ length }: ParameterSpace) => length)(parameterSpace([layer(x, true)])),
      );
      // one layer on one input is one expression, however often it is written
      expect(E.isRight(parameterSpace([add(layer(x), tanh(layer(x)))]))).to.equal(true);
      const half = parameterSpace([add(layer(x, true), tanh(layer(x)))]);
      expect(E.isLeft(half) && showDslError(half.left)).to.include('shared: true of all that use the parameter');
    }
  });

  it('of one name on one input are two where their activations differ', () => {
    const trunk: Expr = input('trunk', ['batch', 4]);
    const head = (activation?: Unary) =>
      dense(trunk, { name: 'head', units: 4, ...(activation ? { activation } : {}) });
    for (const pair of [
      [head(), head(sigmoid)],
      [head(tanh), head(sigmoid)],
    ]) {
      const space = parameterSpace([mul(pair[0] ?? trunk, pair[1] ?? trunk)]);
      expect(E.isLeft(space) && showDslError(space.left)).to.include(
        'Whead in dense head on trunk [batch, 4] and in dense head on trunk [batch, 4]',
      );
    }
    // the linear one is part of the others, and alone there
    for (const activation of [sigmoid, tanh]) expect(E.isRight(parameterSpace([head(activation)]))).to.equal(true);
    expect(E.isRight(parameterSpace([mul(head(tanh), head(tanh))]))).to.equal(true);
  });

  it('are told apart where one is the activation of another', () => {
    const rows: Expr = input('rows', ['batch', 4]);
    const inner = <S extends Shape>(on: Expr<S>): Expr<S> => {
      const matrix: Expr = on;
      return typed(dense(matrix, { name: 'inner', units: 4 }));
    };
    const nested = dense(rows, { name: 'outer', units: 4, activation: inner });
    expect(E.isRight(parameterSpace([nested]))).to.equal(true);
    const space = parameterSpace([inner(nested)]);
    expect(E.isLeft(space) && showDslError(space.left)).to.include('Winner in dense inner on');
  });

  it('are not what a parameter of one’s own is used in: it may be used as often as one likes', () => {
    const h: Expr = input('h', ['batch', 4]);
    const w: Expr = parameter('w', [4, 4]);
    const times = (rows: Expr): Expr => matmul(rows, w);
    expect(E.isRight(parameterSpace([times(tanh(times(h)))]))).to.equal(true);
  });

  it('of one name and different shapes are refused with both places', () => {
    const h: Expr = input('h', ['batch', 4]);
    const space = parameterSpace([dense(dense(h, { name: '1', units: 3 }), { name: '1', units: 2 })]);
    expect(E.isLeft(space) && showDslError(space.left)).to.equal(
      'parameterSpace: expected one shape for the parameter W1, got dense 1 on h [batch, 4] [4, 3] and dense 1 on (h · W1 + b1) [batch, 3] [3, 2]',
    );
  });

  it('report what is not a matrix', () => {
    // @ts-expect-error: three axes
    mistaken('dense', dense(input('x', ['batch', 3, 4]), { name: '1', units: 20 }));
    // @ts-expect-error: one axis
    mistaken('dense', mlp(input('x', ['batch']), { hidden: [3], outputs: 20 }));
    // @ts-expect-error: there is no such activation
    mistaken('mlp', mlp(x, { hidden: [3], outputs: 2, activation: 'swish' }));
  });

  it('say in which layer a mistake happened', () => {
    const image: Expr = input('x', ['batch', 3, 4]);
    expect(messageOf(dense(image, { name: 'Head', units: 20 }))).to.equal(
      'dense: expected a matrix [batch, inputs], got x [batch, 3, 4] (in dense Head)',
    );
    expect(messageOf(mlp(x, { hidden: [8, 0], outputs: 2 }))).to.equal(
      'parameter: expected whole sizes of at least 1 or dimension names for W2, got [8, 0] (in dense 2)',
    );
  });
});
