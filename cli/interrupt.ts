/** Ctrl-C as a question that a loop can ask. */
import type * as IO from 'fp-ts/lib/IO.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';

/** Runs `body` with an answer to "has the user pressed Ctrl-C?". A second Ctrl-C ends the process as usual. */
export const withInterrupt =
  <Failure, A>(body: (interrupted: IO.IO<boolean>) => TE.TaskEither<Failure, A>): TE.TaskEither<Failure, A> =>
  async () => {
    let pressed = false;
    const press = (): void => {
      pressed = true;
    };
    process.once('SIGINT', press);
    const result = await body(() => pressed)();
    process.removeListener('SIGINT', press);
    return result;
  };
