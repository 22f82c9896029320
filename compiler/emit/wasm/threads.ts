/**
 * Kernels shared out among threads. A kernel is cut into tasks; the thread that runs the stage publishes them and works
 * on them itself, and any helper that is awake takes tasks too. Nobody waits for a helper that has taken nothing, so a
 * helper that is not scheduled, or asleep, costs nothing. Tasks write different elements: who runs them does not matter.
 */
import {
  block,
  branch,
  type Code,
  call,
  get,
  i32,
  i64,
  label,
  local,
  loop,
  memory,
  plain,
  set,
  type WasmFunction,
  when,
} from './code.js';
import { control } from './layout.js';

/** A kernel that threads share. */
export interface SharedKernel {
  /** Its function `(lo, hi)` over units. */
  readonly fn: string;
  readonly units: number;
  /** Tasks that its units are handed out in. */
  readonly tasks: number;
}

const zero = i32(0);
const read = (word: keyof typeof control): Code => memory('i32.atomic.load', control[word], zero);
const write = (word: keyof typeof control, value: Code): Code => memory('i32.atomic.store', control[word], zero, value);
const increment = (word: keyof typeof control): Code => memory('i32.atomic.rmw.add', control[word], zero, i32(1));
const drop = (value: Code): Code => ({ kind: 'drop', value });
const result = (value: Code): Code => plain('return', value);

// the two halves of a ticket
const nextOf = (ticket: Code): Code => plain('i32.wrap_i64', ticket);
const tasksOf = (ticket: Code): Code => plain('i32.wrap_i64', plain('i64.shr_u', ticket, i64(32)));

// a wake-up takes about as long as this many turns
const spins = 20_000;
const waitNanoseconds = 100_000_000;
// turns that take about `waitNanoseconds`, at a cycle or two each
const longSpins = 200_000_000;

const forever = -1;

/** `kernel.task(kernel, task)`: a binary decision on the kernel's number, then the call. */
const taskFunction = (kernels: readonly SharedKernel[]): WasmFunction => {
  const [kernel, task] = [local('i32', 'kernel'), local('i32', 'task')];
  const decide = (from: number, to: number): readonly Code[] => {
    const [only, middle] = [kernels[from], Math.floor((from + to) / 2)];
    if (to - from > 1)
      return [when(plain('i32.lt_s', get(kernel), i32(middle)), decide(from, middle), decide(middle, to))];
    if (only === undefined) return [];
    const share = (at: Code): Code => plain('i32.div_u', plain('i32.mul', at, i32(only.units)), i32(only.tasks));
    // every other kernel begins at its end, where the one before has just been: measured, 2 to 4 % of a product in LeNet
    const at = from % 2 === 0 ? get(task) : plain('i32.sub', i32(only.tasks - 1), get(task));
    return [call(only.fn, share(at), share(plain('i32.add', at, i32(1))))];
  };
  return { name: 'task', exported: false, params: [kernel, task], results: [], body: decide(0, kernels.length) };
};

/** Takes tasks until none is left. Whoever holds a task knows that the kernel stays the same until it is done. */
const work: WasmFunction = (() => {
  const ticket = local('i64', 'ticket');
  const [done, again] = [label('done'), label('again')];
  const left = plain('i32.lt_s', nextOf(get(ticket)), tasksOf(get(ticket)));
  return {
    name: 'work',
    exported: false,
    params: [],
    results: [],
    body: [
      block(done, [
        loop(again, [
          set(ticket, memory('i64.atomic.load', control.ticket, zero)),
          branch(done, plain('i32.eqz', left)),
          set(ticket, memory('i64.atomic.rmw.add', control.ticket, zero, i64(1))),
          branch(done, plain('i32.eqz', left)),
          call('task', read('kernel'), nextOf(get(ticket))),
          when(plain('i32.eq', plain('i32.add', increment('done'), i32(1)), tasksOf(get(ticket))), [
            drop(memory('memory.atomic.notify', control.done, zero, i32(forever))),
          ]),
          branch(again),
        ]),
      ]),
    ],
  };
})();

/**
 * `pause(tasks) → finished`: sleeps, or spins where the calling thread may not sleep, until the tasks may be done. A
 * function of its own: with the wait inside the counting loop, V8 11.3 (Node 20) never leaves that loop once optimised.
 */
