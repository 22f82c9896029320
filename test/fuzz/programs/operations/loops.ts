/** Steps that grow loops, one within another, whose number of rounds may depend on data. */

import { typed } from '../../../../dsl/expr.js';
import { iterate } from '../../../../dsl/iterate.js';
import type { Expr } from '../../../../dsl/node.js';
import * as d from '../../../../dsl/pointwise.js';
import * as p from '../../../../dsl/primitives.js';
import { sum } from '../../../../dsl/reductions.js';
import { type Shape, sameShape } from '../../../../dsl/shape.js';
import type { Grow, Growing, Growth } from '../growth.js';

type Variables = Readonly<Record<string, Expr>>;

/** An expression of a shape that depends on another of any shape: scaled by a number that is read off it. */
const fitted = (x: Expr, shape: Shape, like: Expr): Expr =>
  sameShape(x.shape, shape) ? x : d.mul(like, d.sigmoid(sum(x)));

/** What a variable becomes: something that grew in the body, kept in bounds. */
const nextOf = (growing: Growing, variable: Expr, grown: readonly Expr[]): Expr => {
  const same = growing.any(grown.filter(({ shape }) => sameShape(shape, variable.shape)));
  const any = same ?? growing.any(grown);
  const next = any === undefined ? variable : fitted(any, variable.shape, variable);
  return growing.chance(0.6) ? d.tanh(next) : d.mul(d.sub(next, variable), 0.5);
};

/** Goes on for some rounds at most, and for as long as a number that is read off the variables says. */
const conditionOf = (growth: Growth, counter: Expr, others: readonly Expr[]): Expr => {
  const most = 1 + growth.below(4);
  const below = d.less(counter, growth.chance(0.9) ? most : 0);
  const watched = growth.any(others);
  if (watched === undefined || growth.chance(0.5)) return below;
  const measure = growth.chance(0.5) ? sum(d.square(watched)) : d.abs(sum(watched));
  const goesOn = d.less(growth.between(0.2, 1.5), measure);
  return growth.chance(0.5) ? d.mul(below, goesOn) : d.select(goesOn, below, p.literal(0));
};

/**
 * A step for loops. `grow` is what bodies grow by: all steps, loops among them, down to the depth that is left.
 */
export const loopStep =
  (grow: Grow): Grow =>
  (growth) => {
    if (growth.loopsLeft <= 0) return undefined;
    const starts = Array.from({ length: 1 + growth.below(3) }, () => growth.pick(({ shape }) => shape.length <= 3));
    const initial: Variables = Object.fromEntries([
      ['count', p.literal(0)],
      ...starts.map((start, i) => [`v${i}`, start] as const),
    ]);
    const results = iterate<Variables>({
      initial,
      step: (variables) => {
        const bound = Object.values(variables);
        const [counter = p.literal(0), ...others] = bound;
        const inner = growth.inside(bound, [p.literal(0), ...starts]);
        const before = inner.pool.length;
        for (let steps = 1 + growth.below(5); steps > 0; steps -= 1) {
          const grown = grow(inner);
          if (grown !== undefined) inner.add(grown);
        }
        const grown = inner.pool.slice(before);
        const swapped = growth.chance(0.2) && others.every(({ shape }) => sameShape(shape, others[0]?.shape ?? []));
        const nexts = swapped
          ? [...others.slice(1), ...others.slice(0, 1)]
          : others.map((v) => nextOf(inner, v, grown));
        return Object.fromEntries([['count', d.add(counter, 1)], ...nexts.map((next, i) => [`v${i}`, next] as const)]);
      },
      proceed: (variables) => {
        const [counter = p.literal(0), ...others] = Object.values(variables);
        return typed<[]>(conditionOf(growth, counter, others));
      },
    });
    return growth.chance(0.15) ? results.count : growth.any(Object.values(results).slice(1));
  };
