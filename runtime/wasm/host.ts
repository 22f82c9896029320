/** What this JavaScript engine offers for threads: found at run time, without imports that only one kind of engine has. */
import type { ThreadHost } from './pool.js';
import type { WorkerReply } from './worker.js';

const nodeModules = () => {
  const { process } = globalThis;
  // `process` is not there in browsers, whatever its type says
  return typeof process === 'object' && typeof process.getBuiltinModule === 'function'
    ? { threads: process.getBuiltinModule('node:worker_threads'), os: process.getBuiltinModule('node:os') }
    : undefined;
};

type NodeModules = NonNullable<ReturnType<typeof nodeModules>>;

const nodeHost = ({ threads }: NodeModules): ThreadHost => ({
  callerMayBlock: true,
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

const browserHost: ThreadHost = {
  callerMayBlock: false,
  start: (source, events) => {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => events.reply(data);
    worker.onerror = ({ message }) => events.failed(message);
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
};

/** What there is to compute on. */
export interface Surroundings {
  /** Undefined where memory cannot be shared between threads. */
  readonly host: ThreadHost | undefined;
  readonly processors: number;
  readonly engine: string;
}

/** Looks at the engine. */
export const surroundings = (): Surroundings => {
  const node = nodeModules();
  if (node !== undefined)
    return {
      host: nodeHost(node),
      processors: node.os.availableParallelism(),
      engine: `Node ${globalThis.process.versions.node}`,
    };
  const isolated = globalThis.crossOriginIsolated === true && typeof Worker === 'function';
  return {
    host: isolated ? browserHost : undefined,
    processors: globalThis.navigator?.hardwareConcurrency ?? 1,
    engine: 'browser',
  };
};
