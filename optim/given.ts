/** Expressions that an author's functions give. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type Expr, guarded, invalid, isExpr, showValue, unsupportedError } from '../dsl/index.js';

/** What a function gives; one that throws, or gives no expression, gives a mistake of `operation` that is carried like others. */
export const exprGiven = (operation: string, call: () => unknown): Expr => {
  const mistake = (actual: string): Expr => invalid(unsupportedError(operation, 'an expression', actual));
  return pipe(
    guarded(call),
    E.match(
      (reason) => mistake(`a throw: ${reason}`),
      (given) => (isExpr(given) ? given : mistake(showValue(given))),
    ),
  );
};
