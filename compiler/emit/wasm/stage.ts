/**
 * Stage → one function `(thread, threads) → status` that all threads run at once: each takes its share of every kernel's
 * units, with a barrier wherever a thread could otherwise read what another has not written, or write what another still
 * reads. Small kernels are left to thread 0. Status 0 is success, 1 a thread that did not arrive in time.
 */
import type { Program, Stage, Step } from '../../program.js';
import {
  block,
  branch,
  type Code,
  call,
  f32,
  get,
  i32,
  i64,
  type Local,
  label,
  local,
  loop,
  memory,
  plain,
  set,
  type WasmFunction,
  when,
} from './code.js';
import { control, type Layout } from './layout.js';

/** What the stage needs to know of an emitted kernel. */
export interface KernelSummary {
  readonly fn: string;
  readonly units: number;
  readonly cycles: number;
}

// measured: two barriers cost about 1 µs, that is 3500 cycles
const parallelCycles = 8000;

// below this, waking the other threads costs more than they save (10–15 µs)
const parallelStageCycles = 150_000;

// rounds that a loop is taken to run when its cost is estimated
const assumedRounds = 8;

const isParallel = ({ units, cycles }: KernelSummary): boolean => units > 1 && cycles >= parallelCycles;

/** By kernel: the functions that it is run as, one after the other. */
type Kernels = ReadonlyMap<string, readonly KernelSummary[]>;

const hasParallel = (steps: readonly Step[], kernels: Kernels): boolean =>
  steps.some((step) => {
    if (step.kind === 'loop') return hasParallel([...step.condition, ...step.body], kernels);
    return step.kind === 'kernel' && (kernels.get(step.kernel.name) ?? []).some(isParallel);
  });

const cyclesOf = (steps: readonly Step[], kernels: Kernels): number =>
  steps.reduce((sum, step) => {
    if (step.kind === 'loop') return sum + assumedRounds * cyclesOf([...step.condition, ...step.body], kernels);
    const own = step.kind === 'kernel' ? (kernels.get(step.kernel.name) ?? []) : [];
    return own.reduce((total, { cycles }) => total + cycles, sum);
  }, 0);

/** Is the stage worth more than one thread? */
export const worthThreads = (stage: Stage, kernels: Kernels): boolean =>
  hasParallel(stage.steps, kernels) && cyclesOf(stage.steps, kernels) >= parallelStageCycles;

const spins = 20_000;
const waitNanoseconds = 100_000_000;

/** All of `threads` threads meet: 0, or 1 if some did not come within `seconds` or the pool is broken. */
export const barrierFunction = (seconds: number): WasmFunction => {
  const [threads, generation, turns] = [local('i32', 'threads'), local('i32', 'generation'), local('i32', 'turns')];
  const [spin, sleep] = [label('spin'), label('sleep')];
  const read = memory('i32.atomic.load', control.generation, i32(0));
  const passed = plain('i32.ne', read, get(generation));
  const leave = (status: number): readonly Code[] => [plain('return', i32(status))];
  const again = (target: typeof spin, limit: number): readonly Code[] => [
    set(turns, plain('i32.add', get(turns), i32(1))),
    branch(target, plain('i32.lt_s', get(turns), i32(limit))),
  ];
  return {
    name: 'barrier',
    exported: false,
    params: [threads],
    results: ['i32'],
    body: [
      when(plain('i32.lt_s', get(threads), i32(2)), leave(0)),
      set(generation, read),
      when(
        plain(
          'i32.eq',
          memory('i32.atomic.rmw.add', control.arrived, i32(0), i32(1)),
          plain('i32.sub', get(threads), i32(1)),
        ),
        [
          memory('i32.atomic.store', control.arrived, i32(0), i32(0)),
          memory('i32.atomic.store', control.generation, i32(0), plain('i32.add', get(generation), i32(1))),
          { kind: 'drop', value: memory('memory.atomic.notify', control.generation, i32(0), i32(-1)) },
          ...leave(0),
        ],
      ),
      set(turns, i32(0)),
      loop(spin, [when(passed, leave(0)), ...again(spin, spins)]),
      set(turns, i32(0)),
      loop(sleep, [
        {
          kind: 'drop',
          value: memory('memory.atomic.wait32', control.generation, i32(0), get(generation), i64(waitNanoseconds)),
        },
        when(passed, leave(0)),
        when(memory('i32.atomic.load', control.broken, i32(0)), leave(1)),
        ...again(sleep, Math.ceil((seconds * 1e9) / waitNanoseconds)),
      ]),
      memory('i32.atomic.store', control.broken, i32(0), i32(1)),
      i32(1),
    ],
  };
};

interface Emission {
  readonly program: Program;
  readonly layout: Layout;
  readonly kernels: Kernels;
  readonly thread: Local;
  readonly threads: Local;
}

/** Who has touched memory since the last barrier: nobody, thread 0 alone, or all. */
type Pending = 'none' | 'first' | 'all';

interface Emitted {
  readonly code: readonly Code[];
  readonly pending: Pending;
}

