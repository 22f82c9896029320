/** The emitted source of every kernel, for the generators that need no device. */
import * as A from 'fp-ts/lib/Array.js';
import { emitKernels } from '../emit/gpujs/index.js';
import { emitProgram, showKernel } from '../emit/wasm/index.js';
import type { Program } from '../program.js';

/** The languages that need no device. */
export const emittedLanguages = ['gpujs', 'wat'] as const;

/** A language that needs no device. */
export type EmittedLanguage = (typeof emittedLanguages)[number];

/** The source of one kernel. */
export interface EmittedSource {
  /** The kernel of the program; a part of it that became a kernel of its own is called `name.part`. */
  readonly kernel: string;
  readonly language: EmittedLanguage | 'wgsl' | 'glsl';
  readonly text: string;
}

/** Why a source cannot be emitted. */
export interface SourceError {
  readonly _tag: 'SourceError';
  readonly kernel: string;
  readonly reason: string;
}

const patienceSeconds = 10;

/** The sources of a program's kernels in one language, and the kernels that the language cannot hold. */
export interface EmittedSources {
  readonly sources: readonly EmittedSource[];
  readonly refused: readonly SourceError[];
}

const emitters: Readonly<Record<EmittedLanguage, (program: Program) => EmittedSources>> = {
  gpujs: (program) => {
    const { left, right } = A.separate([...emitKernels(program, 'webgpu')]);
    return {
      sources: right.map(({ emitted: { name, source } }) => ({ kernel: name, language: 'gpujs', text: source })),
      refused: left.map(({ kernel, reason }) => ({ _tag: 'SourceError', kernel, reason })),
    };
  },
  wat: (program) => {
    const { kernels } = emitProgram(program, { shared: true, relaxedSimd: false, patienceSeconds });
    const sources = [...kernels].map(
      ([kernel, functions]): EmittedSource => ({ kernel, language: 'wat', text: showKernel(functions) }),
    );
    return { sources, refused: [] };
  },
};

/** The sources of a program's kernels in one language. */
export const emittedSources = (program: Program, language: EmittedLanguage): EmittedSources =>
  emitters[language](program);

/** Is it the source of the kernel, or of a part of it? */
export const isSourceOf = (kernel: string, source: EmittedSource): boolean =>
  source.kernel === kernel || source.kernel.startsWith(`${kernel}.`);
