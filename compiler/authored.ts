/** Checks of a model as its author wrote it; mistakes come with the path to them. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { DslError } from '../dsl/error.js';
import { check } from '../dsl/expr.js';
import { misfit } from '../dsl/misfit.js';
import type { Expr } from '../dsl/node.js';

/** The first mistake among named expressions of a model, with the path to it. */
export const firstMistake = (model: string, named: Readonly<Record<string, Expr>>): E.Either<DslError, unknown> => {
  for (const [name, expr] of Object.entries(named)) {
    const checked = check(expr);
    if (E.isLeft(checked)) return E.left({ ...checked.left, path: [model, name, ...checked.left.path] });
  }
  return E.right(named);
};

/** What an author wrote: a network's output, and a loss on it. */
export interface Authored {
  readonly name: string;
  /** z, before the output nonlinearity. */
  readonly output: Expr;
  /** z ↦ the loss, a scalar. */
  readonly loss: (output: Expr) => Expr;
}

/**
 * Checks what an author wrote, where parameters still have their names, and gives the loss. Left: the mistake, or a loss
 * that is no scalar, with the path to it.
 */
export const checkAuthored = ({ name, output, loss: lossOf }: Authored): E.Either<DslError, Expr> => {
  const loss = lossOf(output);
  return pipe(
    firstMistake(name, { output, loss }),
    E.filterOrElse(
      () => loss.shape.length === 0,
      (): DslError => ({ ...misfit('loss', 'a scalar, such as a mean over the batch', loss), path: [name, 'loss'] }),
    ),
    E.map(() => loss),
  );
};