const meet = ({ threads }: Emission): Code => when(call('barrier', get(threads)), [plain('return', i32(1))]);

/** Code for thread 0 alone. */
const alone = (emission: Emission, code: readonly Code[], pending: Pending): Emitted =>
  code.length === 0
    ? { code, pending }
    : {
        code: [...(pending === 'all' ? [meet(emission)] : []), when(plain('i32.eqz', get(emission.thread)), code)],
        pending: 'first',
      };

const emitSteps = (emission: Emission, steps: readonly Step[], before: Pending): Emitted => {
  const code: Code[] = [];
  let pending = before;
  for (const step of steps) {
    const emitted = emitStep(emission, step, pending);
    code.push(...emitted.code);
    pending = emitted.pending;
  }
  return { code, pending };
};

const copyCode = ({ program, layout }: Emission, from: number, to: number): readonly Code[] => {
  const [source = 0, target = 0] = [layout.buffers[from], layout.buffers[to]];
  const bytes = 4 * (program.buffers[from]?.length ?? 0);
  return source === target ? [] : [{ kind: 'memory.copy', args: [i32(target), i32(source), i32(bytes)] }];
};

const joinCode = ({ program, layout }: Emission, output: number, parts: readonly number[]): readonly Code[] => {
  let target = layout.buffers[output] ?? 0;
  return parts.flatMap((part) => {
    const [source = 0, at] = [layout.buffers[part], target];
    const bytes = 4 * (program.buffers[part]?.length ?? 0);
    target += bytes;
    return source === at ? [] : [{ kind: 'memory.copy' as const, args: [i32(at), i32(source), i32(bytes)] }];
  });
};

/** The steps as thread 0 alone runs them, without barriers. */
const serialSteps = (emission: Emission, steps: readonly Step[]): readonly Code[] =>
  steps.flatMap((step) => serialStep(emission, step));

const serialStep = (emission: Emission, step: Step): readonly Code[] => {
  switch (step.kind) {
    case 'copy':
      return copyCode(emission, step.from, step.to);
    case 'join':
      return joinCode(emission, step.output, step.parts);
    case 'kernel':
      return (emission.kernels.get(step.kernel.name) ?? []).map(({ fn, units }) => call(fn, i32(0), i32(units)));
    case 'loop':
      return loopCode(emission, step, serialSteps(emission, step.condition), serialSteps(emission, step.body));
  }
};

const loopCode = (
  { layout }: Emission,
  { name, proceed }: Extract<Step, { readonly kind: 'loop' }>,
  condition: readonly Code[],
  body: readonly Code[],
): readonly Code[] => {
  const [exit, head] = [label(`${name}_end`), label(name)];
  const flag = memory('f32.load', layout.buffers[proceed] ?? 0, i32(0));
  return [
    block(exit, [loop(head, [...condition, branch(exit, plain('f32.eq', flag, f32(0))), ...body, branch(head)])]),
  ];
};

const emitStep = (emission: Emission, step: Step, pending: Pending): Emitted => {
  if (!hasParallel([step], emission.kernels)) return alone(emission, serialSteps(emission, [step]), pending);
  if (step.kind === 'loop') {
    // at the head, whatever may be pending on entry or after the body is taken to be
    const condition = emitSteps(emission, step.condition, 'all');
    const body = emitSteps(emission, step.body, 'none');
    return {
      code: loopCode(emission, step, [...condition.code, meet(emission)], body.code),
      pending: 'none',
    };
  }
  const kernels = step.kind === 'kernel' ? (emission.kernels.get(step.kernel.name) ?? []) : [];
  return kernels.reduce<Emitted>(
    (before, kernel) => {
      const next = emitKernelCall(emission, kernel, before.pending);
      return { code: [...before.code, ...next.code], pending: next.pending };
    },
    { code: [], pending },
  );
};

/** Every thread calls a kernel for its share of the units; a small kernel is thread 0's. */
const emitKernelCall = (emission: Emission, kernel: KernelSummary, pending: Pending): Emitted => {
  const { fn, units } = kernel;
  if (!isParallel(kernel)) return alone(emission, [call(fn, i32(0), i32(units))], pending);
  const share = (thread: Code): Code => plain('i32.div_u', plain('i32.mul', i32(units), thread), get(emission.threads));
  const { thread } = emission;
  return {
    code: [
      ...(pending === 'none' ? [] : [meet(emission)]),
      call(fn, share(get(thread)), share(plain('i32.add', get(thread), i32(1)))),
    ],
    pending: 'all',
  };
};

/** The function of a stage. */
export const emitStage = (
  name: string,
  stage: Stage,
  program: Program,
  layout: Layout,
  kernels: Kernels,
): WasmFunction => {
  const [thread, threads] = [local('i32', 'thread'), local('i32', 'threads')];
  const emission: Emission = { program, layout, kernels, thread, threads };
  const { code, pending } = emitSteps(emission, stage.steps, 'none');
  return {
    name,
    exported: true,
    params: [thread, threads],
    results: ['i32'],
    body: [...code, ...(pending === 'none' ? [] : [meet(emission)]), i32(0)],
  };
};
