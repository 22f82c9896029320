/** Assertions that hold in types (under `npm run typecheck`) and at run time at once. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { check, type Dim, type Expr, type Shape, showDslError } from '../../dsl/index.js';

/** Are two types the same (not only assignable to each other)? */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The expression is valid and has exactly this shape: in its type (checked by `tsc`) and at run time. */
export const exactly = <S extends Shape, const T extends Dim[] | []>(
  expr: Expr<S>,
  shape: readonly [...T] & (Equal<S, T> extends true ? unknown : 'the type of the shape differs'),
): void => {
  const checked = check(expr);
  if (E.isLeft(checked)) expect.fail(showDslError(checked.left));
  expect(expr.shape).to.deep.equal(shape);
};

/** The expression carries a mistake of this operation. Stands under `@ts-expect-error` where types know it, too. */
export const mistaken = (operation: string, expr: Expr): void => {
  const checked = check(expr);
  expect(E.isLeft(checked) ? checked.left.operation : 'none').to.equal(operation);
};
