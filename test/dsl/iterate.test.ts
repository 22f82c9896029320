import { expect } from 'chai';
import { add, constant, div, type Expr, input, iterate, less, mul, sub } from '../../dsl/index.js';
import type { Equal } from './assertions.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

describe('iterate', () => {
  // Heron's method: r ← (r + a / r) / 2 converges to √a
  const root = (a: Expr<['n']>, rounds: number) =>
    iterate({
      initial: { r: add(mul(a, 0), 1), round: constant(0) },
      step: ({ r, round }) => ({ r: div(add(r, div(a, r)), 2), round: add(round, 1) }),
      proceed: ({ round }) => less(round, rounds),
    });

  it('gives the final values under their names and shapes', () => {
    const results = root(input('a', ['n']), 8);
    const typed: Equal<typeof results, { r: Expr<['n']>; round: Expr<[]> }> = true;
    expect(typed).to.equal(true);
    exactly(results.r, ['n']);
    exactly(results.round, []);
  });

  it('runs while the condition holds', () => {
    const { r, round } = root(input('a', ['n']), 8);
    expectClose(valuesOf(r, { a: [4, 9, 2] }, { n: 3 }), [2, 3, Math.SQRT2]);
    expect(valuesOf(round, { a: [4, 9, 2] }, { n: 3 })).to.deep.equal([8]);
    const never = root(input('a', ['n']), 0);
    expect(valuesOf(never.r, { a: [4] }, { n: 1 })).to.deep.equal([1]);
  });

  it('reports a step that changes a shape and a condition that is no scalar', () => {
    const x = input('x', [3]);
    const longer: Expr = input('y', [4]);
    // @ts-expect-error: the wide shape is not [3]
    const { v } = iterate({ initial: { v: x }, step: () => ({ v: longer }), proceed: () => constant(1) });
    mistaken('iterate', v);
    // @ts-expect-error: the condition is not a scalar
    mistaken('iterate', iterate({ initial: { v: x }, step: ({ v }) => ({ v: sub(v, 1) }), proceed: () => x }).v);
    // @ts-expect-error: v has no next value
    mistaken('iterate', iterate({ initial: { v: x }, step: () => ({}), proceed: () => constant(1) }).v);
  });
});
