/** What operations are given, where no type was checked: in JavaScript, or with sizes and names that come from data. */
import { unsupportedError } from './error.js';
import { invalid, mistakeAmong } from './expr.js';
import type { Expr } from './node.js';
import { showValue } from './thrown.js';

const isDim = (value: unknown): boolean => typeof value === 'number' || typeof value === 'string';

/** Is it a list of sizes, axes or names? */
export const isList = (given: unknown): boolean => Array.isArray(given) && given.every(isDim);

/** The expression of something that is given where the operation needs something else. */
export const strange = (operation: string, expected: string, given: unknown): Expr =>
  invalid(unsupportedError(operation, expected, showValue(given)));

/**
 * The mistake that an operation is given: an operand that carries one or is no expression, or what should be a list of
 * sizes, axes or names and is none.
 */
export const mistakeIn = (
  operation: string,
  operands: readonly unknown[],
  lists: readonly unknown[] = [],
): Expr | undefined => {
  const wrong = lists.findIndex((list) => !isList(list));
  return (
    mistakeAmong(operation, operands) ??
    (wrong < 0 ? undefined : strange(operation, 'a list of numbers or names', lists[wrong]))
  );
};

/** The options that an operation is given; none where it is given something else. */
export const optionsOf = <Options extends object>(given: Options): Partial<Options> =>
  typeof given === 'object' && given !== null ? given : {};
