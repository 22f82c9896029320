/**
 * A pool of worker threads that run stages together. In Node the calling thread is thread 0 and blocks while a stage
 * runs; in browsers, where the page may not block, a worker is thread 0 and reports when it is done.
 */
import * as E from 'fp-ts/lib/Either.js';
import { commandWords, leaveCommand, type WorkerMessage, type WorkerReply, word, workerSource } from './worker.js';

/** One worker thread, in Node or in a browser. */
export interface WorkerHandle {
  readonly post: (message: WorkerMessage) => void;
  readonly terminate: () => void;
}

/** What the owner of a worker is told. */
export interface WorkerEvents {
  readonly reply: (message: WorkerReply) => void;
  /** It has ended or failed, and why. */
  readonly failed: (reason: string) => void;
}

/** The threads of this engine. */
export interface ThreadHost {
  /** May the calling thread block and so be thread 0? */
  readonly callerMayBlock: boolean;
  readonly start: (source: string, events: WorkerEvents) => WorkerHandle;
}

/** A program as workers need it. */
export interface PoolProgram {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly stages: readonly string[];
}

/** Runs a stage on this thread as thread 0: `(thread, threads) → status`. */
export type StageFunction = (thread: number, threads: number) => number;

export interface Pool {
  readonly threads: number;
  /** Makes a program known to all workers. */
  readonly add: (program: PoolProgram) => Promise<E.Either<string, number>>;
  readonly remove: (id: number) => void;
  /** Runs a stage on all threads; `Left` if a thread is lost. */
  readonly run: (id: number, stage: number, own: StageFunction) => Promise<E.Either<string, void>>;
  readonly dispose: () => void;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Starts a pool of `threads` threads in all. `seconds` is how long a thread that does not answer is waited for. */
export const startPool = async (
  host: ThreadHost,
  threads: number,
  seconds: number,
): Promise<E.Either<string, Pool>> => {
  const commands = new Int32Array(new SharedArrayBuffer(4 * commandWords));
  const workerCount = host.callerMayBlock ? threads - 1 : threads;
  let broken: string | undefined;
  let issued = 0;
  let programs = 0;
  const replies: ((reply: WorkerReply | undefined) => void)[][] = [];
  const events = (worker: number): WorkerEvents => ({
    reply: (message) => replies[worker]?.shift()?.(message),
    failed: (reason) => {
      broken ??= `a worker thread was lost: ${reason}`;
      for (const waiting of replies) for (const settle of waiting.splice(0)) settle(undefined);
    },
  });
  const workers = Array.from({ length: workerCount }, (_, i) => {
    replies.push([]);
    return host.start(workerSource, events(i));
  });

  /** Every worker's next message, or why there is none. */
  const nextReplies = async (waiting: readonly number[]): Promise<E.Either<string, readonly WorkerReply[]>> => {
    const answers = waiting.map((i) => new Promise<WorkerReply | undefined>((resolve) => replies[i]?.push(resolve)));
    const timeout = new Promise<undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), 1000 * seconds);
      void Promise.all(answers).then(() => clearTimeout(timer));
    });
    const received: WorkerReply[] = [];
    for (const answer of answers) {
      const reply = broken === undefined ? await Promise.race([answer, timeout]) : undefined;
      if (reply === undefined) {
        broken ??= `a worker thread did not answer within ${seconds} s`;
        return E.left(broken);
      }
      received.push(reply);
    }
    return E.right(received);
  };
  const everyone = workers.map((_, i) => i);

  /** Waits until every worker has served all commands, so that the command words may be written again. */
  const served = async (): Promise<E.Either<string, void>> => {
    const deadline = Date.now() + 1000 * seconds;
    for (;;) {
      const count = Atomics.load(commands, word.served);
      if (count === issued * workerCount) return E.right(undefined);
      if (broken === undefined && Date.now() > deadline) broken = `a worker thread did not answer within ${seconds} s`;
      if (broken !== undefined) return E.left(broken);
      if (host.callerMayBlock) Atomics.wait(commands, word.served, count, 100);
      else await pause();
    }
  };

  const issue = (program: number, stage: number): void => {
    commands[word.program] = program;
    commands[word.stage] = stage;
    commands[word.threads] = threads;
    issued += 1;
    Atomics.add(commands, word.epoch, 1);
    Atomics.notify(commands, word.epoch);
  };

  /** Calls the workers back to their event loops to hear a message; the first program finds them there already. */
  const tell = async (message: WorkerMessage): Promise<E.Either<string, void>> => {
    const free = await served();
    if (E.isLeft(free)) return free;
    for (const worker of workers) worker.post(message);
    if (programs > 0) issue(leaveCommand, 0);
    return E.right(undefined);
  };

  // programs are added and removed one at a time
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <A>(task: () => Promise<A>): Promise<A> => {
    const next = turn.then(task, task);
    turn = next;
    return next;
  };

  const startReplies = nextReplies(everyone);
  for (const [i, worker] of workers.entries())
    worker.post({ kind: 'start', thread: host.callerMayBlock ? i + 1 : i, commands });
  const started = await startReplies;
  if (E.isLeft(started)) return started;

  return E.right({
    threads,
    add: (program) =>
      inTurn(async () => {
        const id = programs;
        const answers = nextReplies(everyone);
        const told = await tell({ kind: 'add', id, ...program });
        programs += 1;
        if (E.isLeft(told)) return told;
        const ready = await answers;
        return E.isLeft(ready) ? ready : E.right(id);
      }),
    remove: (id) => {
      void inTurn(() => tell({ kind: 'remove', id }));
    },
    run: (id, stage, own) =>
      inTurn(async () => {
        const free = await served();
        if (E.isLeft(free)) return free;
        const answer = host.callerMayBlock ? undefined : nextReplies([0]);
        issue(id, stage);
        if (answer === undefined) {
          if (own(0, threads) === 0) return E.right(undefined);
        } else {
          const done = await answer;
          if (E.isLeft(done)) return done;
          if (done.right.every((reply) => reply.kind === 'done' && reply.status === 0)) return E.right(undefined);
        }
        broken ??= `a worker thread did not reach a barrier within ${seconds} s`;
        return E.left(broken);
      }),
    dispose: () => {
      broken ??= 'the target has been disposed of';
      for (const worker of workers) worker.terminate();
    },
  });
};
