import { expect } from 'chai';
import fc from 'fast-check';
import {
  abs,
  activationNames,
  activations,
  add,
  constant,
  div,
  type Expr,
  equal,
  exp,
  finite,
  gelu,
  identity,
  input,
  leakyRelu,
  less,
  log,
  max,
  min,
  mul,
  neg,
  pow,
  relu,
  select,
  sigmoid,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  type Unary,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', ['batch', 20]);
const row = input('row', [20]);
const column = input('column', ['batch', 1]);
const wide: Expr = input('wide', ['batch', 20]);
const runTimeSize: number = 20;

describe('pointwise operations', () => {
  it('broadcast as NumPy does, in types and at run time', () => {
    exactly(add(x, row), ['batch', 20]);
    exactly(sub(row, x), ['batch', 20]);
    exactly(mul(column, row), ['batch', 20]);
    exactly(div(input('a', [3, 1, 5]), input('b', [4, 1])), [3, 4, 5]);
    exactly(max(x, 0), ['batch', 20]);
    exactly(min(0, x), ['batch', 20]);
    exactly(pow(x, constant(2)), ['batch', 20]);
    exactly(less(constant(1), 2), []);
    exactly(equal(1, 2), []);
    exactly(select(column, row, 0), ['batch', 20]);
  });

  it('take the dimension that says more where one is only known at run time', () => {
    exactly(add(x, input('r', [runTimeSize])), ['batch', 20]);
    expect(add(wide, x).shape).to.deep.equal(['batch', 20]);
  });

  it('report shapes that do not broadcast, by the name of the operation', () => {
    // @ts-expect-error: 20 and 10 differ
    mistaken('add', add(x, input('y', [10])));
    // @ts-expect-error: batch and time differ
    mistaken('sub', sub(x, input('y', ['time', 20])));
    // @ts-expect-error: 20 and batch differ
    mistaken('mul', mul(x, input('y', ['batch'])));
    // @ts-expect-error: 20 and 10 differ
    mistaken('div', div(input('y', [10]), x));
    // @ts-expect-error: 20 and 10 differ
    mistaken('max', max(x, input('y', [10])));
    // @ts-expect-error: 20 and 10 differ
    mistaken('min', min(x, input('y', [10])));
    // @ts-expect-error: 20 and 10 differ
    mistaken('less', less(x, input('y', [10])));
    // @ts-expect-error: 20 and 10 differ
    mistaken('equal', equal(x, input('y', [10])));
    // @ts-expect-error: 20 and 10 differ
    mistaken('pow', pow(x, input('y', [10])));
    // @ts-expect-error: the condition's 10 and 20 differ
    mistaken('select', select(input('y', [10]), x, 0));
    // @ts-expect-error: 20 and 10 differ
    mistaken('select', select(constant(1), x, input('y', [10])));
    mistaken('add', add(wide, input('y', [10])));
  });

  it('repeat the elements of the smaller operand', () => {
    const sum = add(input('a', [2, 1]), input('b', [3]));
    expect(valuesOf(sum, { a: [10, 20], b: [1, 2, 3] })).to.deep.equal([11, 12, 13, 21, 22, 23]);
  });

  it('keep the shape of one operand', () => {
    exactly(neg(x), ['batch', 20]);
    for (const unary of [
      abs,
      exp,
      log,
      sqrt,
      tanh,
      sigmoid,
      softplus,
      finite,
      identity,
      square,
      relu,
      gelu,
      stopGradient,
    ])
      exactly(unary(x), ['batch', 20]);
    exactly(leakyRelu(0.1)(row), [20]);
    for (const name of activationNames) exactly(activations[name](column), ['batch', 1]);
  });

  it('have the values of their formulas', () => {
    const formulas: readonly (readonly [Unary, (v: number) => number])[] = [
      [relu, (v) => Math.max(v, 0)],
      [leakyRelu(0.25), (v) => (v > 0 ? v : v / 4)],
      [square, (v) => v * v],
      [gelu, (v) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))],
      [softplus, (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))],
      [sigmoid, (v) => 1 / (1 + Math.exp(-v))],
    ];
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (v) => {
        for (const [unary, formula] of formulas) expectClose(valuesOf(unary(input('v', [])), { v: [v] }), [formula(v)]);
      }),
    );
  });

  it('carry NaN through max and min, and compare to 1 and 0', () => {
    const [a, b] = [input('a', []), input('b', [])];
    const at = (expr: Expr, first: number, second: number) => valuesOf(expr, { a: [first], b: [second] })[0];
    expect(at(max(a, b), Number.NaN, 1)).to.be.NaN;
    expect(at(min(a, b), 1, Number.NaN)).to.be.NaN;
    expect([at(less(a, b), 1, 2), at(less(a, b), 2, 2), at(equal(a, b), 2, 2)]).to.deep.equal([1, 0, 1]);
    expect([at(finite(add(a, b)), 1, 2), at(finite(add(a, b)), Infinity, 2)]).to.deep.equal([1, 0]);
  });
});
