/** Movement of elements without arithmetic: reshape, transpose, slice, pad, concat, broadcast. Axes count from 0. */
import * as E from 'fp-ts/lib/Either.js';
import { invalid, typed } from './expr.js';
import { mistakeIn } from './given.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { broadcastShapes, stretch } from './pointwise.js';
import * as primitives from './primitives.js';
import { type Dim, type Shape, sameShape } from './shape.js';
import type { Concat, Flatten, Pad, Reshape, Slice, Transpose } from './types/axes.js';
import type { BroadcastTo } from './types/broadcast.js';
import type { Fits, Result } from './types/rule.js';

/** The same elements in row-major order under another shape. */
export const reshape = <S extends Shape, const T extends Dim[] | []>(
  x: Expr<S> & Fits<Reshape<S, T>>,
  shape: readonly [...T],
): Expr<T> => typed(primitives.reshape(x, shape));

/** Output axis i is the operand's axis `permutation[i]`; without a permutation the axes are reversed. */
export const transpose = <S extends Shape, const P extends readonly number[] | undefined = undefined>(
  x: Expr<S> & Fits<Transpose<S, P>>,
  permutation?: P,
): Expr<Result<Transpose<S, P>>> =>
  typed(mistakeIn('transpose', [x]) ?? primitives.transpose(x, permutation ?? [...x.shape.keys()].reverse()));

/** Elements `start ≤ i < stop` along an axis. */
export const slice = <
  S extends Shape,
  const Axis extends number,
  const Start extends number,
  const Stop extends number,
>(
  x: Expr<S> & Fits<Slice<S, Axis, Start, Stop>>,
  axis: Axis,
  start: Start,
  stop: Stop,
): Expr<Result<Slice<S, Axis, Start, Stop>>> => typed(primitives.slice(x, axis, start, stop));

/** Zeros before and after along an axis. */
export const pad = <
  S extends Shape,
  const Axis extends number,
  const Before extends number,
  const After extends number,
>(
  x: Expr<S> & Fits<Pad<S, Axis, Before, After>>,
  axis: Axis,
  before: Before,
  after: After,
): Expr<Result<Pad<S, Axis, Before, After>>> => typed(primitives.pad(x, axis, before, after));

/** Operands one after the other along an axis. */
export const concat = <T extends readonly Shape[] | [], const Axis extends number>(
  operands: { readonly [I in keyof T]: Expr<T[I]> } & Fits<Concat<T, Axis>>,
  axis: Axis,
): Expr<Result<Concat<T, Axis>>> => typed(primitives.concat(operands, axis));

/** [batch, …sizes] gives [batch, Π sizes]. */
export const flatten = <S extends Shape>(x: Expr<S> & Fits<Flatten<S>>): Expr<Result<Flatten<S>>> => {
  const bad = mistakeIn('flatten', [x]);
  if (bad !== undefined) return typed(bad);
  const [batch, ...rest]: Shape = x.shape;
  const sizes = rest.filter((dim) => typeof dim === 'number');
  if (batch === undefined || sizes.length !== rest.length)
    return typed(invalid(misfit('flatten', 'a first axis and literal sizes after it', x)));
  return typed(primitives.reshape(x, [batch, sizes.reduce((product, size) => product * size, 1)]));
};

/** The operand repeated to a shape that it broadcasts to. */
export const broadcast = <S extends Shape, const T extends Dim[] | []>(
  x: Expr<S> & Fits<BroadcastTo<S, T>>,
  shape: readonly [...T],
): Expr<T> => {
  const bad = mistakeIn('broadcast', [x], [shape]);
  if (bad !== undefined) return typed(bad);
  const common = broadcastShapes('broadcast', [x, shape]);
  return typed(
    E.isRight(common) && sameShape(common.right, shape)
      ? stretch(x, shape)
      : invalid(misfit('broadcast', 'a shape that the operand broadcasts to', x, shape)),
  );
};
