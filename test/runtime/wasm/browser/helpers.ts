/** Runs inside a page: helper threads that do other things than they should, to see what they do and what is told of it. */
import * as E from 'fp-ts/lib/Either.js';
import { emitProgram } from '../../../../compiler/emit/wasm/index.js';
import { control } from '../../../../compiler/emit/wasm/layout.js';
import { showTargetError, type Target } from '../../../../runtime/target.js';
import { type Surroundings, surroundings } from '../../../../runtime/wasm/host.js';
import { wasmTarget } from '../../../../runtime/wasm/index.js';
import type { ThreadHost, WorkerHandle } from '../../../../runtime/wasm/pool.js';
import type { WorkerMessage } from '../../../../runtime/wasm/worker.js';
import { arraysOf, compileOn, rightOf, runStage } from '../run.js';
import { scaledInputs, scaledProduct } from './scaled.js';

/** This engine with other helpers: their script goes on after the real one, messages to them may be changed. */
interface Changes {
  readonly script?: string;
  readonly message?: (message: WorkerMessage) => WorkerMessage;
}

const changed = ({
  script = '',
  message = (same) => same,
}: Changes): { readonly around: Surroundings; readonly workers: readonly WorkerHandle[] } => {
  const around = surroundings();
  if (E.isLeft(around.host)) throw new Error(around.host.left);
  const host = around.host.right;
  const workers: WorkerHandle[] = [];
  const start: ThreadHost['start'] = (source, events) => {
    const worker = host.start(`${source}\n${script}`, events);
    workers.push(worker);
    return { ...worker, post: (given) => worker.post(message(given)) };
  };
  return { around: { ...around, host: E.right({ ...host, start }) }, workers };
};

const zOn = async (target: Target, scale: number): Promise<Float32Array> => {
  const executable = await compileOn(target, scaledProduct(scale));
  const { z } = await arraysOf(await runStage(executable, 'main', scaledInputs));
  executable.dispose();
  return z ?? new Float32Array(0);
};

/** How many elements of one run's 2 x W came from where. */
export interface Shares {
  readonly caller: number;
  readonly helper: number;
  /** Elements that are neither 2 x W nor 3 x W. */
  readonly neither: number;
}

/**
 * Runs 2 x W with a helper that has the module of 3 x W, so that its work can be told from the caller's, until both have had
 * a share of one run.
 */
export const sharesOfWork = async (): Promise<Shares> => {
  const single = rightOf(await wasmTarget({ threads: 1 })());
  const [own, other] = [await zOn(single, 2), await zOn(single, 3)];
  const options = { shared: true, relaxedSimd: false, patienceSeconds: 10 };
  const module = await WebAssembly.compile(emitProgram(scaledProduct(3), options).bytes);
  const { around } = changed({ message: (message) => (message.kind === 'add' ? { ...message, module } : message) });
  const target = rightOf(await wasmTarget({ threads: 2, surroundings: around })());
  const executable = await compileOn(target, scaledProduct(2));
  const count = (z: Float32Array, expected: Float32Array): number =>
    z.filter((value, i) => value === expected[i]).length;
  for (;;) {
    const { z = new Float32Array(0) } = await arraysOf(await runStage(executable, 'main', scaledInputs));
    const [caller, helper] = [count(z, own), count(z, other)];
    if (Math.min(caller, helper) === 0) continue;
    target.dispose();
    return { caller, helper, neither: z.length - caller - helper };
  }
};

/** What becomes of a helper. */
export type Fate = 'terminated' | 'throws' | 'takes a task and keeps it';

/** The script of a helper that starts like the real one, and does something else once it has a program. */
const instead = (deed: string): string => `
  const usual = self.onmessage;
  self.onmessage = (event) => {
    if (event.data.kind === 'start') usual(event);
    if (event.data.kind !== 'add') return;
    self.postMessage({ kind: 'ready' });
    ${deed}
  };`;

const scripts: Readonly<Record<Fate, string>> = {
  terminated: '',
  throws: instead(`throw new Error('lost its way');`),
  'takes a task and keeps it': instead(`
    const { buffer } = event.data.memory;
    const [tickets, words] = [new BigInt64Array(buffer), new Int32Array(buffer)];
    for (;;) {
      const ticket = Atomics.load(tickets, ${control.ticket / 8});
      if ((ticket & 0xffffffffn) >= ticket >> 32n) continue;
      // only the ticket that was seen free counts as taken: the caller may have been faster
      if (Atomics.compareExchange(tickets, ${control.ticket / 8}, ticket, ticket + 1n) !== ticket) continue;
      Atomics.wait(words, 255, 0);
    }`),
};

/** What is told after the loss of a helper. */
export interface Loss {
  /** The first error of a run, if there was one. */
  readonly error: string;
  /** The errors of a further run and of compiling another program. */
  readonly later: readonly string[];
}

const textOf = (result: E.Either<Parameters<typeof showTargetError>[0], unknown>): string =>
  E.isLeft(result) ? showTargetError(result.left) : 'no error';

/** Runs a program until its helper's fate becomes an error. */
export const lossOf = async (fate: Fate): Promise<Loss> => {
  const { around, workers } = changed({ script: scripts[fate] });
  const target = rightOf(await wasmTarget({ threads: 2, surroundings: around })());
  const executable = await compileOn(target, scaledProduct(2));
  const run = async (): Promise<string> => textOf(await executable.run('main', scaledInputs)());
  let error = await run();
  if (fate === 'terminated') for (const worker of workers) worker.terminate();
  while (error === 'no error') {
    // a turn of the event loop, in which the loss may become known
    if (fate !== 'takes a task and keeps it') await new Promise((resolve) => setTimeout(resolve, 1));
    error = await run();
  }
  const later = [await run(), textOf(await target.compile(scaledProduct(3))())];
  target.dispose();
  return { error, later };
};
