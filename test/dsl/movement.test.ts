import { expect } from 'chai';
import {
  broadcast,
  concat,
  constant,
  type Expr,
  flatten,
  input,
  pad,
  reshape,
  slice,
  transpose,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { valuesOf } from './values.js';

const x = input('x', ['batch', 12]);
const m = input('m', [2, 3]);
const six = { m: [1, 2, 3, 4, 5, 6] };
const wide: Expr = x;

describe('movement', () => {
  it('reshape keeps the elements in row-major order', () => {
    exactly(reshape(x, ['batch', 3, 4]), ['batch', 3, 4]);
    exactly(reshape(m, [6]), [6]);
    exactly(reshape(constant(1), [1, 1]), [1, 1]);
    expect(valuesOf(reshape(m, [3, 2]), six)).to.deep.equal(six.m);
    // @ts-expect-error: 12 and 10 elements
    mistaken('reshape', reshape(x, ['batch', 10]));
    // @ts-expect-error: the batch is gone
    mistaken('reshape', reshape(x, [12]));
    mistaken('reshape', reshape(wide, ['batch', 10]));
  });

  it('transpose orders the axes', () => {
    exactly(transpose(x), [12, 'batch']);
    exactly(transpose(input('t', [2, 3, 4]), [2, 0, 1]), [4, 2, 3]);
    expect(valuesOf(transpose(m), six)).to.deep.equal([1, 4, 2, 5, 3, 6]);
    // @ts-expect-error: axis 1 is missing
    mistaken('transpose', transpose(x, [0, 0]));
    // @ts-expect-error: an axis too few
    mistaken('transpose', transpose(x, [0]));
    mistaken('transpose', transpose(wide, [1]));
  });

  it('slice takes a range', () => {
    exactly(slice(x, 1, 2, 5), ['batch', 3]);
    expect(valuesOf(slice(m, 1, 1, 3), six)).to.deep.equal([2, 3, 5, 6]);
    // @ts-expect-error: 13 is beyond the end
    mistaken('slice', slice(x, 1, 0, 13));
    // @ts-expect-error: the range is empty
    mistaken('slice', slice(x, 1, 3, 3));
    // @ts-expect-error: the batch is not of literal size
    mistaken('slice', slice(x, 0, 0, 3));
    // @ts-expect-error: there is no axis 2
    mistaken('slice', slice(x, 2, 0, 3));
    mistaken('slice', slice(wide, 1, 0, 13));
  });

  it('pad adds zeros', () => {
    exactly(pad(x, 1, 2, 5), ['batch', 19]);
    expect(valuesOf(pad(m, 0, 1, 0), six)).to.deep.equal([0, 0, 0, 1, 2, 3, 4, 5, 6]);
    // @ts-expect-error: the batch is not of literal size
    mistaken('pad', pad(x, 0, 1, 1));
    mistaken('pad', pad(x, 1, -1, 0));
  });

  it('concat joins along an axis', () => {
    exactly(concat([x, input('y', ['batch', 3]), x], 1), ['batch', 27]);
    expect(valuesOf(concat([m, m], 1), six)).to.deep.equal([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    // @ts-expect-error: the other axes differ
    mistaken('concat', concat([x, input('y', [5, 3])], 1));
    // @ts-expect-error: the batch is not of literal size
    mistaken('concat', concat([x, x], 0));
    // @ts-expect-error: there are no operands
    mistaken('concat', concat([], 0));
    mistaken('concat', concat([wide, m], 1));
  });

  it('flatten joins all axes but the first', () => {
    exactly(flatten(input('i', ['batch', 3, 32, 32])), ['batch', 3072]);
    exactly(flatten(input('v', ['batch'])), ['batch', 1]);
    // @ts-expect-error: a scalar has no first axis
    mistaken('flatten', flatten(constant(1)));
    // @ts-expect-error: time is not a literal size
    mistaken('flatten', flatten(input('s', ['batch', 'time', 3])));
  });

  it('broadcast repeats to a shape', () => {
    exactly(broadcast(x, [5, 'batch', 12]), [5, 'batch', 12]);
    exactly(broadcast(input('c', ['batch', 1]), ['batch', 7]), ['batch', 7]);
    expect(valuesOf(broadcast(m, [2, 2, 3]), six)).to.deep.equal([...six.m, ...six.m]);
    // @ts-expect-error: 12 does not repeat to 24
    mistaken('broadcast', broadcast(x, ['batch', 24]));
    // @ts-expect-error: the operand has more axes
    mistaken('broadcast', broadcast(x, [12]));
    mistaken('broadcast', broadcast(wide, [12]));
  });
});
