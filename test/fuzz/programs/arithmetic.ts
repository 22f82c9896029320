/**
 * Numbers known up to an error: `value ± error`. A computation in the arithmetic under test gives some number in that
 * interval; an error of ∞ says that it may give anything, NaN included. A value that is not finite has the error 0 where
 * every computation gives that very value, and ∞ otherwise.
 */
import type { ScalarFunction } from '../../../dsl/scalar.js';

/** What the arithmetic under test does to a result. */
export interface Arithmetic {
  /** Half a unit in the last place of 1: the largest relative error of one rounding. */
  readonly unit: number;
  /** Below this, results may be flushed to 0. */
  readonly tiny: number;
  /** Above this, results may overflow. */
  readonly largest: number;
  /** What a constant is kept as. */
  readonly kept: (value: number) => number;
}

/** IEEE float32, subnormal numbers flushed or not. */
export const float32: Arithmetic = {
  unit: 2 ** -24,
  tiny: 2 ** -126,
  largest: (2 - 2 ** -22) * 2 ** 127,
  kept: Math.fround,
};

/** IEEE float64. */
export const float64: Arithmetic = {
  unit: 2 ** -53,
  tiny: 2 ** -1022,
  largest: Number.MAX_VALUE / 2,
  kept: (value) => value,
};

const anything = Number.POSITIVE_INFINITY;

/** Is a number held exactly, and results of exact operations with it? */
const isExact = (x: number): boolean => Math.fround(x) === x;

/** The error of a value of which `carried` came with the operands and which is rounded `roundings` times. */
export const rounded = (
  { unit, tiny, largest }: Arithmetic,
  value: number,
  carried: number,
  roundings: number,
): number => {
  if (!Number.isFinite(value)) return carried === 0 ? 0 : anything;
  const size = Math.abs(value) + carried;
  if (!(size <= largest)) return anything;
  return carried + roundings * unit * size + (roundings > 0 ? tiny : 0);
};

// |a − b| where both are finite, 0 where they are the same, else ∞
const apart = (a: number, b: number): number => {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isFinite(distance) ? distance : anything;
};

/** `values` and `errors` of the operands at one element; the error of the result, whose value is `value`. */
type ErrorRule = (
  value: number,
  values: readonly number[],
  errors: readonly number[],
  arithmetic: Arithmetic,
) => number;

/** A scalar function by its definition. */
export interface ScalarReference {
  readonly value: (...operands: readonly number[]) => number;
  readonly error: ErrorRule;
}

// the errors are ±, so that the extremes over intervals lie at their ends
const oneEnd = [0] as const;
const bothEnds = [-1, 1] as const;

/**
 * Functions of one or two operands that are monotone in each over the operands' intervals: extremes lie at corners.
 * `exactly`: IEEE asks for the nearest number, so that exact operands give it.
 */
const corners = (
  value: (x: number, y: number) => number,
  roundings: number,
  absolute = 0,
  exactly = false,
): ScalarReference => ({
  value: (x, y) => value(Number(x), Number(y)),
  error: (result, values, errors, arithmetic) => {
    const [x, y, e, f] = [at(values, 0), Number(values[1]), at(errors, 0), Number(errors[1] ?? 0)];
    if (e === anything || f === anything) return anything;
    if (e === 0 && f === 0 && exactly && isExact(result)) return 0;
    let carried = 0;
    for (const i of e === 0 ? oneEnd : bothEnds)
      for (const j of f === 0 ? oneEnd : bothEnds)
        if (i !== 0 || j !== 0) carried = Math.max(carried, apart(value(x + i * e, y + j * f), result));
    return rounded(arithmetic, result, carried, roundings) + (Number.isFinite(result) ? absolute * arithmetic.unit : 0);
  },
});

/** The error is one of another rule where a condition on the operands holds, else anything is possible. */
const where = (
  holds: (values: readonly number[], errors: readonly number[]) => boolean,
  inner: ScalarReference,
): ScalarReference => ({
  value: inner.value,
  error: (value, values, errors, arithmetic) =>
    holds(values, errors) ? inner.error(value, values, errors, arithmetic) : anything,
});

const at = (list: readonly number[], i: number): number => Number(list[i]);

// may a comparison of the two come out either way?
const undecided = (values: readonly number[], errors: readonly number[]): boolean => {
  const [a, b, reach] = [at(values, 0), at(values, 1), at(errors, 0) + at(errors, 1)];
  if (reach === 0) return false;
  return reach === anything || !(Math.abs(a - b) > reach * 1.0001);
};

const comparison = (value: (a: number, b: number) => boolean): ScalarReference => ({
  value: (a, b) => (value(Number(a), Number(b)) ? 1 : 0),
  error: (_, values, errors) => (undecided(values, errors) ? 1 : 0),
});

// Math.max and Math.min give NaN for NaN, as the language asks
const larger = (x: number, y: number): number => Math.max(x, y);
const smaller = (x: number, y: number): number => Math.min(x, y);

// how many roundings a transcendental function is allowed
const transcendental = 8;

/** Every scalar function, from its definition. */
export const scalarReferences: { readonly [F in ScalarFunction]: ScalarReference } = {
  neg: corners((x) => -x, 0, 0, true),
  abs: {
    value: (x) => Math.abs(Number(x)),
    error: (value, _, errors, arithmetic) => rounded(arithmetic, value, at(errors, 0), 0),
  },
  exp: corners(Math.exp, transcendental),
  log: corners(Math.log, transcendental, 2),
  sqrt: corners(Math.sqrt, 1, 0, true),
  tanh: corners(Math.tanh, transcendental),
  sigmoid: corners((x) => 1 / (1 + Math.exp(-x)), transcendental),
  softplus: corners((x) => (x > 30 ? x + Math.exp(-x) : Math.log1p(Math.exp(x))), transcendental),
  isFinite: {
    value: (x) => (Math.abs(Number(x)) < Number.POSITIVE_INFINITY ? 1 : 0),
    error: (_, values, errors, { largest }) =>
      errors[0] === anything || (Number.isFinite(values[0]) && Math.abs(at(values, 0)) > largest) ? 1 : 0,
  },
  add: corners((x, y) => x + y, 1, 0, true),
  sub: corners((x, y) => x - y, 1, 0, true),
  mul: corners((x, y) => x * y, 1, 0, true),
  // the sign of a zero that is divided by depends on how it came to be
  div: where(
    ([a, b], [, e]) =>
      Math.abs(Number(b)) > Number(e) || Number.isNaN(b) || (b === 0 && e === 0 && (a === 0 || Number.isNaN(a))),
    corners((x, y) => x / y, 2, 0, true),
  ),
  max: corners(larger, 0, 0, true),
  min: corners(smaller, 0, 0, true),
  less: comparison((a, b) => a < b),
  equal: comparison((a, b) => a === b),
  pow: where(
    ([x], [e]) => Number(x) - Number(e) >= 0 || Number.isNaN(x),
    corners((x, y) => x ** y, transcendental),
  ),
  select: {
    value: (c, x, y) => (Number(c) !== 0 ? Number(x) : Number(y)),
    error: (value, values, errors, arithmetic) => {
      const [c, e] = [at(values, 0), at(errors, 0)];
      const decided = e === 0 || Math.abs(c) > e;
      const taken = c !== 0 ? at(errors, 1) : at(errors, 2);
      return decided
        ? rounded(arithmetic, value, taken, 0)
        : Math.max(at(errors, 1), at(errors, 2)) + apart(at(values, 1), at(values, 2));
    },
  },
};
