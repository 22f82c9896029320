/** Random choices out of one seed (Mulberry32). */

/** A source of choices: the one mutable thing of a generator. */
export interface Choices {
  /** A number in [0, 1). */
  readonly unit: () => number;
  /** A whole number below n. */
  readonly below: (n: number) => number;
  /** A number in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** True in this share of cases. */
  readonly chance: (share: number) => boolean;
  /** One of a list. */
  readonly among: <A>(list: readonly [A, ...A[]]) => A;
  /** One of a list, or undefined if it is empty. */
  readonly any: <A>(list: readonly A[]) => A | undefined;
  /** The list in a random order. */
  readonly shuffled: <A>(list: readonly A[]) => readonly A[];
}

/** The choices that follow from a seed. */
export const choicesFrom = (seed: number): Choices => {
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(unit() * n);
  return {
    unit,
    below,
    between: (low, high) => low + (high - low) * unit(),
    chance: (share) => unit() < share,
    among: (list) => list[below(list.length)] ?? list[0],
    any: (list) => list[below(list.length)],
    shuffled: (list) =>
      list
        .map((item) => ({ item, key: unit() }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ item }) => item),
  };
};
