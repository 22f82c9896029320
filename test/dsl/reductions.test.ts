import { expect } from 'chai';
import fc from 'fast-check';
import {
  argmax,
  constant,
  type Expr,
  input,
  logSoftmax,
  logSumExp,
  maximum,
  mean,
  softmax,
  sum,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', ['batch', 3, 4]);
const wide: Expr = x;

describe('folds', () => {
  it('drop the axes they fold over', () => {
    exactly(sum(x), []);
    exactly(sum(x, 0), [3, 4]);
    exactly(mean(x, [0, 2]), [3]);
    exactly(maximum(x, [2, 1]), ['batch']);
    exactly(argmax(x, 1), ['batch', 4]);
    exactly(sum(x, []), ['batch', 3, 4]);
    expect(sum(wide, 1).shape).to.deep.equal(['batch', 4]);
  });

  it('report axes that are not there', () => {
    // @ts-expect-error: there is no axis 3
    mistaken('sum', sum(x, 3));
    // @ts-expect-error: there is no axis 7
    mistaken('mean', mean(x, [0, 7]));
    // @ts-expect-error: axes count from 0
    mistaken('maximum', maximum(x, -1));
    // @ts-expect-error: there is no axis 3
    mistaken('argmax', argmax(x, 3));
    mistaken('sum', sum(wide, 5));
    mistaken('sum', sum(x, [1, 1]));
  });

  it('have the values of their definitions', () => {
    const environment = { x: [1, 5, 2, 9, 9, 3] };
    const m = input('x', [2, 3]);
    expect(valuesOf(sum(m, 1), environment)).to.deep.equal([8, 21]);
    expect(valuesOf(mean(m, 0), environment)).to.deep.equal([5, 7, 2.5]);
    expect(valuesOf(maximum(m), environment)).to.deep.equal([9]);
    expect(valuesOf(argmax(m, 1), environment)).to.deep.equal([1, 0]);
    expect(valuesOf(mean(input('x', ['batch', 3]), 0), environment, { batch: 2 })).to.deep.equal([5, 7, 2.5]);
  });

  it('over the last axis: log-sum-exp, softmax and its logarithm', () => {
    exactly(logSumExp(x), ['batch', 3]);
    exactly(softmax(x), ['batch', 3, 4]);
    exactly(logSoftmax(x), ['batch', 3, 4]);
    // @ts-expect-error: a scalar has no axis
    mistaken('logSumExp', logSumExp(constant(1)));
    // @ts-expect-error: a scalar has no axis
    mistaken('softmax', softmax(constant(1)));
    // @ts-expect-error: a scalar has no axis
    mistaken('logSoftmax', logSoftmax(constant(1)));
  });

  it('stay finite for logits of ±1e4 and agree with the definitions for small ones', () => {
    const z = input('z', [2, 3]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 6, maxLength: 6 }), (logits) => {
        const rows = [logits.slice(0, 3), logits.slice(3)];
        const totals = rows.map((row) => row.reduce((total, v) => total + Math.exp(v), 0));
        expectClose(valuesOf(logSumExp(z), { z: logits }), totals.map(Math.log), 1e-11);
        const probabilities = rows.flatMap((row, i) => row.map((v) => Math.exp(v) / (totals[i] ?? 1)));
        expectClose(valuesOf(softmax(z), { z: logits }), probabilities, 1e-11);
        expectClose(valuesOf(logSoftmax(z), { z: logits }), probabilities.map(Math.log), 1e-10);
      }),
    );
    const extreme = { z: [1e4, -1e4, 0, -1e4, -1e4, -1e4] };
    for (const fold of [logSumExp(z), softmax(z), logSoftmax(z)])
      expect(valuesOf(fold, extreme).every(Number.isFinite)).to.equal(true);
    expect(valuesOf(logSumExp(z), extreme)[0]).to.equal(1e4);
  });
});
