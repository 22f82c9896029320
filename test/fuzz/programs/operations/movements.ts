/** Steps that move elements. */

import * as d from '../../../../dsl/movement.js';
import type { Expr } from '../../../../dsl/node.js';
import * as p from '../../../../dsl/primitives.js';
import type { Dim, Shape } from '../../../../dsl/shape.js';
import type { Grow, Growth } from '../growth.js';

const isLiteral = (dim: Dim): dim is number => typeof dim === 'number';

/** An axis of literal size. */
const literalAxis = (
  growth: Growth,
): { readonly x: Expr; readonly axis: number; readonly extent: number } | undefined => {
  const x = growth.pick(({ shape }) => shape.some(isLiteral));
  const axis = growth.any(x.shape.flatMap((dim, i) => (isLiteral(dim) ? [i] : [])));
  const extent = axis === undefined ? undefined : x.shape[axis];
  return axis === undefined || extent === undefined || !isLiteral(extent) ? undefined : { x, axis, extent };
};

/** Another shape of as many elements: axes in another order, two in one, one in two, ones added or dropped. */
const otherShape = (growth: Growth, shape: Shape): Shape => {
  const axes = growth.shuffled(shape);
  const [a, b, ...rest] = axes;
  switch (growth.below(5)) {
    case 0:
      return a !== undefined && b !== undefined && isLiteral(a) && isLiteral(b) ? [a * b, ...rest] : axes;
    case 1: {
      if (a === undefined || !isLiteral(a)) return [1, ...shape];
      const factor = growth.any([2, 3, 4, 5].filter((n) => a % n === 0)) ?? 1;
      return growth.shuffled([factor, a / factor, ...axes.slice(1)]);
    }
    case 2:
      return [...shape.slice(0, 1), 1, ...shape.slice(1)];
    case 3:
      return shape.filter((dim) => dim !== 1);
    default:
      return axes;
  }
};

const reshaping =
  (f: (x: Expr, shape: Shape) => Expr): Grow =>
  (growth) => {
    const x = growth.pick();
    return f(x, otherShape(growth, x.shape));
  };

const transposing =
  (f: (x: Expr, permutation: readonly number[]) => Expr): Grow =>
  (growth) => {
    const x = growth.pick(({ shape }) => shape.length > 1);
    return f(x, growth.shuffled([...x.shape.keys()]));
  };

const slicing =
  (f: (x: Expr, axis: number, start: number, stop: number) => Expr): Grow =>
  (growth) => {
    const found = literalAxis(growth);
    if (found === undefined) return undefined;
    const start = growth.below(found.extent);
    return f(found.x, found.axis, start, start + 1 + growth.below(found.extent - start));
  };

const padding =
  (f: (x: Expr, axis: number, before: number, after: number) => Expr): Grow =>
  (growth) => {
    const found = literalAxis(growth);
    return found && f(found.x, found.axis, growth.below(3), growth.below(3));
  };

const joining =
  (f: (operands: readonly Expr[], axis: number) => Expr): Grow =>
  (growth) => {
    const found = literalAxis(growth);
    if (found === undefined) return undefined;
    const { x, axis } = found;
    const other = (): Expr =>
      growth.chance(0.3) ? x : growth.like(x.shape.map((dim, i) => (i === axis ? 1 + growth.below(4) : dim)));
    return f(growth.shuffled([x, other(), ...(growth.chance(0.4) ? [other()] : [])]), axis);
  };

/** A shape that an operand's shape broadcasts to. */
const widened = (growth: Growth, shape: Shape): Shape => [
  ...(growth.chance(0.6) ? [growth.among(growth.dims)] : []),
  ...shape.map((dim) => (dim === 1 && growth.chance(0.7) ? growth.among(growth.dims) : dim)),
];

/** The operations that `dsl/movement.ts` exports. */
export type MovementName = keyof typeof d;

/** A step for every movement. */
export const movementSteps: { readonly [N in MovementName]: Grow } = {
  reshape: reshaping((x, shape) => d.reshape(x, [...shape])),
  transpose: (growth) =>
    growth.chance(0.5) ? d.transpose(growth.pick()) : transposing((x, order) => d.transpose(x, order))(growth),
  slice: slicing((x, axis, start, stop) => d.slice(x, axis, start, stop)),
  pad: padding((x, axis, before, after) => d.pad(x, axis, before, after)),
  concat: joining((operands, axis) => d.concat<readonly Shape[], number>(operands, axis)),
  flatten: (growth) =>
    d.flatten(growth.pick(({ shape }) => shape.length > 0 && shape.slice(1).every((dim) => isLiteral(dim)))),
  broadcast: (growth) => {
    const x = growth.pick();
    return d.broadcast(x, [...widened(growth, x.shape)]);
  },
};

/** Steps for the same as primitives, and for the leaves that they make. */
export const movementPrimitives = {
  reshape: reshaping(p.reshape),
  transpose: transposing(p.transpose),
  slice: slicing(p.slice),
  pad: padding(p.pad),
  concat: joining(p.concat),
  broadcastTo: (growth) => {
    const x = growth.pick();
    const added = growth.below(x.shape.length + 1);
    const shape = [...x.shape.slice(0, added), growth.among(growth.dims), ...x.shape.slice(added)];
    return p.broadcastTo(
      x,
      shape,
      [...shape.keys()].filter((axis) => axis !== added),
    );
  },
  stopGradient: (growth) => p.stopGradient(growth.pick()),
  zeros: (growth) => p.zeros(growth.pick().shape),
  literal: (growth) => p.literal(growth.among([0, -0, 1, -1, 0.1, 1e-3, 7, growth.between(-3, 3)])),
  size: (growth) => p.size(growth.among(growth.dims)),
  iota: (growth) => p.iota(growth.among(growth.dims)),
} satisfies Readonly<Record<string, Grow>>;
