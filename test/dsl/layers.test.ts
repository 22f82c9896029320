import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  add,
  check,
  dense,
  type Expr,
  input,
  matmul,
  mlp,
  parameter,
  parameterSpace,
  relu,
  showDslError,
  sigmoid,
  tanh,
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
