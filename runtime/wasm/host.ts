/** What this JavaScript engine offers for threads: found at run time, without imports that only one kind of engine has. */
import * as E from 'fp-ts/lib/Either.js';
import type { ThreadHost } from './pool.js';
import { pressureBytes, type WorkerReply } from './worker.js';

const nodeModules = () => {
  const { process } = globalThis;
  // `process` is not there in browsers, whatever its type says
  return typeof process === 'object' && typeof process.getBuiltinModule === 'function'
    ? {
        threads: process.getBuiltinModule('node:worker_threads'),
        os: process.getBuiltinModule('node:os'),
        v8: process.getBuiltinModule('node:v8'),
        vm: process.getBuiltinModule('node:vm'),
      }
    : undefined;
};

type NodeModules = NonNullable<ReturnType<typeof nodeModules>>;

const nodeHost = ({ threads, v8, vm }: NodeModules): ThreadHost => ({
  callerMayBlock: true,
  collect: () => {
    // shows `gc` to contexts made from now on; nothing else of the process changes
    v8.setFlagsFromString('--expose-gc');
    vm.runInNewContext('gc')();
  },
  start: (source, events) => {
    // without the flags of this process, which may load a TypeScript compiler into every worker
    const worker = new threads.Worker(source, { eval: true, execArgv: [] });
    worker.on('message', (message: WorkerReply) => events.reply(message));
    worker.on('error', (error: unknown) => events.failed(String(error)));
    worker.on('exit', (code) => events.failed(`it ended with code ${code}`));
    worker.unref();
    return { post: (message) => worker.postMessage(message), terminate: () => void worker.terminate() };
  },
});

/** Only a worker may sleep, a page may not. A wait for what is not so returns at once where waiting is allowed. */
const mayBlock = (): boolean =>
  E.isRight(E.tryCatch(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1), String));

/** Tells when a worker has ended, which browsers do not: the lock that it holds, by its name, becomes free. */
const whenEnded = (name: string, failed: (reason: string) => void): void => {
  navigator.locks.request(name, () => failed('it ended')).catch((error: unknown) => failed(String(error)));
};

const browserHost = (): ThreadHost => ({
  callerMayBlock: mayBlock(),
  // a collector that cannot be called runs when buffers that it does count are made and dropped; no page of them is touched
  collect: (bytes) => {
    for (let left = bytes; left > 0; left -= pressureBytes) new ArrayBuffer(pressureBytes);
  },
  start: (source, events) => {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const name = `sgn.js helper ${crypto.randomUUID()}`;
    const started = E.tryCatch(() => new Worker(url, { name }), String);
    if (E.isLeft(started)) {
      events.failed(started.left);
      return { post: () => undefined, terminate: () => URL.revokeObjectURL(url) };
    }
    const worker = started.right;
    // its first answer says that it holds the lock
    worker.addEventListener('message', () => whenEnded(name, events.failed), { once: true });
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => events.reply(data));
    // a script that is not loaded (a content security policy without `worker-src blob:`) gives no message
    worker.addEventListener('error', ({ message }) => events.failed(message ?? 'its script was not loaded'));
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
});

/** What there is to compute on. */
export interface Surroundings {
  /** The threads of this engine, or why there is only the calling one. */
  readonly host: E.Either<string, ThreadHost>;
  readonly processors: number;
  readonly engine: string;
}

const browserThreads = (): Surroundings['host'] => {
  if (globalThis.crossOriginIsolated !== true)
    return E.left('no shared memory here: the page is not cross-origin isolated');
  // a sandbox's origin has no locks
  if (globalThis.origin === 'null') return E.left('no threads here: a page of an opaque origin cannot watch over them');
  return typeof Worker === 'function' ? E.right(browserHost()) : E.left('no threads here: workers cannot be started');
};

/** Looks at the engine. */
export const surroundings = (): Surroundings => {
  const node = nodeModules();
  return node === undefined
    ? { host: browserThreads(), processors: globalThis.navigator?.hardwareConcurrency ?? 1, engine: 'browser' }
    : {
        host: E.right(nodeHost(node)),
        processors: node.os.availableParallelism(),
        engine: `Node ${globalThis.process.versions.node}`,
      };
};
