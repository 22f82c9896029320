/**
 * Tangents of the scalar functions: for `y = f(x₁, …)` and tangents ẋ₁, … of the operands (absent = zero), the tangent
 * ẏ. One row per function; every row is linear in the tangents, so that it can be transposed.
 */
import { at } from '../../dsl/internal.js';
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

const operand = (operands: readonly Expr[], i: number): Expr => at(operands, i, 'tangents');

const unary =
  (apply: (dx: Expr, x: Expr, y: Expr) => Expr): TangentRule =>
  (operands, y, [dx]) =>
    through(dx, (t) => apply(t, operand(operands, 0), y));

// ẏ = f′(x) ẋ
const scaled = (derivative: (x: Expr, y: Expr) => Expr): TangentRule =>
  unary((dx, x, y) => map('mul', derivative(x, y), dx));

// ẏ = Σᵢ ∂ᵢf ẋᵢ
const binary =
  (left: (a: Expr, b: Expr, y: Expr) => Expr, right: (a: Expr, b: Expr, y: Expr) => Expr): TangentRule =>
  (operands, y, [da, db]) => {
    const [a, b] = [operand(operands, 0), operand(operands, 1)];
    return addTangents(
      through(da, (t) => map('mul', left(a, b, y), t)),
      through(db, (t) => map('mul', right(a, b, y), t)),
    );
  };

const constant: TangentRule = () => undefined;
const nought = literal(0);
const one = literal(1);

/** x, with 1 where x = 0 and a condition on the exponent holds: there the derivatives of xᵖ need no power of 0. */
const awayFromZero = (x: Expr, condition: Expr): Expr =>
  map('select', map('select', map('equal', x, nought), condition, nought), one, x);

/** A tangent rule for every scalar function. */
export type TangentRules = { readonly [F in ScalarFunction]: TangentRule };

/** The tangent rule of every scalar function. */
export const tangentRules: TangentRules = {
  // d(−x) = −dx
  neg: unary((dx) => map('neg', dx)),
  // d|x| = sign(x) dx, with sign(0) = 0: of the subgradients −1 … 1 the one in the middle. Nothing is multiplied by that
  // 0, so that the derivative at 0 is 0 whatever dx is.
  abs: unary((dx, x) =>
    map('select', map('less', x, nought), map('neg', dx), map('select', map('less', nought, x), dx, nought)),
  ),
  // d eˣ = eˣ dx
  exp: scaled((_, y) => y),
  // d ln x = dx / x
  log: unary((dx, x) => map('div', dx, x)),
  // d √x = dx / (2 √x)
  sqrt: unary((dx, _, y) => map('div', map('mul', literal(0.5), dx), y)),
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
  div: (operands, y, [da, db]) =>
    through(
      addTangents(
        da,
        through(db, (t) => map('neg', map('mul', y, t))),
      ),
      (t) => map('div', t, operand(operands, 1)),
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
  // d xᵖ = p xᵖ⁻¹ dx + xᵖ ln x dp. At x = 0, x⁰ = 1 is constant in x and xᵖ in p (from above): neither 0 · 0⁻¹ nor 0 · ln 0
  // is formed, in whatever is derived from these terms.
  pow: binary(
    (x, p) => map('mul', p, map('pow', awayFromZero(x, map('equal', p, nought)), map('sub', p, one))),
    (x, p, y) => map('mul', y, map('log', awayFromZero(x, map('sub', one, map('less', p, nought))))),
  ),
  // the branch that is not taken adds nothing
  select: (operands, _, [, dx, dy]) => {
    const shaped = dx ?? dy;
    if (shaped === undefined) return undefined;
    const zero = zeros(shaped.shape);
    return map('select', operand(operands, 0), dx ?? zero, dy ?? zero);
  },
};
