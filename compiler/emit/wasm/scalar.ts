/** The code of every scalar function on four float32 lanes. Scalars run the same code, so they have the same bits. */
import { at } from '../../../dsl/internal.js';
import type { ScalarFunction } from '../../../dsl/scalar.js';
import { type Code, call, plain, splat, splatInteger, type WasmFunction } from './code.js';
import { elementary, op } from './math.js';
import { pow } from './power.js';

/** The functions that the code of scalar functions calls, by scalar function; the others are a few instructions. */
export const library: Readonly<Record<ScalarFunction, readonly WasmFunction[]>> = {
  neg: [],
  abs: [],
  sqrt: [],
  isFinite: [],
  add: [],
  sub: [],
  mul: [],
  div: [],
  max: [],
  min: [],
  less: [],
  equal: [],
  select: [],
  ...elementary,
  pow: [pow],
};

const one = splat(1);

/** Truth values: a lane mask as 1 or 0. */
const truth = (mask: Code): Code => plain('v128.and', mask, one);

const unary =
  (build: (x: Code) => Code) =>
  (operands: readonly Code[]): Code =>
    build(at(operands, 0, 'scalarCode'));

const binary =
  (build: (x: Code, y: Code) => Code) =>
  (operands: readonly Code[]): Code =>
    build(at(operands, 0, 'scalarCode'), at(operands, 1, 'scalarCode'));

const ternary =
  (build: (x: Code, y: Code, z: Code) => Code) =>
  (operands: readonly Code[]): Code =>
    build(at(operands, 0, 'scalarCode'), at(operands, 1, 'scalarCode'), at(operands, 2, 'scalarCode'));

/**
 * By scalar function: operands (reading them more than once is fine: they are locals or constants) → value.
 * `max` and `min` give NaN if either operand is NaN, as the WebAssembly instructions do.
 */
export const scalarCode: { readonly [F in ScalarFunction]: (operands: readonly Code[]) => Code } = {
  neg: unary(op('f32x4.neg')),
  abs: unary(op('f32x4.abs')),
  exp: unary((x) => call('exp', x)),
  log: unary((x) => call('log', x)),
  sqrt: unary(op('f32x4.sqrt')),
  tanh: unary((x) => call('tanh', x)),
  sigmoid: unary((x) => call('sigmoid', x)),
  softplus: unary((x) => call('softplus', x)),
  isFinite: unary((x) => truth(plain('f32x4.lt', plain('f32x4.abs', x), splat(Number.POSITIVE_INFINITY)))),
  add: binary(op('f32x4.add')),
  sub: binary(op('f32x4.sub')),
  mul: binary(op('f32x4.mul')),
  div: binary(op('f32x4.div')),
  max: binary(op('f32x4.max')),
  min: binary(op('f32x4.min')),
  less: binary((x, y) => truth(plain('f32x4.lt', x, y))),
  equal: binary((x, y) => truth(plain('f32x4.eq', x, y))),
  pow: binary((x, y) => call('pow', x, y)),
  select: ternary((c, x, y) => plain('v128.bitselect', x, y, plain('f32x4.ne', c, splatInteger(0)))),
};
