/** The values of expressions in float64, for tests. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { type Environment, evaluate } from '../../compiler/evaluate.js';
import { type Expr, type Sizes, showDslError } from '../../dsl/index.js';

/** The elements of an expression, row-major. Leaves are given by name. */
export const valuesOf = (
  expr: Expr,
  environment: Readonly<Record<string, ArrayLike<number>>> = {},
  sizes: Sizes = {},
): readonly number[] => {
  const given: Environment = new Map(Object.entries(environment));
  const result = evaluate([expr], given, sizes);
  if (E.isLeft(result)) expect.fail(showDslError(result.left));
  return [...(result.right[0] ?? [])];
};

/** Are two lists of numbers equal to a relative error of `tolerance`? */
export const expectClose = (actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void => {
  expect(actual.length).to.equal(expected.length);
  for (const [i, value] of expected.entries())
    expect(actual[i], `element ${i}`).to.be.closeTo(value, tolerance * Math.max(1, Math.abs(value)));
};
