/** What is being waited for: a promise that never settles says nothing, and Node ends when nothing else is left to do. */
import type * as IO from 'fp-ts/lib/IO.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';

const waits = new Set<{ readonly what: string }>();

/** A task of others, such as a module's loader, under the name by which it is told that it never ended. */
export const waitingFor =
  (what: string) =>
  <Failure, A>(task: TE.TaskEither<Failure, A>): TE.TaskEither<Failure, A> =>
  async () => {
    const wait = { what };
    waits.add(wait);
    try {
      return await task();
    } finally {
      waits.delete(wait);
    }
  };

/** What has begun and not ended, in the order in which it began. */
export const waitedFor: IO.IO<readonly string[]> = () => [...waits].map(({ what }) => what);
