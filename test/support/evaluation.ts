/** Values of expressions in tests, where a `Left` is a failure of the test. */
import * as E from 'fp-ts/lib/Either.js';
import { type Environment, evaluate } from '../../compiler/evaluate.js';
import type { Expr } from '../../dsl/node.js';
import type { Shape, Sizes } from '../../dsl/shape.js';

/** The value of a `Right`; a `Left` fails the test and shows what it holds. */
export const rightOf = <L, R>(either: E.Either<L, R>): R => {
  if (E.isLeft(either)) throw new Error(`expected a Right, got ${JSON.stringify(either.left)}`);
  return either.right;
};

/** The error of a `Left`; a `Right` fails the test. */
export const leftOf = <L, R>(either: E.Either<L, R>): L => {
  if (E.isRight(either)) throw new Error('expected a Left');
  return either.left;
};

/** Values of expressions in float64. */
export const evaluatedAll = (
  roots: readonly Expr[],
  environment: Environment,
  sizes: Sizes = {},
): readonly Float64Array[] => rightOf(evaluate(roots, environment, sizes));

/** The value of one expression in float64. */
export const evaluated = (root: Expr, environment: Environment, sizes: Sizes = {}): Float64Array =>
  evaluatedAll([root], environment, sizes)[0] ?? new Float64Array(0);

/** The number of elements of a shape. */
export const lengthOf = (shape: Shape, sizes: Sizes = {}): number =>
  shape.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : (sizes[dim] ?? Number.NaN)), 1);
