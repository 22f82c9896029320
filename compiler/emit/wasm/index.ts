/** Program → one WebAssembly module. */

import { at } from '../../../dsl/internal.js';
import { kernelsOf } from '../../cost.js';
import { requireLegal } from '../../legal.js';
import type { Kernel, Program } from '../../program.js';
import { blocksOf } from './affine.js';
import type { WasmFunction } from './code.js';
import { encodeModule, type WasmModule } from './encoder.js';
import { emitKernel } from './kernel.js';
import { addressOf, type Layout, layoutOf } from './layout.js';
import { normalise } from './normalise.js';
import { packOperands } from './pack.js';
import { library } from './scalar.js';
import { type Schedule, scheduleOf } from './schedule.js';
import { splitReduction } from './split.js';
import { emitStage, type KernelSummary, sharedKernel, sharedOf } from './stage.js';
import { blockBuffers, blockLengths } from './sums.js';
import { showFunction } from './text.js';
import { threadFunctions } from './threads.js';

/** How a program is emitted. */
export interface EmitOptions {
  /** Is the memory shared between threads, and the work with it? */
  readonly shared: boolean;
  /** Fused multiply-add of relaxed SIMD: other bits than without. */
  readonly relaxedSimd: boolean;
  /** How long a thread waits for another before it gives up. */
  readonly patienceSeconds: number;
}

/** A program as a module. */
export interface EmittedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly module: WasmModule;
  readonly layout: Layout;
  /** The exports `() → status`, by position of the stage. */
  readonly stages: readonly string[];
  /** Are there kernels that threads share? Then helpers call the export `help`. */
  readonly usesThreads: boolean;
  /** The functions of each kernel, by the kernel's name. */
  readonly kernels: ReadonlyMap<string, readonly WasmFunction[]>;
}

/** The functions of the library that kernels call. */
const libraryOf = (kernels: readonly Kernel[]): readonly WasmFunction[] => {
  const used = new Set<WasmFunction>();
  for (const instruction of kernels.flatMap(blocksOf).flat())
    if (instruction.op === 'apply') for (const fn of library[instruction.fn]) used.add(fn);
  return [...used];
};

/** A kernel as it is run. */
interface ScheduledKernel {
  readonly kernel: Kernel;
  readonly schedule: Schedule;
}

const scheduled = (kernel: Kernel): ScheduledKernel => {
  const normal = normalise(kernel);
  return { kernel: normal, schedule: scheduleOf(normal) };
};

/**
 * The kernels that a kernel is run as, one after the other, and the lengths of their scratch buffers, the first two of
 * which are for sums in blocks. A prefix keeps their names apart from everything else.
 */
const kernelsFor = (
  source: Kernel,
  scratch: number,
): { readonly parts: readonly ScheduledKernel[]; readonly scratch: readonly number[] } => {
  const whole = normalise({ ...source, name: `kernel.${source.name}` });
  const { copies, kernel } = packOperands(whole, scratch + blockBuffers) ?? { copies: [], kernel: whole };
  const split = splitReduction(kernel, scratch + blockBuffers + copies.length);
  const before = [...copies, ...(split?.partials ?? [])];
  const parts = [...before.map((part) => part.kernel), split?.final ?? kernel].map(scheduled);
  const blocks = largestOf(parts.map((part) => blockLengths(part.kernel, part.schedule)));
  return { parts, scratch: [...blocks, ...before.map(({ length }) => length)] };
};

/** By position, the largest of the numbers that any list has there. */
const largestOf = (lists: readonly (readonly number[])[]): readonly number[] =>
  Array.from({ length: Math.max(0, ...lists.map((list) => list.length)) }, (_, i) =>
    Math.max(...lists.filter((list) => i < list.length).map((list) => at(list, i, 'largestOf'))),
  );

/** The module of a program. */
export const emitProgram = (program: Program, options: EmitOptions): EmittedProgram => {
  requireLegal(program, 'emitProgram');
  const scratch = program.buffers.length;
  const sources = program.stages
    .flatMap(({ steps }) => kernelsOf(steps))
    .map((kernel) => ({ name: kernel.name, ...kernelsFor(kernel, scratch) }));
  const layout = layoutOf(program, largestOf(sources.map((source) => source.scratch)));
  const kernels = new Map<string, readonly WasmFunction[]>();
  const summaries = new Map<string, readonly KernelSummary[]>();
  for (const { name, parts } of sources) {
    const emitted = parts.map(({ kernel, schedule }) => ({
      fn: kernel.name,
      ...emitKernel(
        {
          kernel,
          addressOf: (buffer) => addressOf(layout, buffer),
          scratch,
          fuses: options.relaxedSimd,
          readsOutput: false,
        },
        schedule,
      ),
    }));
    kernels.set(
      name,
      emitted.flatMap(({ functions }) => functions),
    );
    summaries.set(name, emitted);
  }
  const shared = options.shared ? program.stages.flatMap((stage) => sharedOf(stage, summaries).map(sharedKernel)) : [];
  const stages = program.stages.map((stage, i) =>
    emitStage(`stage${i}`, stage, { program, layout, kernels: summaries }, shared),
  );
  const own = [...[...kernels.values()].flat(), ...stages];
  const module: WasmModule = {
    memory: { shared: options.shared, minimum: layout.pages, maximum: layout.pages },
    functions: [
      ...libraryOf(sources.flatMap(({ parts }) => parts.map(({ kernel }) => kernel))),
      ...(shared.length > 0 ? threadFunctions(shared, options.patienceSeconds) : []),
      ...own,
    ],
  };
  return {
    bytes: encodeModule(module),
    module,
    layout,
    stages: stages.map(({ name }) => name),
    usesThreads: shared.length > 0,
    kernels,
  };
};

/** The text of one kernel's functions. */
export const showKernel = (functions: readonly WasmFunction[]): string => functions.map(showFunction).join('\n\n');
