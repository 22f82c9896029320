/** Runs inside a page and inside a worker of that page: the network of the Boston benchmark on the public target. */
import * as E from 'fp-ts/lib/Either.js';
import { showTargetError, wasmTarget } from '../../../../index.js';
import { outputsOf, type Values } from '../../../cases/compare.js';
import { compileOn, rightOf } from '../run.js';
import { bostonCase } from './boston.js';
import { lossOf, sharesOfWork } from './helpers.js';

/** Where the script runs, and what the target does there. */
export interface Report {
  /** Are we in a worker, and may its thread sleep? */
  readonly inWorker: boolean;
  readonly mayBlock: boolean;
  /** What the target says of itself. */
  readonly description: string;
  /** Threads that the program ran on. */
  readonly threads: number;
  /** The outputs of each run. */
  readonly results: readonly Values[];
}

const inWorker = typeof document === 'undefined';

const mayBlock = (): boolean =>
  E.isRight(E.tryCatch(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1), String));

/** Runs the network on a number of threads. */
const run = async (threads: number): Promise<Report> => {
  const target = rightOf(await wasmTarget({ threads })());
  const executable = await compileOn(target, bostonCase.program);
  const results: Values[] = [];
  for (const one of bostonCase.runs) results.push(await outputsOf(executable, one));
  target.dispose();
  return { inWorker, mayBlock: mayBlock(), description: target.description, threads: executable.threads, results };
};

/** The same in a worker of the page: the target starts its helpers from there. */
const runInWorker = (threads: number): Promise<Report> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.url, { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(threads);
  });

/** The error of opening the target. */
const openingError = async (): Promise<string> => {
  const opened = await wasmTarget({ threads: 2 })();
  return E.isLeft(opened) ? showTargetError(opened.left) : opened.right.description;
};

/** The same in a page whose engine refuses to start a worker. */
const openingErrorWithoutWorkers = (): Promise<string> => {
  Object.assign(globalThis, {
    Worker: function refuse() {
      throw new Error('no more workers');
    },
  });
  return openingError();
};

if (inWorker) globalThis.onmessage = async ({ data }: MessageEvent<number>) => globalThis.postMessage(await run(data));
else Object.assign(globalThis, { run, runInWorker, openingError, openingErrorWithoutWorkers, sharesOfWork, lossOf });
