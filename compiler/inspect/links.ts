/** What the values of a level are made of, by position. */
import type { InspectedLevel } from './data.js';
import { type Lane, lanes } from './origins.js';

/** The positions, in a level's lists, of what one definition mentions. */
export interface Mentions {
  readonly values: readonly number[];
  readonly leaves: readonly number[];
}

/** What the definition of every value mentions. */
export const mentionsOf = ({ values, leaves }: InspectedLevel): readonly Mentions[] => {
  const valueAt = new Map(values.map(({ key }, i) => [key, i] as const));
  const leafAt = new Map(leaves.map(({ key }, i) => [key, i] as const));
  return values.map(({ uses }) => {
    const keys = [...new Set(uses)];
    return {
      values: keys.flatMap((key) => valueAt.get(key) ?? []),
      leaves: keys.flatMap((key) => leafAt.get(key) ?? []),
    };
  });
};

/** The lane of every leaf, by position: the first of those that mention it; nothing for a leaf that none mentions. */
export const leafLanes = (level: InspectedLevel): readonly (Lane | undefined)[] => {
  const mentions = mentionsOf(level);
  return level.leaves.map((_, leaf) =>
    lanes.find((lane) => level.values.some((value, i) => value.lane === lane && mentions[i]?.leaves.includes(leaf))),
  );
};
