/** Folds over axes, and the normalised exponentials that need them for stability. Axes count from 0. */

import { invalid, typed } from './expr.js';
import { mistakeIn } from './given.js';
import { at } from './internal.js';
import { misfit } from './misfit.js';
import type { Expr, Reduction } from './node.js';
import { broadcastTo, literal, map, reduce, size, stopGradient } from './primitives.js';
import type { Shape } from './shape.js';
import type { Axes, Fold, FoldLast } from './types/axes.js';
import type { Fits, Result } from './types/rule.js';

const axesOf = (x: Expr, axes: Axes | undefined): readonly number[] =>
  axes === undefined ? [...x.shape.keys()] : typeof axes === 'number' ? [axes] : axes;

const reduced = (operation: string, kind: Reduction, x: Expr, axes: Axes | undefined): Expr => {
  const bad = mistakeIn(operation, [x], axes === undefined || typeof axes === 'number' ? [] : [axes]);
  if (bad !== undefined) return bad;
  const list = axesOf(x, axes);
  return new Set(list).size === list.length && list.every((axis) => x.shape[axis] !== undefined)
    ? reduce(kind, x, list)
    : invalid(misfit(operation, `distinct axes below ${x.shape.length}, not ${list.join(', ')}`, x));
};

/** The sum over some axes; over all of them if none are given. */
export const sum = <S extends Shape, const A extends Axes | undefined = undefined>(
  x: Expr<S> & Fits<Fold<'sum', S, A>>,
  axes?: A,
): Expr<Result<Fold<'sum', S, A>>> => typed(reduced('sum', 'sum', x, axes));

/** The largest element over some axes; over all of them if none are given. */
export const maximum = <S extends Shape, const A extends Axes | undefined = undefined>(
  x: Expr<S> & Fits<Fold<'maximum', S, A>>,
  axes?: A,
): Expr<Result<Fold<'maximum', S, A>>> => typed(reduced('maximum', 'max', x, axes));

/** The mean over some axes; over all of them if none are given. */
export const mean = <S extends Shape, const A extends Axes | undefined = undefined>(
  x: Expr<S> & Fits<Fold<'mean', S, A>>,
  axes?: A,
): Expr<Result<Fold<'mean', S, A>>> => {
  const total = reduced('mean', 'sum', x, axes);
  if (total.node.op === 'invalid') return typed(total);
  const sizes = axesOf(x, axes).map((axis) => size(at(x.shape, axis, 'mean')));
  const count = sizes.length === 0 ? literal(1) : sizes.reduce((product, extent) => map('mul', product, extent));
  return typed(map('div', total, count));
};

/** The index of the first of the largest elements along an axis. Its derivative is zero. */
export const argmax = <S extends Shape, const A extends number>(
  x: Expr<S> & Fits<Fold<'argmax', S, A>>,
  axis: A,
): Expr<Result<Fold<'argmax', S, A>>> => typed(reduced('argmax', 'argmax', x, axis));

/** Calls `body` with the last axis and with `repeat`, which gives what a fold over it took away back its shape. */
const alongLast = (operation: string, x: Expr, body: (axis: number, repeat: (folded: Expr) => Expr) => Expr): Expr => {
  const bad = mistakeIn(operation, [x]);
  if (bad !== undefined) return bad;
  const axis = x.shape.length - 1;
  if (axis < 0) return invalid(misfit(operation, 'at least one axis', x));
  return body(axis, (folded) => broadcastTo(folded, x.shape, [...folded.shape.keys()]));
};

// The largest element cancels from every formula below, so its derivative is not needed.
const shifted = (x: Expr, axis: number, repeat: (folded: Expr) => Expr) => {
  const peak = stopGradient(reduce('max', x, [axis]));
  return { peak, difference: map('sub', x, repeat(peak)) };
};

const logSumExpOf = (x: Expr, axis: number, repeat: (folded: Expr) => Expr): Expr => {
  const { peak, difference } = shifted(x, axis, repeat);
  return map('add', peak, map('log', reduce('sum', map('exp', difference), [axis])));
};

/** ln Σ eˣ over the last axis, as m + ln Σ eˣ⁻ᵐ with m the largest element: finite for every finite x. */
export const logSumExp = <S extends Shape>(
  x: Expr<S> & Fits<FoldLast<'logSumExp', S>>,
): Expr<Result<FoldLast<'logSumExp', S>>> =>
  typed(alongLast('logSumExp', x, (axis, repeat) => logSumExpOf(x, axis, repeat)));

/** eˣ / Σ eˣ over the last axis. */
export const softmax = <S extends Shape>(x: Expr<S> & Fits<FoldLast<'softmax', S>>): Expr<S> =>
  typed(
    alongLast('softmax', x, (axis, repeat) => {
      const numerator = map('exp', shifted(x, axis, repeat).difference);
      return map('div', numerator, repeat(reduce('sum', numerator, [axis])));
    }),
  );

/** x − ln Σ eˣ over the last axis. */
export const logSoftmax = <S extends Shape>(x: Expr<S> & Fits<FoldLast<'logSoftmax', S>>): Expr<S> =>
  typed(
    alongLast('logSoftmax', x, (axis, repeat) => {
      const { difference } = shifted(x, axis, repeat);
      return map('sub', difference, repeat(map('log', reduce('sum', map('exp', difference), [axis]))));
    }),
  );
