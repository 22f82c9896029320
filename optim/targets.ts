/** Are the targets of a data set those that a problem can learn from? The loss says which are legal. */
import type { Shape, Targets } from '../dsl/index.js';
import { type Dataset, sampleLength } from './dataset.js';
import type { Problem } from './problem.js';

/** What is legal: as a test, and in words. */
interface Rule {
  readonly expected: string;
  readonly isLegal: (value: number) => boolean;
}

/** The rule of each kind of targets, for outputs of a shape; none where every number is legal. */
const rules: { readonly [T in Targets['_tag']]: (output: Shape) => Rule | undefined } = {
  Labels: (output) => {
    const classes = output.at(-1);
    // as many classes as a program's sizes say: not known here
    if (typeof classes !== 'number')
      return { expected: 'labels 0, 1, 2, …', isLegal: (y) => Number.isInteger(y) && y >= 0 };
    return {
      expected: `labels from 0 to ${classes - 1}`,
      isLegal: (y) => Number.isInteger(y) && y >= 0 && y < classes,
    };
  },
  Probabilities: () => ({ expected: 'targets from 0 to 1', isLegal: (y) => y >= 0 && y <= 1 }),
  Counts: () => ({ expected: 'targets 0, 1, 2, …', isLegal: (y) => Number.isInteger(y) && y >= 0 }),
  Numbers: () => undefined,
};

/**
 * The first target of the data that a problem cannot learn from, in words: targets must be what the likelihood of the
 * loss says they are. That they are finite, and inputs, is asked first, of any data (`checkFinite`).
 */
export const targetMistake = (
  { response, output }: Problem,
  { train, test }: Pick<Dataset, 'train' | 'test'>,
): string | undefined => {
  const rule = response === undefined ? undefined : rules[response.targets._tag](output.shape);
  if (rule === undefined) return undefined;
  for (const [part, { targets, targetShape }] of Object.entries({ train, test })) {
    const wrong = targets.findIndex((value) => !rule.isLegal(value));
    if (wrong >= 0)
      return `expected ${rule.expected}, got ${targets[wrong]} in row ${Math.floor(wrong / sampleLength(targetShape))} of ${part}`;
  }
  return undefined;
};
