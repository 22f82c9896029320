/** The sources of a program's kernels: as generators emit and gpu.js translates them, or as a device got them. */

import * as E from 'fp-ts/lib/Either.js';
import type * as T from 'fp-ts/lib/Task.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { type EmittedSources, emittedLanguages, emittedSources } from '../compiler/inspect/sources.js';
import type { Program } from '../compiler/program.js';
import { lengthOf } from '../compiler/queries.js';
import { type KernelSource, type Target, type TargetError, withExecutable } from './target.js';

/** The languages of sources that need no device: what we emit, and the shaders that gpu.js makes of it. */
export const sourceLanguages = [...emittedLanguages, 'wgsl', 'glsl'] as const;

/** A language of sources. */
export type SourceLanguage = (typeof sourceLanguages)[number];

/** The sources of a program's kernels in one language. gpu.js is loaded where shaders are asked for. */
export const kernelSources =
  (program: Program, language: SourceLanguage): T.Task<EmittedSources> =>
  async () => {
    if (language === 'gpujs' || language === 'wat') return emittedSources(program, language);
    const { shaderSources } = await import('./gpujs/translate.js');
    return shaderSources(program, language);
  };

/** Compiles a program, runs every stage once on zeros, and gives the sources that the device was given. */
export const deviceSources = (target: Target, program: Program): TE.TaskEither<TargetError, readonly KernelSource[]> =>
  withExecutable<TargetError, readonly KernelSource[]>(target, program, (executable) => async () => {
    for (const { name, inputs } of program.stages) {
      const zeros = inputs.map(
        (port) => [port.name, new Float32Array(lengthOf(program.buffers, port.buffer))] as const,
      );
      const result = await executable.run(name, Object.fromEntries(zeros))();
      if (E.isLeft(result)) return result;
    }
    return E.right(executable.sources());
  });
