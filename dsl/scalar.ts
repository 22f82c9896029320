/**
 * The pointwise scalar functions that `map` applies. Truth values are 1 and 0.
 *
 * A new function needs a row here (arity, float64 value, notation), one in the table of tangents
 * (`compiler/differentiate/tangents.ts`) and one in each code generator's table; the tables are mapped types over
 * `ScalarFunction`, so that a missing row does not compile.
 */
import { internal } from './internal.js';

/** What the tables know about one scalar function. */
export interface ScalarRow {
  readonly arity: 1 | 2 | 3;
  /** The value in float64, with IEEE treatment of NaN and infinities. */
  readonly evaluate: (...operands: readonly number[]) => number;
  /** The mathematical notation, given the operands' notations. */
  readonly notation: (...operands: readonly string[]) => string;
  /** Floating-point operations that one application counts for (transcendentals count as one, as is customary). */
  readonly flops: number;
  /** Is it worth keeping rather than recomputing? */
  readonly transcendental: boolean;
}

// mistakes of callers are refused by the shape rule of `map`
const missing = (): never => internal('scalar function', 'an operand is missing');

const unary = (
  evaluate: (x: number) => number,
  notation: (x: string) => string,
  transcendental = false,
): ScalarRow => ({
  arity: 1,
  evaluate: (x = missing()) => evaluate(x),
  notation: (x = missing()) => notation(x),
  flops: 1,
  transcendental,
});

const binary = (evaluate: (x: number, y: number) => number, notation: (x: string, y: string) => string): ScalarRow => ({
  arity: 2,
  evaluate: (x = missing(), y = missing()) => evaluate(x, y),
  notation: (x = missing(), y = missing()) => notation(x, y),
  flops: 1,
  transcendental: false,
});

const nanOr = (value: (x: number, y: number) => number) => (x: number, y: number) =>
  Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : value(x, y);

// σ(x) = 1 / (1 + e⁻ˣ), from the side on which the exponential does not overflow
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)
const softplus = (x: number): number => nanOr(Math.max)(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** The table of scalar functions. */
export const scalarFunctions = {
  neg: unary(
    (x) => -x,
    (x) => `−${x}`,
  ),
  abs: unary(Math.abs, (x) => `|${x}|`),
  exp: unary(Math.exp, (x) => `exp(${x})`, true),
  log: unary(Math.log, (x) => `log(${x})`, true),
  sqrt: unary(Math.sqrt, (x) => `√(${x})`),
  tanh: unary(Math.tanh, (x) => `tanh(${x})`, true),
  sigmoid: unary(sigmoid, (x) => `σ(${x})`, true),
  softplus: unary(softplus, (x) => `softplus(${x})`, true),
  /** 1 where the operand is neither NaN nor infinite. */
  isFinite: unary(
    (x) => (Number.isFinite(x) ? 1 : 0),
    (x) => `finite(${x})`,
  ),
  add: binary(
    (x, y) => x + y,
    (x, y) => `(${x} + ${y})`,
  ),
  sub: binary(
    (x, y) => x - y,
    (x, y) => `(${x} − ${y})`,
  ),
  mul: binary(
    (x, y) => x * y,
    (x, y) => `${x} ⊙ ${y}`,
  ),
  div: binary(
    (x, y) => x / y,
    (x, y) => `${x} / ${y}`,
  ),
  /** NaN if either operand is NaN. */
  max: binary(nanOr(Math.max), (x, y) => `max(${x}, ${y})`),
  /** NaN if either operand is NaN. */
  min: binary(nanOr(Math.min), (x, y) => `min(${x}, ${y})`),
  /** 1 where x < y. */
  less: binary(
    (x, y) => (x < y ? 1 : 0),
    (x, y) => `[${x} < ${y}]`,
  ),
  /** 1 where x = y. */
  equal: binary(
    (x, y) => (x === y ? 1 : 0),
    (x, y) => `[${x} = ${y}]`,
  ),
  /** x^y for x ≥ 0. */
  pow: binary(
    (x, y) => x ** y,
    (x, y) => `${x}^${y}`,
  ),
  /** The second operand where the first is not 0, else the third. */
  select: {
    arity: 3,
    evaluate: (c = missing(), x = missing(), y = missing()) => (c !== 0 ? x : y),
    notation: (c = missing(), x = missing(), y = missing()) => `(${c} ? ${x} : ${y})`,
    flops: 1,
    transcendental: false,
  },
} as const satisfies Readonly<Record<string, ScalarRow>>;

/** The name of a scalar function. */
export type ScalarFunction = keyof typeof scalarFunctions;

/** The row of one scalar function. */
export const scalarRow = (fn: ScalarFunction): ScalarRow => scalarFunctions[fn];
