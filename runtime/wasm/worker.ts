/**
 * The code that helper threads run, as one string, so that it needs no file: it works from source, from `dist` and from
 * bundles, in Node and in browsers.
 *
 * A helper stays inside WebAssembly (`help`) for as long as its program is the one under way. It returns to its event loop
 * to hear of new programs.
 */

/** The size of the buffers by which a browser's collector is made to run. */
export const pressureBytes = 2 ** 26;

/** What main sends to a worker. */
export type WorkerMessage =
  /** `current` holds the number of the program to help with, or −1. */
  | { readonly kind: 'start'; readonly current: Int32Array }
  | {
      readonly kind: 'add';
      readonly id: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
    }
  | { readonly kind: 'remove'; readonly id: number }
  /** So many bytes of removed programs are garbage. */
  | { readonly kind: 'collect'; readonly bytes: number }
  /** Nothing but a reason to look at `current`. */
  | { readonly kind: 'enter' };

/** What a worker sends to main, in answer to `start` and `add`. */
export interface WorkerReply {
  readonly kind: 'ready';
}

/** The source of the worker: a classic script. */
export const workerSource = `
const inNode = typeof require === 'function';
const port = inNode ? require('node:worker_threads').parentPort : self;
// in a browser a lock of the worker's name, kept for as long as it lives
const alive = inNode
  ? Promise.resolve()
  : new Promise((held) => {
      const keep = () => {
        held();
        return new Promise(() => {});
      };
      navigator.locks.request(self.name, keep);
    });
const programs = new Map();
let current;
// as the hosts of the calling thread do
const collect = inNode
  ? () => {
      require('node:v8').setFlagsFromString('--expose-gc');
      require('node:vm').runInNewContext('gc')();
    }
  : (bytes) => {
      for (let left = bytes; left > 0; left -= ${pressureBytes}) new ArrayBuffer(${pressureBytes});
    };
const serve = () => {
  for (;;) {
    const help = programs.get(Atomics.load(current, 0));
    if (help === undefined) return;
    help();
  }
};
const receive = (message) => {
  switch (message.kind) {
    case 'start':
      current = message.current;
      alive.then(() => port.postMessage({ kind: 'ready' }));
      break;
    case 'add': {
      const instance = new WebAssembly.Instance(message.module, { env: { memory: message.memory } });
      programs.set(message.id, instance.exports.help);
      port.postMessage({ kind: 'ready' });
      break;
    }
    case 'remove':
      programs.delete(message.id);
      break;
    case 'collect':
      collect(message.bytes);
      break;
  }
  serve();
};
if (inNode) port.on('message', receive);
else self.onmessage = (event) => receive(event.data);
`;
