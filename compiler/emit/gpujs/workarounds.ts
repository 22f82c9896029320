/**
 * Everything that gpu.js 2.24 and the GPUs behind it get wrong and that source text can put right. Each entry says
 * what is wrong and is used by the emitter wherever it applies; `runtime/gpujs/workarounds.ts` holds what has to be
 * put right while running. `cpu` and `webasm` follow IEEE 754 in all scalar functions, so they get the plain ones; `cpu` rounds them.
 */
import type { GpujsMode } from './types.js';

/** Does the mode run on a GPU's shader compiler, where NaN, infinities and functions at their limits are unreliable? */
const isShader = (mode: GpujsMode): boolean => mode !== 'cpu' && mode !== 'webasm';

/** Largest finite float32. */
const largest = '3.4028234663852886e38';

/** The name of the argument that carries NaN. */
export const nan = 'nan';

/** The name of the argument that carries +∞. */
export const infinity = 'infinity';

/**
 * A number in source text. The identifier `NaN` throws, `Infinity` becomes 3.4e38 on GPUs, and constant NaN expressions
 * are refused by WGSL: values that are not finite in float32 are passed as data.
 */
export const literal = (mode: GpujsMode, value: number): string => {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return nan;
  if (single === Number.POSITIVE_INFINITY) return infinity;
  if (single === Number.NEGATIVE_INFINITY) return `(-${infinity})`;
  // WGSL refuses literals that underflow.
  if (single === 0) return !isShader(mode) && Object.is(value, -0) ? '(-0)' : '0';
  const text = `${mode === 'cpu' ? single : value}`;
  return value < 0 ? `(${text})` : text;
};

/**
 * A value as everything that reads it gets it. `cpu` computes in float64 and stores in float32: where one kernel stores
 * a value and another computes it again, the two would differ. There every result is rounded, as the other modes do.
 */
export const rounded = (mode: GpujsMode, expression: string): string =>
  mode === 'cpu' ? `Math.fround(${expression})` : expression;

/** Declares a variable that holds an expression's value and gives its name. */
export type Declare = (expression: string) => string;

/** eˣ. SwiftShader gives e^NaN = ∞; above ln(3.4e38) the product overflows to ∞ and hands NaN on. */
export const exponential = (mode: GpujsMode, x: string): string =>
  isShader(mode) ? `(${x} < 88.72283 ? Math.exp(Math.max(${x}, -200)) : ${x} * 3.4e38)` : `Math.exp(${x})`;

/** ln x. SwiftShader gives ln NaN ≈ 89 and ln(−1) = 0. */
export const logarithm = (mode: GpujsMode, x: string): string =>
  isShader(mode)
    ? `(${x} > 0 ? (${x} <= ${largest} ? Math.log(${x}) : ${x}) : (${x} === 0 ? -${infinity} : ${nan}))`
    : `Math.log(${x})`;

/** ln(1 + e) for 0 ≤ e ≤ 1. Shaders have no log1p: ln(1 + e) loses a small e, for which the series is used. */
export const logarithmOfOnePlus = (mode: GpujsMode, e: string): string =>
  isShader(mode)
    ? `(${e} >= 0.1 ? Math.log(1 + ${e}) : ` +
      `${e} * (1 - ${e} * (0.5 - ${e} * (0.33333333 - ${e} * (0.25 - ${e} * (0.2 - ${e} * 0.16666667))))))`
    : `Math.log1p(${e})`;

/** √x. NaN and ∞ are handed on, negative operands give NaN. */
export const squareRoot = (mode: GpujsMode, x: string): string =>
  isShader(mode) ? `(${x} >= 0 ? (${x} <= ${largest} ? Math.sqrt(${x}) : ${x}) : ${nan})` : `Math.sqrt(${x})`;

/** tanh x. GLSL's and WGSL's is NaN for |x| > 88, and has no correct digits left near 0, where the series is used. */
export const hyperbolicTangent = (mode: GpujsMode, x: string, declare: Declare): string => {
  if (!isShader(mode)) return `Math.tanh(${x})`;
  const square = declare(`${x} * ${x}`);
  const series = `${x} * (1 - ${square} * (0.33333333 - ${square} * 0.13333333))`;
  const saturated = `(${x} >= 15 ? 1 : (${x} <= -15 ? (-1) : ${x}))`;
  return `(${square} < 0.01 ? ${series} : (${square} < 225 ? Math.tanh(${x}) : ${saturated}))`;
};

