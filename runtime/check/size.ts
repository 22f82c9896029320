/** Is a check small enough to be made? Every value is kept in float64 while a law is checked. */
import * as E from 'fp-ts/lib/Either.js';
import { bindShape } from '../../compiler/evaluate.js';
import { type DslError, type Expr, postorder, type Sizes, unsupportedError } from '../../dsl/index.js';

/** Numbers that all values may have together: 4 GiB. */
const limit = 2 ** 29;

/** Left: the values of some expressions, together, are more than a check can hold. */
export const checkSize = (roots: readonly Expr[], sizes: Sizes): E.Either<DslError, void> => {
  const numbers = postorder(roots).reduce(
    (sum, { shape }) => sum + bindShape(shape, sizes).reduce((product, size) => product * size, 1),
    0,
  );
  return numbers <= limit
    ? E.right(undefined)
    : E.left(
        unsupportedError(
          'check',
          `values of ${limit} numbers at most`,
          `${numbers}; choose a smaller batch (--batch), or check a smaller model of the same kind`,
        ),
      );
};
