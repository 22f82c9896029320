/** What the values of a level are made of, by position: names are shorter, but a variable may be called like a result. */
import type { InspectedLeaf, InspectedLevel, InspectedValue } from './data.js';
import { type Lane, lanes } from './origins.js';

/** The positions, in a level's lists, of what one definition mentions. */
export interface Mentions {
  readonly values: readonly number[];
  readonly leaves: readonly number[];
}

/** A variable is seen by its loop, and by what is computed in it. */
const sees = ({ key, loops }: InspectedValue, { loop }: InspectedLeaf): boolean =>
  loop === undefined || loop === key || loops.includes(loop);

/** What the definition of every value mentions: a name that a variable and a result share is the variable inside of its loop. */
export const mentionsOf = ({ values, leaves }: InspectedLevel): readonly Mentions[] => {
  const valueAt = new Map(values.map(({ key }, i) => [key, i] as const));
  const leafAt = new Map(leaves.map(({ key }, i) => [key, i] as const));
  return values.map((value) => {
    const found = [...new Set(value.uses)].map((use) => {
      const at = leafAt.get(use);
      const leaf = at === undefined ? undefined : leaves[at];
      return leaf !== undefined && sees(value, leaf) ? { leaf: at } : { value: valueAt.get(use) };
    });
    return {
      values: found.flatMap(({ value: position }) => position ?? []),
      leaves: found.flatMap(({ leaf: position }) => position ?? []),
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
