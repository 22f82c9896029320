/** What a pass changed: two listings, line by line. */
import { at } from '../../dsl/internal.js';

/** One line of a comparison. */
export interface DiffLine {
  readonly change: 'same' | 'removed' | 'added';
  readonly line: string;
}

const place = 'diffLines';

/** The lengths of longest common subsequences of the rests of two lists, by position in each. */
const commonLengths = (before: readonly string[], after: readonly string[]): readonly Uint32Array[] => {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const [row, below] = [at(lengths, i, place), at(lengths, i + 1, place)];
      row[j] =
        before[i] === after[j] ? 1 + at(below, j + 1, place) : Math.max(at(below, j, place), at(row, j + 1, place));
    }
  return lengths;
};

/** The shortest comparison: what is removed stands before what is added in its place. */
export const diffLines = (before: readonly string[], after: readonly string[]): readonly DiffLine[] => {
  const lengths = commonLengths(before, after);
  const common = (i: number, j: number): number => at(at(lengths, i, place), j, place);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [removed, added] = [before[i], after[j]];
    if (removed !== undefined && removed === added) {
      lines.push({ change: 'same', line: removed });
      i++;
      j++;
    } else if (removed !== undefined && (added === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ change: 'removed', line: removed });
      i++;
    } else if (added !== undefined) {
      lines.push({ change: 'added', line: added });
      j++;
    }
  }
  return lines;
};

const signs = { same: ' ', removed: '-', added: '+' } as const;

/** The comparison as text, with `-` and `+` in front of what changed. */
export const showDiff = (lines: readonly DiffLine[]): readonly string[] =>
  lines.map(({ change, line }) => `${signs[change]} ${line}`);
