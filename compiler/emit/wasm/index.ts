/** Program → one WebAssembly module. */
import type { Kernel, Program } from '../../program.js';
import { type Code, childrenOf, plain, type WasmFunction } from './code.js';
import { encodeModule, type WasmModule } from './encoder.js';
import type { Context } from './evaluate.js';
import { emitKernel } from './kernel.js';
import { kernelsOf, type Layout, layoutOf } from './layout.js';
import { elementary } from './math.js';
import { normalise } from './normalise.js';
import { pow } from './power.js';
import { kernelCycles } from './schedule.js';
import { barrierFunction, emitStage, type KernelSummary, worthThreads } from './stage.js';
import { showFunction } from './text.js';

export interface EmitOptions {
  /** Is the memory shared between threads? */
  readonly shared: boolean;
  /** Fused multiply-add of relaxed SIMD: other bits than without. */
  readonly relaxedSimd: boolean;
  /** How long a thread waits for another before it gives up. */
  readonly barrierSeconds: number;
}

/** A stage in the module. */
export interface EmittedStage {
  /** The export `(thread, threads) → status`. */
  readonly name: string;
  readonly worthThreads: boolean;
}

export interface EmittedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly module: WasmModule;
  readonly layout: Layout;
  /** By position of the stage. */
  readonly stages: readonly EmittedStage[];
  /** The functions of each kernel, by the kernel's name. */
  readonly kernels: ReadonlyMap<string, readonly WasmFunction[]>;
}

const calledBy = (code: Code): readonly string[] => [
  ...(code.kind === 'call' ? [code.fn] : []),
  ...childrenOf(code).flatMap(calledBy),
];

/** Those of `library` that the functions call, directly or not. */
const used = (functions: readonly WasmFunction[], library: readonly WasmFunction[]): readonly WasmFunction[] => {
  const names = new Set(functions.flatMap(({ body }) => body.flatMap(calledBy)));
  const found = library.filter((fn) => names.has(fn.name) && !functions.includes(fn));
  return found.length === 0 ? functions.filter((fn) => library.includes(fn)) : used([...functions, ...found], library);
};

/** The function name of a kernel; a prefix keeps kernels apart from everything else. */
const functionName = (kernel: Kernel): string => `kernel.${kernel.name}`;

/** The module of a program. */
export const emitProgram = (program: Program, options: EmitOptions): EmittedProgram => {
  const layout = layoutOf(program);
  const kernels = new Map<string, readonly WasmFunction[]>();
  const summaries = new Map<string, KernelSummary>();
  const multiplyAdd: Context['multiplyAdd'] = options.relaxedSimd
    ? (a, b, sum) => plain('f32x4.relaxed_madd', a, b, sum)
    : (a, b, sum) => plain('f32x4.add', sum, plain('f32x4.mul', a, b));
  for (const source of program.stages.flatMap(({ steps }) => kernelsOf(steps))) {
    const kernel = { ...normalise(source), name: functionName(source) };
    const { functions, units } = emitKernel({
      kernel,
      addressOf: (buffer) => layout.buffers[buffer] ?? 0,
      multiplyAdd,
    });
    kernels.set(source.name, functions);
    summaries.set(source.name, { fn: kernel.name, units, cycles: kernelCycles(kernel) });
  }
  const stages = program.stages.map((stage, i): EmittedStage & { readonly fn: WasmFunction } => {
    const name = `stage${i}`;
    return {
      name,
      worthThreads: worthThreads(stage, summaries),
      fn: emitStage(name, stage, program, layout, summaries),
    };
  });
  const own = [...[...kernels.values()].flat(), ...stages.map(({ fn }) => fn)];
  const module: WasmModule = {
    memory: { shared: options.shared, minimum: layout.pages, maximum: layout.pages },
    functions: [...used(own, [...elementary, pow]), barrierFunction(options.barrierSeconds), ...own],
  };
  return { bytes: encodeModule(module), module, layout, stages, kernels };
};

/** The text of one kernel's functions. */
export const showKernel = (functions: readonly WasmFunction[]): string => functions.map(showFunction).join('\n\n');
