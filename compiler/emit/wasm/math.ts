/**
 * exp, log, tanh, sigmoid and softplus on four float32 lanes, within 2 ulp-level relative error (2 · 2⁻²³) of the
 * true value over the whole range, exact at 0, ±∞ and NaN. Only IEEE operations, so the bits are the same on every
 * engine. Polynomials: Cephes (expf, logf, tanhf; S. Moshier).
 */
import { at } from '../../../dsl/internal.js';
import type { ScalarFunction } from '../../../dsl/scalar.js';
import {
  type Code,
  call,
  get,
  i32,
  type Local,
  local,
  plain,
  set,
  splat,
  splatInteger,
  type WasmFunction,
} from './code.js';
import type { PlainOp } from './opcodes.js';

/** An instruction without immediates, as a function of its operands. */
export const op =
  (name: PlainOp) =>
  (...args: readonly Code[]): Code =>
    plain(name, ...args);
const [add, sub, mul, div] = [op('f32x4.add'), op('f32x4.sub'), op('f32x4.mul'), op('f32x4.div')];
const [less, greater, equal] = [op('f32x4.lt'), op('f32x4.gt'), op('f32x4.eq')];
const [and, or, absolute] = [op('v128.and'), op('v128.or'), op('f32x4.abs')];

/** Lane by lane, `then` where the mask is set. */
export const pick = (condition: Code, then: Code, otherwise: Code): Code =>
  plain('v128.bitselect', then, otherwise, condition);

/** Horner's scheme: `((c₀ x + c₁) x + …) + cₙ`. */
const polynomial = (x: Code, coefficients: readonly number[]): Code =>
  coefficients
    .slice(1)
    .reduce<Code>((sum, coefficient) => add(mul(sum, x), splat(coefficient)), splat(at(coefficients, 0, 'polynomial')));

const vector = (name: string): Local => local('v128', name);

const unary = (name: string, build: (x: Local) => readonly Code[]): WasmFunction => {
  const x = vector('x');
  return { name, exported: false, params: [x], results: ['v128'], body: build(x) };
};

/** 1.5 · 2²³: adding it rounds to the nearest integer, which is then in the low bits. */
export const rounder = 12582912;

/** p · 2ⁿ in two factors, so that results down to the smallest denormal and up to the largest number come out right. */
export const scaleByPower = (p: Local, n: Local, half: Local): readonly Code[] => {
  const power = (exponent: Code): Code => plain('i32x4.shl', plain('i32x4.add', exponent, splatInteger(127)), i32(23));
  return [
    set(half, plain('i32x4.shr_s', get(n), i32(1))),
    set(p, mul(mul(get(p), power(get(half))), power(plain('i32x4.sub', get(n), get(half))))),
  ];
};

