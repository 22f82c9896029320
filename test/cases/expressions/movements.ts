/** Steps that move data: other shapes, parts, joins. */
import * as p from '../../../dsl/primitives.js';
import type { Dim } from '../../../dsl/shape.js';
import { alike, type Grow, grown, hasLiteralAxis, literalAxes, rank, shuffled } from './growth.js';

/** One more axis, anywhere. */
export const growBroadcast: Grow = (growth) => {
  const x = growth.pick((g) => rank(g) <= 2);
  const extra: readonly Dim[] = ['batch', 4, 2, 1];
  const at = growth.choose(rank(x) + 1);
  const dim = extra[growth.choose(extra.length)] ?? 1;
  const { shape } = x.expr;
  const axes = shape.map((_, axis) => (axis < at ? axis : axis + 1));
  return grown(p.broadcastTo(x.expr, [...shape.slice(0, at), dim, ...shape.slice(at)], axes), x.bound);
};

/** A reshape that joins, splits, adds or drops axes; symbolic dimensions stay whole. */
export const growReshape: Grow = (growth) => {
  const x = growth.pick();
  const { shape } = x.expr;
  const literal = shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const names = shape.filter((dim) => typeof dim === 'string');
  const divisors = [1, 2, 3, 4, 6, 8].filter((divisor) => literal % divisor === 0);
  const divisor = divisors[growth.choose(divisors.length)] ?? 1;
  const dims: readonly Dim[] = [...names, divisor, literal / divisor];
  const order = shuffled(growth, dims.length).flatMap((i) => dims[i] ?? []);
  return grown(p.reshape(x.expr, growth.choose(3) === 0 ? [...names, literal] : order), x.bound);
};

/** A part along an axis of a literal extent. */
export const growSlice: Grow = (growth) => {
  const x = growth.pick(hasLiteralAxis(2));
  const axes = literalAxes(x.expr.shape, 2);
  const axis = axes[growth.choose(axes.length)];
  if (axis === undefined) return x;
  const extent = Number(x.expr.shape[axis]);
  const start = growth.choose(extent);
  return grown(p.slice(x.expr, axis, start, start + 1 + growth.choose(extent - start)), x.bound);
};

/** Up to two zeros before and one after, along an axis of a literal extent. */
export const growPad: Grow = (growth) => {
  const x = growth.pick(hasLiteralAxis(1));
  const axes = literalAxes(x.expr.shape);
  const axis = axes[growth.choose(axes.length)];
  return axis === undefined ? x : grown(p.pad(x.expr, axis, growth.choose(3), growth.choose(2)), x.bound);
};

/** Pieces of one shape joined along an axis, the first of them twice. */
export const growConcat: Grow = (growth) => {
  const [first, ...others] = alike(growth, 2 + growth.choose(2), hasLiteralAxis(1));
  const axes = first === undefined ? [] : literalAxes(first.expr.shape);
  const axis = axes[growth.choose(axes.length)];
  if (first === undefined || axis === undefined) return growth.pick();
  const pieces = [first, ...others, first].map(({ expr }) => expr);
  return grown(p.concat(pieces, axis), Math.max(first.bound, ...others.map(({ bound }) => bound)));
};

/** The axes in another order. */
export const growTranspose: Grow = (growth) => {
  const x = growth.pick((g) => rank(g) > 1);
  return grown(p.transpose(x.expr, shuffled(growth, rank(x))), x.bound);
};
