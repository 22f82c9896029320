/** Steps that repeat work. */
import { typed } from '../../../dsl/expr.js';
import { iterate } from '../../../dsl/iterate.js';
import type { Expr } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import { alike, type Grow, grown } from './growth.js';

/**
 * A loop over a counter, a value and what it swaps places with; its body has work that does not depend on the
 * variables, and now and then a loop of its own.
 */
export const growIterate: Grow = (growth) => {
  const [x, y = x] = alike(growth, 2);
  if (x === undefined || y === undefined) return growth.pick();
  const rounds = growth.choose(4);
  const nested = growth.choose(3) === 0;
  const mixed = (a: Expr, b: Expr): Expr => p.map('tanh', p.map('add', a, p.map('mul', b, p.map('sigmoid', y.expr))));
  const below = (count: Expr, bound: number) => typed<[]>(p.map('less', count, p.literal(bound)));
  const next = (count: Expr): Expr => p.map('add', count, p.literal(1));
  type Variables = Readonly<Record<'count' | 'a' | 'b', Expr>>;
  const inner = (start: Expr, other: Expr): Expr =>
    iterate<Readonly<Record<'count' | 'x', Expr>>>({
      initial: { count: p.literal(0), x: start },
      step: (v) => ({ count: next(v.count), x: mixed(v.x, other) }),
      proceed: ({ count }) => below(count, 2),
    }).x;
  const { a, b } = iterate<Variables>({
    initial: { count: p.literal(0), a: x.expr, b: y.expr },
    step: (v) => ({ count: next(v.count), a: v.b, b: nested ? inner(v.a, v.b) : mixed(v.a, v.b) }),
    proceed: ({ count }) => below(count, rounds),
  });
  return grown(p.map('sub', a, b), 2 * Math.max(1, x.bound, y.bound));
};
