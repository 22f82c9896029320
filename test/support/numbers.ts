/** Reproducible numbers and how far apart two arrays are. */
import { generator, uniform } from '../../dsl/random.js';

/** `length` numbers in (low, high) that follow from a seed. */
export const numbers = (seed: number, length: number, low = -1, high = 1): Float64Array =>
  uniform(generator(seed), length, low, high).values;

/** Σ aᵢ bᵢ. */
export const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);

/** a + s b. */
export const plus = (a: ArrayLike<number>, b: ArrayLike<number>, s = 1): Float64Array =>
  Float64Array.from(Array.from(a), (x, i) => x + s * (b[i] ?? Number.NaN));

/** The largest magnitude. */
export const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((m, x) => Math.max(m, Math.abs(x)), 0);

/**
 * max |aᵢ − bᵢ| relative to the largest magnitude in b, or to `floor` if that is larger. Infinite where lengths differ
 * or where only one of the two is a number; two NaNs, and two equal infinities, agree.
 */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>, floor = Number.MIN_VALUE): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const gaps = Array.from(a, (x, i) => {
    const y = b[i] ?? Number.NaN;
    if (Object.is(x, y) || x === y) return 0;
    const gap = Math.abs(x - y);
    return Number.isFinite(gap) ? gap : Number.POSITIVE_INFINITY;
  });
  const scale = Math.max(floor, largest(Array.from(b).filter(Number.isFinite)));
  return largest(gaps) / scale;
};
