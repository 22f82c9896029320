/** Are the numbers of a data set those that a problem can learn from? The loss says which targets are legal. */
import type { Shape, Targets } from '../dsl/index.js';
import { type Dataset, type Split, sampleLength } from './dataset.js';
import type { Problem } from './problem.js';

/** What is legal: as a test, and in words. */
interface Rule {
  readonly expected: string;
  readonly isLegal: (value: number) => boolean;
}

const finite: Rule = { expected: 'finite targets', isLegal: Number.isFinite };

/** The rule of each kind of targets, for outputs of a shape. */
const rules: { readonly [T in Targets['_tag']]: (output: Shape) => Rule } = {
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
  Numbers: () => finite,
};

/** The rows of one array of a split. */
interface Column {
  readonly values: Float32Array;
  /** Numbers per row. */
  readonly width: number;
  readonly rule: Rule;
}

const columnsOf = ({ response, output }: Problem, split: Split): readonly Column[] => [
  {
    values: split.inputs,
    width: sampleLength(split.inputShape),
    rule: { expected: 'finite inputs', isLegal: Number.isFinite },
  },
  {
    values: split.targets,
    width: sampleLength(split.targetShape),
    rule: response === undefined ? finite : rules[response.targets._tag](output.shape),
  },
];

/**
 * The first number of the data that a problem cannot learn from, in words: inputs and targets must be finite, and targets
 * what the likelihood of the loss says they are.
 */
export const dataMistake = (problem: Problem, { train, test }: Pick<Dataset, 'train' | 'test'>): string | undefined => {
  for (const [part, split] of Object.entries({ train, test }))
    for (const { values, width, rule } of columnsOf(problem, split)) {
      const wrong = values.findIndex((value) => !rule.isLegal(value));
      if (wrong >= 0)
        return `expected ${rule.expected}, got ${values[wrong]} in row ${Math.floor(wrong / width)} of ${part}`;
    }
  return undefined;
};