/** e^x = 2ⁿ e^r with |r| ≤ ln 2 / 2, and ln 2 in two parts. */
const exp = unary('exp', (x) => {
  const [t, n, r, half] = [vector('t'), vector('n'), vector('r'), vector('half')];
  return [
    // pmin and pmax keep a NaN that comes first
    set(x, plain('f32x4.pmax', plain('f32x4.pmin', get(x), splat(89)), splat(-105))),
    set(t, add(mul(get(x), splat(Math.LOG2E)), splat(rounder))),
    set(n, plain('i32x4.sub', get(t), splatInteger(0x4b400000))),
    set(t, sub(get(t), splat(rounder))),
    set(r, sub(sub(get(x), mul(get(t), splat(0.693359375))), mul(get(t), splat(-2.1219444e-4)))),
    set(
      t,
      polynomial(
        get(r),
        [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
      ),
    ),
    set(t, add(add(mul(mul(get(t), get(r)), get(r)), get(r)), splat(1))),
    ...scaleByPower(t, n, half),
    get(t),
  ];
});

/** ln(1 + f) + e ln 2 for √½ − 1 ≤ f ≤ √2 − 1 and a whole number e. */
const logPolynomial: WasmFunction = (() => {
  const [f, e, z, y] = [vector('f'), vector('e'), vector('z'), vector('y')];
  const coefficients = [
    7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
  ];
  return {
    name: 'logPolynomial',
    exported: false,
    params: [f, e],
    results: ['v128'],
    body: [
      set(z, mul(get(f), get(f))),
      set(y, mul(mul(polynomial(get(f), coefficients), get(f)), get(z))),
      set(y, add(get(y), mul(get(e), splat(-2.1219444e-4)))),
      set(y, sub(get(y), mul(splat(0.5), get(z)))),
      add(add(get(f), get(y)), mul(get(e), splat(0.693359375))),
    ],
  };
})();

/** Splits positive x into mantissa m in [√½, √2) and exponent e: x = m · 2^e. Denormals are scaled by 2²³ first. */
export const splitExponent = (x: Local, m: Local, e: Local): readonly Code[] => {
  const small = vector('small');
  return [
    set(small, less(get(x), splat(1.1754943508222875e-38))),
    set(m, pick(get(small), mul(get(x), splat(8388608)), get(x))),
    // subtracting the bits of √½ makes the exponent field count from there
    set(e, plain('i32x4.sub', get(m), splatInteger(0x3f3504f3))),
    set(m, plain('i32x4.add', and(get(e), splatInteger(0x007fffff)), splatInteger(0x3f3504f3))),
    set(e, sub(plain('f32x4.convert_i32x4_s', plain('i32x4.shr_s', get(e), i32(23))), and(get(small), splat(23)))),
  ];
};

const log = unary('log', (x) => {
  const [m, e, y] = [vector('m'), vector('e'), vector('y')];
  return [
    ...splitExponent(x, m, e),
    set(y, call('logPolynomial', sub(get(m), splat(1)), get(e))),
    // ln ∞ = ∞, ln 0 = −∞, ln of a negative number or NaN = NaN
    set(y, pick(equal(get(x), splat(Number.POSITIVE_INFINITY)), get(x), get(y))),
    set(y, pick(equal(get(x), splat(0)), splat(Number.NEGATIVE_INFINITY), get(y))),
    pick(plain('f32x4.ge', get(x), splat(0)), get(y), splat(Number.NaN)),
  ];
});

/** The sign bit of every lane. */
export const signBit = splatInteger(0x80000000);

/** An odd polynomial for |x| < 0.625, else 1 − 2 / (e^{2|x|} + 1). */
const tanh = unary('tanh', (x) => {
  const [a, z, near, far] = [vector('a'), vector('z'), vector('near'), vector('far')];
  const coefficients = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];
  return [
    set(a, absolute(get(x))),
    set(z, mul(get(x), get(x))),
    set(near, add(mul(mul(polynomial(get(z), coefficients), get(z)), get(x)), get(x))),
    set(far, sub(splat(1), div(splat(2), add(call('exp', add(get(a), get(a))), splat(1))))),
    set(far, or(get(far), and(get(x), signBit))),
    pick(less(get(a), splat(0.625)), get(near), get(far)),
  ];
});

/** With u = e^−|x|: 1 / (1 + u) for x ≥ 0, u / (1 + u) for x < 0. */
const sigmoid = unary('sigmoid', (x) => {
  const u = vector('u');
  return [
    set(u, call('exp', or(get(x), signBit))),
    div(pick(less(get(x), splat(0)), get(u), splat(1)), add(splat(1), get(u))),
  ];
});

/**
 * max(x, 0) + ln(1 + u) with u = e^−|x|. ln(1 + u) is taken from u itself below √2 − 1 and as ln 2 + ln(1 + (u − 1) / 2)
 * above, so that 1 + u is never rounded.
 */
const softplus = unary('softplus', (x) => {
  const [u, large, y] = [vector('u'), vector('large'), vector('y')];
  return [
    set(u, call('exp', or(get(x), signBit))),
    set(large, greater(get(u), splat(Math.SQRT2 - 1))),
    set(
      y,
      call(
        'logPolynomial',
        pick(get(large), mul(sub(get(u), splat(1)), splat(0.5)), get(u)),
        and(get(large), splat(1)),
      ),
    ),
    add(plain('f32x4.max', get(x), splat(0)), get(y)),
  ];
});

/** By scalar function: the functions that its code calls, and those that these call. */
export const elementary = {
  exp: [exp],
  log: [logPolynomial, log],
  tanh: [exp, tanh],
  sigmoid: [exp, sigmoid],
  softplus: [exp, logPolynomial, softplus],
} as const satisfies Readonly<Partial<Record<ScalarFunction, readonly WasmFunction[]>>>;
