import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  add,
  type Expr,
  einsum,
  input,
  matmul,
  parameter,
  primitives,
  reshape,
  slice,
  sum,
  tanh,
  transpose,
} from '../../dsl/index.js';

const x = input('x', ['batch', 784]);

describe('texts of expressions', () => {
  it('show the formula and the shape', () => {
    expect(String(x)).to.equal('x: [batch, 784]');
    const layer = tanh(add(matmul(x, parameter('W1', [784, 20])), parameter('b1', [20])));
    expect(String(layer)).to.equal('tanh((x · W1 + b1)): [batch, 20]');
    expect(inspect(layer)).to.equal('Expr tanh((x · W1 + b1)): [batch, 20]');
    expect(inspect({ layer })).to.equal('{ layer: Expr tanh((x · W1 + b1)): [batch, 20] }');
  });

  it('show what each movement does', () => {
    expect(String(transpose(x))).to.equal('transpose[1,0](x): [784, batch]');
    expect(String(slice(x, 1, 2, 5))).to.equal('slice[axis 1: 2…5](x): [batch, 3]');
    expect(String(sum(reshape(x, ['batch', 28, 28]), [1, 2]))).to.equal(
      'sum[axes 1,2](reshape[batch, 28, 28](x)): [batch]',
    );
    expect(String(einsum('ij,kj->ik', x, x))).to.equal('contract[ab,cb→ac](x, x): [batch, batch]');
  });

  it('stay short for large graphs', () => {
    const chain = Array.from({ length: 10_000 }).reduce<Expr>((below) => add(below, below), x);
    expect(String(chain).length).to.be.lessThan(400);
    expect(String(primitives.concat(Array<Expr>(5000).fill(x), 1)).length).to.be.lessThan(100);
  });

  it('show the mistake of an invalid expression', () => {
    const wide: Expr = x;
    expect(String(tanh(matmul(wide, wide)))).to.equal(
      'invalid (matmul: expected equal inner dimensions, got x [batch, 784] and x [batch, 784]): []',
    );
  });
});
