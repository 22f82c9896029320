/**
 * The code that worker threads run, as one string, so that it needs no file: it works from source, from `dist` and from
 * bundles, in Node and in browsers.
 *
 * A worker serves commands from a shared array of 32-bit words. It spins for a while before it sleeps, because the next
 * command usually comes soon. To be given a new program it returns to its event loop.
 */

/** Positions of the words of the command array. */
export const word = { epoch: 0, program: 16, stage: 32, threads: 48, served: 64 } as const;

/** Length of the command array: every word has a cache line of its own. */
export const commandWords = 80;

/** In the word `program`: return to the event loop, where a message with a new program waits. */
export const leaveCommand = -1;

/** What main sends to a worker. */
export type WorkerMessage =
  | { readonly kind: 'start'; readonly thread: number; readonly commands: Int32Array }
  | {
      readonly kind: 'add';
      readonly id: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly stages: readonly string[];
    }
  | { readonly kind: 'remove'; readonly id: number };

/** What a worker sends to main. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  /** Thread 0 has finished a stage (only where main itself may not block). */
  | { readonly kind: 'done'; readonly status: number };

/** The source of the worker: a classic script. */
export const workerSource = `
const port = typeof require === 'function' ? require('node:worker_threads').parentPort : self;
const programs = new Map();
let thread = 0, commands, seen = 0;
const serve = () => {
  for (;;) {
    for (let i = 0; i < 20000 && Atomics.load(commands, ${word.epoch}) === seen; i++);
    while (Atomics.load(commands, ${word.epoch}) === seen) Atomics.wait(commands, ${word.epoch}, seen);
    seen = Atomics.load(commands, ${word.epoch});
    const id = commands[${word.program}], stage = commands[${word.stage}], threads = commands[${word.threads}];
    const status = id === ${leaveCommand} ? 0 : programs.get(id)[stage](thread, threads);
    Atomics.add(commands, ${word.served}, 1);
    Atomics.notify(commands, ${word.served});
    if (id === ${leaveCommand}) return;
    if (thread === 0) port.postMessage({ kind: 'done', status });
  }
};
const receive = (message) => {
  if (message.kind === 'start') {
    thread = message.thread;
    commands = message.commands;
    port.postMessage({ kind: 'ready' });
    return;
  }
  if (message.kind === 'add') {
    const instance = new WebAssembly.Instance(message.module, { env: { memory: message.memory } });
    programs.set(message.id, message.stages.map((name) => instance.exports[name]));
    port.postMessage({ kind: 'ready' });
  } else programs.delete(message.id);
  serve();
};
if (typeof require === 'function') port.on('message', receive);
else self.onmessage = (event) => receive(event.data);
`;
