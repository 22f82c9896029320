/** Ctrl-C, and the wish of a system that a program should end, as a question that a loop can ask. */
import type * as IO from 'fp-ts/lib/IO.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';

/** The signals that end a run after its current step. */
export type Signal = 'SIGINT' | 'SIGTERM';

/** Exit codes as shells give them to programs that end by a signal: 128 + its number. */
const exitCodes: { readonly [S in Signal]: number } = { SIGINT: 130, SIGTERM: 143 };

/** Has the program been asked to end, and by which signal? */
export type Interrupted = IO.IO<Signal | undefined>;

/** Runs `body` with an answer to whether it should end. A second signal ends the process as usual. */
export const withInterrupt =
  <Failure, A>(body: (interrupted: Interrupted) => TE.TaskEither<Failure, A>): TE.TaskEither<Failure, A> =>
  async () => {
    let received: Signal | undefined;
    const ask = (signal: Signal): void => {
      received = signal;
      ignore();
    };
    const asks = (['SIGINT', 'SIGTERM'] as const).map((signal) => ({ signal, on: () => ask(signal) }));
    const ignore = (): void => {
      for (const { signal, on } of asks) process.removeListener(signal, on);
    };
    for (const { signal, on } of asks) process.on(signal, on);
    const result = await body(() => received)();
    ignore();
    return result;
  };

/** Has the process end with the exit code of what a session was ended by, if it was. */
export const exitAsEnded = (by: Signal | undefined): void => {
  if (by !== undefined) process.exitCode = exitCodes[by];
};
