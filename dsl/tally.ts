/** Sums by key, which start at 0: absence is no mistake here, it is the empty sum. */

/** The sum for a key; 0 as long as nothing was added to it. */
export const totalOf = <K>(sums: { readonly get: (key: K) => number | undefined }, key: K): number =>
  sums.get(key) ?? 0;