const pause: WasmFunction = (() => {
  const [tasks, done, turns] = [local('i32', 'tasks'), local('i32', 'done'), local('i32', 'turns')];
  const spin = label('spin');
  const finished = plain('i32.eq', read('done'), get(tasks));
  return {
    name: 'pause',
    exported: false,
    params: [tasks],
    results: ['i32'],
    body: [
      set(done, read('done')),
      when(plain('i32.eq', get(done), get(tasks)), [result(i32(1))]),
      when(read('mayBlock'), [
        drop(memory('memory.atomic.wait32', control.done, zero, get(done), i64(waitNanoseconds))),
        result(finished),
      ]),
      loop(spin, [
        when(finished, [result(i32(1))]),
        set(turns, plain('i32.add', get(turns), i32(1))),
        branch(spin, plain('i32.lt_s', get(turns), i32(longSpins))),
      ]),
      zero,
    ],
  };
})();

/** `finish(tasks) → status`: waits until all tasks are done: 0, or 1 if that takes more than `seconds`. */
const finishFunction = (seconds: number): WasmFunction => {
  const [tasks, turns, rounds] = [local('i32', 'tasks'), local('i32', 'turns'), local('i32', 'rounds')];
  const [spin, round] = [label('spin'), label('round')];
  // a few rounds more: each finished task ends one early
  const limit = 16 + Math.ceil((seconds * 1e9) / waitNanoseconds);
  return {
    name: 'finish',
    exported: false,
    params: [tasks],
    results: ['i32'],
    body: [
      loop(spin, [
        when(plain('i32.eq', read('done'), get(tasks)), [result(zero)]),
        set(turns, plain('i32.add', get(turns), i32(1))),
        branch(spin, plain('i32.lt_s', get(turns), i32(spins))),
      ]),
      loop(round, [
        when(call('pause', get(tasks)), [result(zero)]),
        set(rounds, plain('i32.add', get(rounds), i32(1))),
        branch(round, plain('i32.lt_s', get(rounds), i32(limit))),
      ]),
      i32(1),
    ],
  };
};

/** `share(kernel, tasks) → status`: has a kernel done by all threads that are awake. */
const share: WasmFunction = (() => {
  const [kernel, tasks] = [local('i32', 'kernel'), local('i32', 'tasks')];
  return {
    name: 'share',
    exported: false,
    params: [kernel, tasks],
    results: ['i32'],
    body: [
      write('done', zero),
      write('kernel', get(kernel)),
      memory(
        'i64.atomic.store',
        control.ticket,
        zero,
        plain('i64.shl', plain('i64.extend_i32_u', get(tasks)), i64(32)),
      ),
      drop(increment('epoch')),
      // once per sleep: a helper that has been woken and waits for its turn needs no second call
      when(read('sleepers'), [
        write('sleepers', zero),
        drop(memory('memory.atomic.notify', control.epoch, zero, i32(forever))),
      ]),
      call('work'),
      call('finish', get(tasks)),
    ],
  };
})();

/** What a helper runs until it is called away: works, spins for a while, sleeps until there is more. */
const help: WasmFunction = (() => {
  const [epoch, turns] = [local('i32', 'epoch'), local('i32', 'turns')];
  const [away, again, spin, woken] = [label('away'), label('again'), label('spin'), label('woken')];
  return {
    name: 'help',
    exported: true,
    params: [],
    results: [],
    body: [
      block(away, [
        loop(again, [
          set(epoch, read('epoch')),
          branch(away, read('leave')),
          call('work'),
          set(turns, zero),
          block(woken, [
            loop(spin, [
              branch(woken, plain('i32.ne', read('epoch'), get(epoch))),
              set(turns, plain('i32.add', get(turns), i32(1))),
              branch(spin, plain('i32.lt_s', get(turns), i32(spins))),
            ]),
            drop(increment('sleepers')),
            drop(memory('memory.atomic.wait32', control.epoch, zero, get(epoch), i64(forever))),
          ]),
          branch(again),
        ]),
      ]),
    ],
  };
})();

/** All functions that threads need, for the kernels that they share (a kernel's number is its position). */
export const threadFunctions = (kernels: readonly SharedKernel[], seconds: number): readonly WasmFunction[] => [
  taskFunction(kernels),
  work,
  pause,
  finishFunction(seconds),
  share,
  help,
];
