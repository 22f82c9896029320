/** Whether what was computed is what the mathematics says, element by element. */
import type { Tensor } from './tensor.js';

/** Numbers of an output, by some means. */
export type Values = ArrayLike<number>;

/** Where a number lies outside of what it may be; undefined where none does. */
export const disagreement = (
  actual: Values,
  { values, errors }: Tensor,
  held = (x: number): number => x,
): string | undefined => {
  if (actual.length !== values.length) return `${actual.length} elements instead of ${values.length}`;
  for (const [i, value] of values.entries()) {
    const [given, error] = [Number(actual[i]), Number(errors[i])];
    if (error === Number.POSITIVE_INFINITY) continue;
    const fits = Number.isFinite(value)
      ? Math.abs(given - value) <= error + Math.abs(held(value) - value)
      : Object.is(given, value);
    if (!fits) return `element ${i} is ${given} instead of ${value} ± ${error}`;
  }
  return undefined;
};

/** Where two results differ in a bit; NaN is NaN. */
export const difference = (a: Values, b: Values): string | undefined => {
  if (a.length !== b.length) return `${a.length} elements and ${b.length}`;
  for (let i = 0; i < a.length; i += 1) if (!Object.is(a[i], b[i])) return `element ${i} is ${a[i]} and ${b[i]}`;
  return undefined;
};

/** How much of an output the bound says something about. */
export interface Sharpness {
  readonly elements: number;
  /** Elements known to 1 % of the largest, or whose value is not finite for certain. */
  readonly sharp: number;
}

/** The sharpness of the bound of an output. */
export const sharpness = ({ values, errors }: Tensor): Sharpness => {
  const largest = values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1e-3);
  const isSharp = (x: number, i: number): boolean =>
    Number.isFinite(x) ? Number(errors[i]) <= 1e-2 * largest : errors[i] === 0;
  return { elements: values.length, sharp: [...values].filter(isSharp).length };
};
