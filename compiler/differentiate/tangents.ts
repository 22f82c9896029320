/**
 * Tangents of the scalar functions: for `y = f(x₁, …)` and tangents ẋ₁, … of the operands (absent = zero), the tangent
 * ẏ. One row per function; every row is linear in the tangents, so that it can be transposed.
 */
import type { Expr } from '../../dsl/node.js';
import { literal, map, zeros } from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';

/** A tangent that may be zero; zeros never become nodes. */
export type Tangent = Expr | undefined;

type TangentRule = (operands: readonly Expr[], y: Expr, tangents: readonly Tangent[]) => Tangent;

/** Sum of two tangents. */
export const addTangents = (a: Tangent, b: Tangent): Tangent =>
  a === undefined ? b : b === undefined ? a : map('add', a, b);

const through = (tangent: Tangent, apply: (tangent: Expr) => Expr): Tangent =>
  tangent === undefined ? undefined : apply(tangent);

// ẏ = f′(x) ẋ
const scaled =
  (derivative: (x: Expr, y: Expr) => Expr): TangentRule =>
  ([x], y, [dx]) =>
    x === undefined ? undefined : through(dx, (t) => map('mul', derivative(x, y), t));

// ẏ = Σᵢ ∂ᵢf ẋᵢ
const binary =
  (left: (a: Expr, b: Expr, y: Expr) => Expr, right: (a: Expr, b: Expr, y: Expr) => Expr): TangentRule =>
  ([a, b], y, [da, db]) =>
    a === undefined || b === undefined
      ? undefined
      : addTangents(
          through(da, (t) => map('mul', left(a, b, y), t)),
          through(db, (t) => map('mul', right(a, b, y), t)),
        );

const constant: TangentRule = () => undefined;
const one = literal(1);

/** A tangent rule for every scalar function. */
export type TangentRules = { readonly [F in ScalarFunction]: TangentRule };

/** The tangent rule of every scalar function. */
export const tangentRules: TangentRules = {
  // d(−x) = −dx
  neg: (_, __, [dx]) => through(dx, (t) => map('neg', t)),
  // d|x| = sign(x) dx, with sign(0) = 1
  abs: scaled((x) => map('select', map('less', x, literal(0)), literal(-1), one)),
  // d eˣ = eˣ dx
  exp: scaled((_, y) => y),
  // d ln x = dx / x
  log: ([x], _, [dx]) => (x === undefined ? undefined : through(dx, (t) => map('div', t, x))),
  // d √x = dx / (2 √x)
  sqrt: (_, y, [dx]) => through(dx, (t) => map('div', map('mul', literal(0.5), t), y)),
  // d tanh x = (1 − tanh² x) dx
  tanh: scaled((_, y) => map('sub', one, map('mul', y, y))),
  // d σ(x) = σ(x) (1 − σ(x)) dx
  sigmoid: scaled((_, y) => map('mul', y, map('sub', one, y))),
  // d ln(1 + eˣ) = σ(x) dx
  softplus: scaled((x) => map('sigmoid', x)),
  isFinite: constant,
  add: (_, __, [da, db]) => addTangents(da, db),
  sub: (_, __, [da, db]) =>
    da === undefined ? through(db, (t) => map('neg', t)) : db === undefined ? da : map('sub', da, db),
  // d(ab) = b da + a db
  mul: binary(
    (_, b) => b,
    (a) => a,
  ),
  // d(a/b) = (da − (a/b) db) / b
  div: ([, b], y, [da, db]) =>
    b === undefined
      ? undefined
      : through(
          addTangents(
            da,
            through(db, (t) => map('neg', map('mul', y, t))),
          ),
          (t) => map('div', t, b),
        ),
  // of equals, the first is the maximum
  max: binary(
    (a, b) => map('sub', one, map('less', a, b)),
    (a, b) => map('less', a, b),
  ),
  // of equals, the first is the minimum
  min: binary(
    (a, b) => map('sub', one, map('less', b, a)),
    (a, b) => map('less', b, a),
  ),
  less: constant,
  equal: constant,
  // d xᵖ = p xᵖ⁻¹ dx + xᵖ ln x dp
  pow: binary(
    (x, p) => map('mul', p, map('pow', x, map('sub', p, one))),
    (x, _, y) => map('mul', y, map('log', x)),
  ),
  select: ([c], _, [, dx, dy]) => {
    const shaped = dx ?? dy;
    if (c === undefined || shaped === undefined) return undefined;
    const zero = zeros(shaped.shape);
    return map('select', c, dx ?? zero, dy ?? zero);
  },
};
