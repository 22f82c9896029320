/** The emitted source of every kernel, for the generators that need no device. */
import * as E from 'fp-ts/lib/Either.js';
import { planProgram } from '../emit/gpujs/index.js';
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

const emitters: Readonly<
  Record<EmittedLanguage, (program: Program) => E.Either<SourceError, readonly EmittedSource[]>>
> = {
  gpujs: (program) => {
    const plan = planProgram(program, 'webgpu');
    if (E.isLeft(plan)) return E.left({ ...plan.left, _tag: 'SourceError' });
    return E.right(
      [...plan.right.kernels.values()].map(({ name, source }) => ({ kernel: name, language: 'gpujs', text: source })),
    );
  },
  wat: (program) => {
    const { kernels } = emitProgram(program, { shared: true, relaxedSimd: false, patienceSeconds });
    return E.right(
      [...kernels].map(([kernel, functions]) => ({ kernel, language: 'wat', text: showKernel(functions) })),
    );
  },
};

/** The sources of a program's kernels in one language. */
export const emittedSources = (
  program: Program,
  language: EmittedLanguage,
): E.Either<SourceError, readonly EmittedSource[]> => emitters[language](program);

/** Is it the source of the kernel, or of a part of it? */
export const isSourceOf = (kernel: string, source: EmittedSource): boolean =>
  source.kernel === kernel || source.kernel.startsWith(`${kernel}.`);
