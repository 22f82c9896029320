/**
 * Stage → one function `() → status`: its steps in order. Kernels that are worth it are shared among the threads; status
 * 0 is success, 1 a thread that did not finish what it had taken.
 */

import { lookup } from '../../../dsl/internal.js';
import { kernelsOf } from '../../cost.js';
import type { Program, Stage, Step } from '../../program.js';
import { lengthOf } from '../../queries.js';
import {
  block,
  branch,
  type Code,
  call,
  f32,
  i32,
  label,
  loop,
  memory,
  plain,
  type WasmFunction,
  when,
} from './code.js';
import { addressOf, type Layout } from './layout.js';
import type { SharedKernel } from './threads.js';

/** What a stage needs to know of a kernel's function. */
export interface KernelSummary {
  readonly fn: string;
  readonly units: number;
  readonly cycles: number;
}

/** By kernel: the functions that it is run as, one after the other. */
export type Kernels = ReadonlyMap<string, readonly KernelSummary[]>;

// measured: sharing a kernel costs about half a microsecond
const sharedCycles = 8000;

// measured: taking a task costs about 50 ns; tasks of 2 µs are many enough to even out the threads' ends
const taskCycles = 6000;
const mostTasks = 64;

// below this, waking the other threads takes longer than the work (10–15 µs)
const sharedStageCycles = 150_000;

// rounds that a loop is taken to run when its cost is estimated
const assumedRounds = 8;

const isShared = ({ units, cycles }: KernelSummary): boolean => units > 1 && cycles >= sharedCycles;

// a task begins at unit task · units / tasks, a product of 32 bits
const mostTasksOf = (units: number): number => Math.min(units, mostTasks, Math.floor(0xffff_ffff / units));

/** The tasks of a kernel. */
export const sharedKernel = ({ fn, units, cycles }: KernelSummary): SharedKernel => ({
  fn,
  units,
  tasks: Math.min(mostTasksOf(units), Math.max(2, Math.floor(cycles / taskCycles))),
});

const summariesOf = (steps: readonly Step[], kernels: Kernels): readonly KernelSummary[] =>
  kernelsOf(steps).flatMap(({ name }) => lookup(kernels, name, 'kernels of a stage'));

const cyclesOf = (steps: readonly Step[], kernels: Kernels): number =>
  steps.reduce(
    (sum, step) =>
      sum +
      (step.kind === 'loop'
        ? assumedRounds * cyclesOf([...step.condition, ...step.body], kernels)
        : summariesOf([step], kernels).reduce((total, { cycles }) => total + cycles, 0)),
    0,
  );

/** The kernel functions of a stage that threads share: none where the whole stage is too short for that. */
export const sharedOf = ({ steps }: Stage, kernels: Kernels): readonly KernelSummary[] =>
  cyclesOf(steps, kernels) < sharedStageCycles ? [] : summariesOf(steps, kernels).filter(isShared);

interface Emission {
  readonly program: Program;
  readonly layout: Layout;
  readonly kernels: Kernels;
  /** Numbers and tasks of the kernels that threads share, by function. */
  readonly shared: ReadonlyMap<string, { readonly index: number; readonly tasks: number }>;
}

const copyCode = ({ program, layout }: Emission, from: number, to: number): readonly Code[] => {
  const [source, target] = [addressOf(layout, from), addressOf(layout, to)];
  const bytes = 4 * lengthOf(program.buffers, from);
  return source === target ? [] : [{ kind: 'memory.copy', args: [i32(target), i32(source), i32(bytes)] }];
};

const joinCode = ({ program, layout }: Emission, output: number, parts: readonly number[]): readonly Code[] => {
  let target = addressOf(layout, output);
  return parts.flatMap((part): readonly Code[] => {
    const [source, place] = [addressOf(layout, part), target];
    const bytes = 4 * lengthOf(program.buffers, part);
    target += bytes;
    return source === place ? [] : [{ kind: 'memory.copy', args: [i32(place), i32(source), i32(bytes)] }];
  });
};

const kernelCode = ({ kernels, shared }: Emission, name: string): readonly Code[] =>
  lookup(kernels, name, 'kernels of a stage').map(({ fn, units }) => {
    const tasks = shared.get(fn);
    return tasks === undefined
      ? call(fn, i32(0), i32(units))
      : when(call('share', i32(tasks.index), i32(tasks.tasks)), [plain('return', i32(1))]);
  });

const loopCode = (emission: Emission, { name, condition, body, proceed }: Extract<Step, { readonly kind: 'loop' }>) => {
  const [exit, head] = [label(`${name}_end`), label(name)];
  const flag = memory('f32.load', addressOf(emission.layout, proceed), i32(0));
  return block(exit, [
    loop(head, [
      ...stepsCode(emission, condition),
      branch(exit, plain('f32.eq', flag, f32(0))),
      ...stepsCode(emission, body),
      branch(head),
    ]),
  ]);
};

const stepsCode = (emission: Emission, steps: readonly Step[]): readonly Code[] =>
  steps.flatMap((step) => stepCode(emission, step));

const stepCode = (emission: Emission, step: Step): readonly Code[] => {
  switch (step.kind) {
    case 'copy':
      return copyCode(emission, step.from, step.to);
    case 'join':
      return joinCode(emission, step.output, step.parts);
    case 'kernel':
      return kernelCode(emission, step.kernel.name);
    case 'loop':
      return [loopCode(emission, step)];
  }
};

/** The function of a stage; `shared` are the program's shared kernels, of which it uses its own. */
export const emitStage = (
  name: string,
  stage: Stage,
  context: Omit<Emission, 'shared'>,
  shared: readonly SharedKernel[],
): WasmFunction => {
  const own = new Set(sharedOf(stage, context.kernels).map(({ fn }) => fn));
  const numbered = shared.map(({ fn, tasks }, index) => [fn, { index, tasks }] as const);
  const emission: Emission = { ...context, shared: new Map(numbered.filter(([fn]) => own.has(fn))) };
  return {
    name,
    exported: true,
    params: [],
    results: ['i32'],
    body: [...stepsCode(emission, stage.steps), i32(0)],
  };
};
