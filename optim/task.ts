/** Loops of effects in constant stack: what `tailRec` is for pure functions. */
import * as E from 'fp-ts/lib/Either.js';
import type * as T from 'fp-ts/lib/Task.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';

/**
 * Repeats `step` from `initial` while it gives `E.left(next)`; `E.right(result)` ends the loop, and so does a failure.
 * The stack stays flat however many rounds it takes.
 */
export const tailRecTask =
  <Failure, A, B>(initial: A, step: (value: A) => TE.TaskEither<Failure, E.Either<A, B>>): TE.TaskEither<Failure, B> =>
  async () => {
    let value = initial;
    for (;;) {
      const outcome = await step(value)();
      if (E.isLeft(outcome)) return outcome;
      if (E.isRight(outcome.right)) return outcome.right;
      value = outcome.right.left;
    }
  };

/** Lets pending events (a signal, a redraw) happen before the program goes on. */
export const yieldToEvents: T.Task<void> = () =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