/** x^y. Shaders give the wrong sign or NaN for x < 0 and hide NaN. */
export const power = (mode: GpujsMode, x: string, y: string, declare: Declare): string => {
  if (!isShader(mode)) return `Math.pow(${x}, ${y})`;
  const whole = declare(`Math.floor(${y})`);
  const half = declare(`Math.floor(${y} * 0.5)`);
  const size = declare(`Math.pow(Math.abs(${x}), ${y})`);
  const odd = `${y} - 2 * ${half} === 1`;
  const negative = `(${whole} === ${y} || ${x} < -${largest} ? (${odd} ? -${size} : ${size}) : ${nan})`;
  const zero = `(${y} > 0 ? 0 : ${infinity})`;
  const signed = `(${x} > 0 ? ${size} : (${x} < 0 ? ${negative} : (${x} === 0 ? ${zero} : ${nan})))`;
  const undecided = `Math.abs(${x}) === 1 && (${y} > ${largest} || ${y} < -${largest})`;
  return `(${y} === 0 ? 1 : (${y} <= ${infinity} ? (${undecided} ? ${nan} : ${signed}) : ${nan}))`;
};

/** A literal 0 as data: compilers of shaders make x · 0 and 0 / x to 0, also where x is NaN or infinite. */
const opaque = (mode: GpujsMode, x: string): string => (isShader(mode) && x === '0' ? `(1 / ${infinity})` : x);

/** x · y. */
export const times = (mode: GpujsMode, x: string, y: string): string => `${opaque(mode, x)} * ${opaque(mode, y)}`;

/** x / y. */
export const over = (mode: GpujsMode, x: string, y: string): string => `${opaque(mode, x)} / ${opaque(mode, y)}`;

/** max(x, y). SwiftShader gives max(NaN, 0) = 0; no comparison with NaN holds, and the sum of NaN and a number is NaN. */
export const larger = (mode: GpujsMode, x: string, y: string): string =>
  isShader(mode) ? `(${x} > ${y} ? ${x} : (${x} <= ${y} ? ${y} : ${x} + ${y}))` : `Math.max(${x}, ${y})`;

/** min(x, y); as `larger`. */
export const smaller = (mode: GpujsMode, x: string, y: string): string =>
  isShader(mode) ? `(${x} < ${y} ? ${x} : (${x} >= ${y} ? ${y} : ${x} + ${y}))` : `Math.min(${x}, ${y})`;

/** 1 where x is finite. On WebGPU `x !== x` is false for NaN; comparisons with the largest number are right everywhere. */
export const finite = (x: string): string => `(${x} >= -${largest} && ${x} <= ${largest} ? 1 : 0)`;

/** x where the condition is not 0 (NaN included), else y. Shaders' `!==` is false for NaN, `===` is right. */
export const choice = (condition: string, x: string, y: string): string => `(${condition} === 0 ? ${y} : ${x})`;

/**
 * ⌊n / d⌋ for a whole |n| < 2²¹. `/` divides floats, by a reciprocal on some GPUs: half a unit keeps the quotient away
 * from the integers between which `floor` decides.
 */
export const wholeQuotient = (n: string, d: number): string => `Math.floor((${n} + 0.5) / ${d})`;

/** Up to where `wholeQuotient` is exact. */
export const largestDividend = 2 ** 21;

/** Variables that hold integers decay to float32 in all modes but cpu: whole numbers are exact up to here. */
export const largestExactInteger = 2 ** 24;

/**
 * The head of a loop over `extent` values, and the value that its counter starts from. On webasm a counter that starts
 * at a literal decays to float32 and every index is converted back; one that starts at `this.output.x` (here
 * `threadsX`) stays an integer.
 */
export const loopHead = (
  mode: GpujsMode,
  counter: string,
  extent: number,
  threadsX: number,
): { readonly text: string; readonly start: number } => {
  const start = mode === 'webasm' ? threadsX : 0;
  const first = mode === 'webasm' ? 'this.output.x' : '0';
  return { text: `for (let ${counter} = ${first}; ${counter} < ${start + extent}; ${counter}++)`, start };
};

/**
 * Array arguments that a kernel may have. WebGPU guarantees 8 storage buffers, of which the output is one; WebGL 2
 * guarantees 16 texture units and WebGL 8, of which gpu.js uses one (more are silently wrong).
 */
export const maxArguments: Readonly<Record<GpujsMode, number>> = {
  webgpu: 7,
  webgl2: 15,
  webgl: 7,
  webasm: 64,
  cpu: 64,
};

/** WebGPU runs up to 65535 work groups of 1 along z, and of 8 along y. */
export const maxThreads = { y: 8 * 65535, z: 65535 } as const;

/** WebGL makes a 2-D output a texture of that very shape, whose sides are limited; as [x, 1, y] it is folded. */
export const foldsTwoDimensions = (mode: GpujsMode): boolean => mode === 'webgl2' || mode === 'webgl';
