/**
 * x^y on four float32 lanes, as 2^{y log₂ |x|} in float64: an error of log₂ x is multiplied by up to 128, so float32
 * would not do. Special cases are those of JavaScript's `**`; a negative x has a value for whole y only.
 */
import { at } from '../../../dsl/internal.js';
import {
  type Code,
  get,
  local,
  plain,
  set,
  shuffle,
  splat,
  splatDouble,
  splatInteger,
  type WasmFunction,
} from './code.js';
import { op, pick, rounder, scaleByPower, signBit, splitExponent } from './math.js';

const [add, sub, mul, div] = [op('f64x2.add'), op('f64x2.sub'), op('f64x2.mul'), op('f64x2.div')];
const [and, or, xor, andNot] = [op('v128.and'), op('v128.or'), op('v128.xor'), op('v128.andnot')];
const [equal, notEqual, less, greater] = [op('f32x4.eq'), op('f32x4.ne'), op('f32x4.lt'), op('f32x4.gt')];
const promote = op('f64x2.promote_low_f32x4');

/** A half of four float32 as two float64. */
const halves = [(x: Code) => promote(x), (x: Code) => promote(shuffle([2, 3, 2, 3], x, x))] as const;

/** Two pairs of float64, rounded to four float32. */
const join = (low: Code, high: Code): Code =>
  shuffle([0, 1, 4, 5], plain('f32x4.demote_f64x2_zero', low), plain('f32x4.demote_f64x2_zero', high));

const polynomial = (x: Code, coefficients: readonly number[]): Code =>
  coefficients
    .slice(1)
    .reduce<Code>((sum, c) => add(mul(sum, x), splatDouble(c)), splatDouble(at(coefficients, 0, 'polynomial')));

// log₂ m = Σ 2 / (ln 2 · (2k + 1)) · s^{2k + 1} with s = (m − 1) / (m + 1), |s| ≤ 0.172
const logCoefficients = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((k) => 2 / (Math.LN2 * (2 * k + 1)));

// 2^f = Σ lnᵏ 2 / k! · f^k, |f| ≤ ½
const powerCoefficients = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((k) =>
  Array.from({ length: k }, (_, i) => Math.LN2 / (i + 1)).reduce((product, factor) => product * factor, 1),
);

const vector = (name: string) => local('v128', name);

/** The function `pow(x, y)`. */
export const pow: WasmFunction = (() => {
  const [x, y, a, m, e, n, half] = [
    vector('x'),
    vector('y'),
    vector('a'),
    vector('m'),
    vector('e'),
    vector('n'),
    vector('half'),
  ];
  const [result, zero, infinite, whole, odd] = [
    vector('result'),
    vector('zero'),
    vector('infinite'),
    vector('whole'),
    vector('odd'),
  ];
  const exponents = [vector('low'), vector('high')] as const;
  const exponentOf = (target: (typeof exponents)[number], s: typeof x, z: typeof x, part: (v: Code) => Code) => [
    set(s, part(get(m))),
    set(s, div(sub(get(s), splatDouble(1)), add(get(s), splatDouble(1)))),
    set(z, mul(get(s), get(s))),
    set(target, mul(add(mul(get(s), polynomial(get(z), logCoefficients)), part(get(e))), part(get(y)))),
    // beyond these bounds the result is 0 or ∞ anyway; a NaN stays
    set(target, plain('f64x2.pmax', plain('f64x2.pmin', get(target), splatDouble(140)), splatDouble(-160))),
  ];
  const [low, high] = exponents;
  const [s, z] = [vector('s'), vector('z')];
  return {
    name: 'pow',
    exported: false,
    params: [x, y],
    results: ['v128'],
    body: [
      set(a, plain('f32x4.abs', get(x))),
      ...splitExponent(a, m, e),
      ...exponentOf(low, s, z, halves[0]),
      ...exponentOf(high, s, z, halves[1]),
      set(n, plain('f32x4.nearest', join(get(low), get(high)))),
      set(low, sub(get(low), halves[0](get(n)))),
      set(high, sub(get(high), halves[1](get(n)))),
      set(result, join(polynomial(get(low), powerCoefficients), polynomial(get(high), powerCoefficients))),
      set(n, plain('i32x4.sub', plain('f32x4.add', get(n), splat(rounder)), splatInteger(0x4b400000))),
      ...scaleByPower(result, n, half),
      // 0^y and ∞^y by the sign of y
      set(zero, equal(get(a), splat(0))),
      set(infinite, equal(get(a), splat(Number.POSITIVE_INFINITY))),
      set(
        result,
        pick(
          or(and(get(zero), greater(get(y), splat(0))), and(get(infinite), less(get(y), splat(0)))),
          splat(0),
          pick(
            or(and(get(zero), less(get(y), splat(0))), and(get(infinite), greater(get(y), splat(0)))),
            splat(Number.POSITIVE_INFINITY),
            get(result),
          ),
        ),
      ),
      // the sign of a negative x for odd y; no value for a fraction
      set(whole, equal(plain('f32x4.nearest', get(y)), get(y))),
      set(s, plain('f32x4.mul', get(y), splat(0.5))),
      set(odd, and(get(whole), notEqual(plain('f32x4.nearest', get(s)), get(s)))),
      set(result, xor(get(result), and(and(get(x), get(odd)), signBit))),
      set(result, or(get(result), andNot(andNot(less(get(x), splat(0)), get(whole)), or(get(infinite), get(zero))))),
      // x^0 = 1 for every x; otherwise a NaN stays
      set(result, or(get(result), notEqual(get(x), get(x)))),
      pick(equal(get(y), splat(0)), splat(1), get(result)),
    ],
  };
})();
