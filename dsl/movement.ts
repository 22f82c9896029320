/** Movement of elements without arithmetic: reshape, transpose, slice, pad, concat, broadcast. Axes count from 0. */
import * as E from 'fp-ts/lib/Either.js';
import { shapeError } from './error.js';
import { invalid, typed } from './expr.js';
import type { Expr } from './node.js';
import { broadcastShapes, stretch } from './pointwise.js';
import * as primitives from './primitives.js';
import { type Dim, sameShape } from './shape.js';

/** The same elements in row-major order under another shape. */
export const reshape = <const T extends Dim[] | []>(x: Expr, shape: readonly [...T]): Expr<T> =>
  typed(primitives.reshape(x, shape));

/** Output axis i is the operand's axis `permutation[i]`; without a permutation the axes are reversed. */
export const transpose = (x: Expr, permutation: readonly number[] = [...x.shape.keys()].reverse()): Expr =>
  primitives.transpose(x, permutation);

/** Elements `start ≤ i < stop` along an axis. */
export const slice = (x: Expr, axis: number, start: number, stop: number): Expr =>
  primitives.slice(x, axis, start, stop);

/** Zeros before and after along an axis. */
export const pad = (x: Expr, axis: number, before: number, after: number): Expr =>
  primitives.pad(x, axis, before, after);

/** Operands one after the other along an axis. */
export const concat = (operands: readonly Expr[], axis: number): Expr => primitives.concat(operands, axis);

/** [batch, …sizes] gives [batch, Π sizes]. */
export const flatten = (x: Expr): Expr => {
  if (x.node.op === 'invalid') return x;
  const [batch, ...rest] = x.shape;
  const sizes = rest.filter((dim) => typeof dim === 'number');
  if (batch === undefined || sizes.length !== rest.length)
    return invalid(shapeError('flatten', 'a first axis and literal sizes after it', x.shape));
  return primitives.reshape(x, [batch, sizes.reduce((product, size) => product * size, 1)]);
};

/** The operand repeated to a shape that it broadcasts to. */
export const broadcast = <const T extends Dim[] | []>(x: Expr, shape: readonly [...T]): Expr<T> => {
  if (x.node.op === 'invalid') return typed(x);
  const common = broadcastShapes('broadcast', [x.shape, shape]);
  return typed(
    E.isRight(common) && sameShape(common.right, shape)
      ? stretch(x, shape)
      : invalid(shapeError('broadcast', 'a shape that the operand broadcasts to', x.shape, shape)),
  );
};
