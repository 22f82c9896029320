/**
 * Pointwise operations: a scalar function applied element by element, with NumPy's broadcasting. A plain number is
 * accepted wherever an operand is.
 */

import * as E from 'fp-ts/lib/Either.js';
import type { DslError } from './error.js';
import { invalid, mistakeAmong, typed } from './expr.js';
import { at } from './internal.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { broadcastTo, literal, map, reshape, stopGradient as stop } from './primitives.js';
import type { ScalarFunction } from './scalar.js';
import type { Dim, Shape } from './shape.js';
import type { Broadcast, Broadcast3 } from './types/broadcast.js';
import type { Fits, Result } from './types/rule.js';

/** The expression of an operand: a number stands for a constant. */
export const operand = (value: Expr | number): Expr => (typeof value === 'number' ? literal(value) : value);

/** The common shape of operands, or bare shapes, under NumPy's broadcasting. */
export const broadcastShapes = (operation: string, operands: readonly (Expr | Shape)[]): E.Either<DslError, Shape> => {
  const shapes = operands.map((one) => ('node' in one ? one.shape : one));
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const common: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dims = shapes.flatMap((shape) => shape[shape.length - rank + axis] ?? []).filter((dim) => dim !== 1);
    if (new Set(dims).size > 1)
      return E.left(misfit(operation, 'shapes that are equal from the last axis on, or 1', ...operands));
    const [dim] = dims;
    common.push(dim === undefined ? 1 : dim);
  }
  return E.right(common);
};

/** An expression stretched to a shape that it broadcasts to. */
export const stretch = (expr: Expr, shape: Shape): Expr => {
  const offset = shape.length - expr.shape.length;
  const kept = expr.shape.flatMap((dim, axis) => (dim === shape[axis + offset] ? [axis] : []));
  const squeezed = reshape(
    expr,
    kept.map((axis) => at(expr.shape, axis, 'stretch')),
  );
  return broadcastTo(
    squeezed,
    shape,
    kept.map((axis) => axis + offset),
  );
};

const pointwise = (fn: ScalarFunction, ...operands: readonly (Expr | number)[]): Expr => {
  const exprs = operands.map(operand);
  const bad = mistakeAmong(fn, exprs);
  if (bad !== undefined) return bad;
  const shape = broadcastShapes(fn, exprs);
  return E.isLeft(shape) ? invalid(shape.left) : map(fn, ...exprs.map((expr) => stretch(expr, shape.right)));
};

/** A pointwise operation of two operands, with NumPy's broadcasting. */
export type Binary<Operation extends string> = <A extends Shape = [], B extends Shape = []>(
  a: Expr<A> | number,
  b: (Expr<B> | number) & Fits<Broadcast<Operation, A, B>>,
) => Expr<Result<Broadcast<Operation, A, B>>>;

/** A pointwise operation of one operand. */
export type Unary = <S extends Shape>(x: Expr<S>) => Expr<S>;

const binary =
  <F extends ScalarFunction>(fn: F): Binary<F> =>
  (a, b) =>
    typed(pointwise(fn, a, b));

const unary =
  (fn: ScalarFunction): Unary =>
  (x) =>
    typed(map(fn, x));

/** a + b. */
export const add = binary('add');
/** a − b. */
export const sub = binary('sub');
/** a ⊙ b, element by element. */
export const mul = binary('mul');
/** a / b. */
export const div = binary('div');
/** The larger of a and b; NaN if either is. */
export const max = binary('max');
/** The smaller of a and b; NaN if either is. */
export const min = binary('min');
/** 1 where a < b, else 0. */
export const less = binary('less');
/** 1 where a = b, else 0. */
export const equal = binary('equal');
/** aᵇ for a ≥ 0. */
export const pow = binary('pow');

/** `a` where `condition` is not 0, else `b`. */
export const select = <C extends Shape, A extends Shape = [], B extends Shape = []>(
  condition: Expr<C>,
  a: Expr<A> | number,
  b: (Expr<B> | number) & Fits<Broadcast3<'select', C, A, B>>,
): Expr<Result<Broadcast3<'select', C, A, B>>> => typed(pointwise('select', condition, a, b));

/** −x. */
export const neg = unary('neg');
/** |x|. */
export const abs = unary('abs');
/** eˣ. */
export const exp = unary('exp');
/** ln x. */
export const log = unary('log');
/** √x. */
export const sqrt = unary('sqrt');
/** tanh x. */
export const tanh = unary('tanh');
/** σ(x) = 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid');
/** ln(1 + eˣ), without overflow. */
export const softplus = unary('softplus');
/** 1 where x is neither NaN nor infinite, else 0. */
export const finite = unary('isFinite');

/** x. */
export const identity: Unary = (x) => typed(mistakeAmong('identity', [x]) ?? x);
/** x². */
export const square: Unary = (x) => typed(map('mul', x, x));
/** max(x, 0). */
export const relu: Unary = (x) => typed(map('max', literal(0), x));

/** x where x > 0, else slope · x. */
export const leakyRelu =
  (slope: number): Unary =>
  (x) =>
    typed(map('select', map('less', literal(0), x), x, map('mul', literal(slope), x)));

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): the tanh form of Hendrycks & Gimpel's Gaussian error linear unit. */
export const gelu: Unary = (x) => {
  const cubic = map('mul', literal(0.044715), map('mul', x, map('mul', x, x)));
  const gate = map('tanh', map('mul', literal(Math.sqrt(2 / Math.PI)), map('add', x, cubic)));
  return typed(map('mul', map('mul', literal(0.5), x), map('add', literal(1), gate)));
};

/** The operand, with derivative zero. */
export const stopGradient: Unary = (x) => typed(stop(x));
