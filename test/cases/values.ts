/** Deterministic inputs for the case table. */

/** `count` values that look random, in (−1, 1); the same for the same seed. */
export const noise = (count: number, seed = 1): readonly number[] =>
  Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });

/** `count` values from `first` to `last`, evenly. */
export const ramp = (count: number, first: number, last: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => first + ((last - first) * i) / Math.max(1, count - 1));

/** The values at which functions go wrong. */
export const edges: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  1,
  -1,
  3e38,
  -3e38,
  100,
  -100,
  1000,
  -1000,
  2,
  -2,
  0.5,
  -0.5,
];
