/** The scalar functions as gpu.js expressions. */
import { internal } from '../../../dsl/internal.js';
import type { ScalarFunction } from '../../../dsl/scalar.js';
import type { GpujsMode } from './types.js';
import {
  choice,
  type Declare,
  exponential,
  finite,
  hyperbolicTangent,
  larger,
  logarithm,
  logarithmOfOnePlus,
  over,
  power,
  rounded,
  smaller,
  squareRoot,
  times,
} from './workarounds.js';

/** Writes one function as an expression of its operands, which are variables or literals. */
type ScalarText = (operands: readonly string[], mode: GpujsMode, declare: Declare) => string;

const missing = (): never => internal('gpujs scalars', 'an operand is missing');

const unary =
  (text: (x: string, mode: GpujsMode, declare: Declare) => string): ScalarText =>
  ([x = missing()], mode, declare) =>
    text(x, mode, declare);

const binary =
  (text: (x: string, y: string, mode: GpujsMode, declare: Declare) => string): ScalarText =>
  ([x = missing(), y = missing()], mode, declare) =>
    text(x, y, mode, declare);

const scalarTexts: Readonly<Record<ScalarFunction, ScalarText>> = {
  neg: unary((x) => `-${x}`),
  abs: unary((x) => `Math.abs(${x})`),
  exp: unary((x, mode) => exponential(mode, x)),
  log: unary((x, mode) => logarithm(mode, x)),
  sqrt: unary((x, mode) => squareRoot(mode, x)),
  tanh: unary((x, mode, declare) => hyperbolicTangent(mode, x, declare)),
  // σ(x) = 1 / (1 + e⁻ˣ), from the side on which the exponential does not overflow
  sigmoid: unary((x, mode, declare) => {
    const e = declare(exponential(mode, declare(`-Math.abs(${x})`)));
    return `(${x} >= 0 ? 1 / (1 + ${e}) : ${e} / (1 + ${e}))`;
  }),
  // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)
  softplus: unary((x, mode, declare) => {
    const e = declare(exponential(mode, declare(`-Math.abs(${x})`)));
    return `${larger(mode, x, '0')} + ${logarithmOfOnePlus(mode, e)}`;
  }),
  isFinite: unary(finite),
  add: binary((x, y) => `${x} + ${y}`),
  sub: binary((x, y) => `${x} - ${y}`),
  mul: binary((x, y, mode) => times(mode, x, y)),
  div: binary((x, y, mode) => over(mode, x, y)),
  max: binary((x, y, mode) => larger(mode, x, y)),
  min: binary((x, y, mode) => smaller(mode, x, y)),
  less: binary((x, y) => `(${x} < ${y} ? 1 : 0)`),
  equal: binary((x, y) => `(${x} === ${y} ? 1 : 0)`),
  pow: binary((x, y, mode, declare) => power(mode, x, y, declare)),
  select: ([c = missing(), x = missing(), y = missing()]) => choice(c, x, y),
};

// of float32 operands, these have float32 values
const exact: ReadonlySet<ScalarFunction> = new Set(['neg', 'abs', 'isFinite', 'max', 'min', 'less', 'equal', 'select']);

/** One scalar function as an expression of a float32 value. `declare` puts intermediate values into variables. */
export const scalarText = (
  fn: ScalarFunction,
  operands: readonly string[],
  mode: GpujsMode,
  declare: Declare,
): string => {
  const text = scalarTexts[fn](operands, mode, declare);
  return exact.has(fn) ? text : rounded(mode, text);
};
