/**
 * A pool of helper threads. The calling thread runs the stages; helpers take tasks of the kernels that it shares. They
 * help with one program at a time, the one that was run last.
 */
import * as E from 'fp-ts/lib/Either.js';
import { control } from '../../compiler/emit/wasm/layout.js';
import { type WorkerMessage, type WorkerReply, workerSource } from './worker.js';

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
  /** May the calling thread sleep? A browser's page may not. */
  readonly callerMayBlock: boolean;
  readonly start: (source: string, events: WorkerEvents) => WorkerHandle;
  /** Has the calling thread's garbage collector look for shared memories of so many bytes that nobody uses any more. */
  readonly collect: (bytes: number) => void;
}

/** A program as helpers need it. */
export interface PoolProgram {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export interface Pool {
  /** The calling thread included. */
  readonly threads: number;
  /** Makes a program known to all helpers, and gives its number. */
  readonly add: (program: PoolProgram) => Promise<E.Either<string, number>>;
  readonly remove: (id: number) => void;
  /** Tells that so many bytes of shared memory have become garbage, on the calling thread and in the helpers. */
  readonly release: (bytes: number) => void;
  /** Has the helpers turn to a program; `Left` if a helper is lost. */
  readonly enter: (id: number) => E.Either<string, void>;
  /** Gives the pool up: a helper has not finished a task that it took. */
  readonly fail: (reason: string) => void;
  readonly dispose: () => void;
}

const nobody = -1;

// Engines do not count shared memory as part of any thread's heap: nothing but a request has a collector find what is
// garbage. A collection takes milliseconds, so one is asked for only after as much has been released as is worth it.
const releasedLimit = 2 ** 27;

const wordOf = (name: keyof typeof control): number => control[name] / Int32Array.BYTES_PER_ELEMENT;

/** Starts a pool of `threads` threads in all. `seconds` is how long a helper that does not answer is waited for. */
export const startPool = async (
  host: ThreadHost,
  threads: number,
  seconds: number,
): Promise<E.Either<string, Pool>> => {
  const current = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let broken: string | undefined;
  let added = 0;
  let released = 0;
  // the control words of every program
  const programs = new Map<number, Int32Array>();
  // who waits for the next message of each worker
  const waiting: (((reply: WorkerReply | undefined) => void) | undefined)[] = [];

  const fail = (reason: string): void => {
    broken ??= reason;
    for (const [i, settle] of waiting.entries()) {
      waiting[i] = undefined;
      settle?.(undefined);
    }
  };
  const workers = Array.from({ length: threads - 1 }, (_, i) =>
    host.start(workerSource, {
      reply: (message) => waiting[i]?.(message),
      failed: (reason) => fail(`a helper thread was lost: ${reason}`),
    }),
  );

  /** Sends a message to all workers and waits for all their answers. */
  const ask = async (message: WorkerMessage): Promise<E.Either<string, void>> => {
    if (broken !== undefined) return E.left(broken);
    const answers = workers.map(
      (_, i) =>
        new Promise<WorkerReply | undefined>((resolve) => {
          waiting[i] = resolve;
        }),
    );
    for (const worker of workers) worker.post(message);
    const timer = setTimeout(() => fail(`a helper thread did not answer within ${seconds} s`), 1000 * seconds);
    await Promise.all(answers);
    clearTimeout(timer);
    return broken === undefined ? E.right(undefined) : E.left(broken);
  };

  /** Calls the helpers out of the program they are at. */
  const leave = (): void => {
    const words = programs.get(Atomics.load(current, 0));
    Atomics.store(current, 0, nobody);
    if (words === undefined) return;
    Atomics.store(words, wordOf('leave'), 1);
    // a sleeping helper waits for the epoch to change
    Atomics.add(words, wordOf('epoch'), 1);
    Atomics.notify(words, wordOf('epoch'));
  };

  // programs are added one at a time
  let turn: Promise<unknown> = Promise.resolve();

  Atomics.store(current, 0, nobody);
  const started = await ask({ kind: 'start', current });
  if (E.isLeft(started)) {
    for (const worker of workers) worker.terminate();
    return started;
  }
  return E.right({
    threads,
    add: (program) => {
      const task = async (): Promise<E.Either<string, number>> => {
        const id = added;
        added += 1;
        const words = new Int32Array(program.memory.buffer);
        Atomics.store(words, wordOf('mayBlock'), host.callerMayBlock ? 1 : 0);
        leave();
        const answered = await ask({ kind: 'add', id, ...program });
        if (E.isLeft(answered)) return answered;
        programs.set(id, words);
        return E.right(id);
      };
      const next = turn.then(task, task);
      turn = next;
      return next;
    },
    remove: (id) => {
      if (Atomics.load(current, 0) === id) leave();
      programs.delete(id);
      for (const worker of workers) worker.post({ kind: 'remove', id });
    },
    release: (bytes) => {
      released += bytes;
      if (released < releasedLimit) return;
      for (const worker of workers) worker.post({ kind: 'collect', bytes: released });
      host.collect(released);
      released = 0;
    },
    enter: (id) => {
      if (broken !== undefined) return E.left(broken);
      if (Atomics.load(current, 0) === id) return E.right(undefined);
      leave();
      const words = programs.get(id);
      if (words !== undefined) Atomics.store(words, wordOf('leave'), 0);
      Atomics.store(current, 0, id);
      for (const worker of workers) worker.post({ kind: 'enter' });
      return E.right(undefined);
    },
    fail,
    dispose: () => {
      fail('the target has been disposed of');
      for (const worker of workers) worker.terminate();
      if (released > 0) host.collect(released);
    },
  });
};
