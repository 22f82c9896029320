/**
 * Shaders without a device: gpu.js translates a program's kernels as it would for one, and nothing runs. The text is the
 * one that a device gets for a kernel's first call.
 */
import * as A from 'fp-ts/lib/Array.js';
import * as E from 'fp-ts/lib/Either.js';
import { emitKernels } from '../../compiler/emit/gpujs/index.js';
import type { EmittedSource, EmittedSources, SourceError } from '../../compiler/inspect/sources.js';
import type { Program } from '../../compiler/program.js';
import { messageOf } from './kernels.js';
import { type TranslatingMode, translate } from './library.js';
import { nonFiniteConstants } from './workarounds.js';

/** The shader languages, and the modes of gpu.js that they belong to. */
const modes = { wgsl: 'webgpu', glsl: 'webgl2' } as const satisfies Readonly<Record<string, TranslatingMode>>;

/** A language of shaders. */
export type ShaderLanguage = keyof typeof modes;

/** The shaders of a program's kernels, and the kernels that the language cannot hold. */
export const shaderSources = (program: Program, language: ShaderLanguage): EmittedSources => {
  const mode = modes[language];
  const { left, right } = A.separate([...emitKernels(program, mode)]);
  const translated = right.map(({ emitted: { name, source, threads, loopMaxIterations, takesNonFinite }, extents }) =>
    E.tryCatch(
      (): EmittedSource => ({
        kernel: name,
        language,
        text: translate(mode, {
          source,
          output: threads,
          loopMaxIterations,
          arguments: extents,
          scalars: takesNonFinite ? nonFiniteConstants : [],
        }),
      }),
      (thrown) => ({ kernel: name, reason: messageOf(thrown) }),
    ),
  );
  const { left: untranslated, right: sources } = A.separate(translated);
  const refused = [...left, ...untranslated].map(
    ({ kernel, reason }): SourceError => ({ _tag: 'SourceError', kernel, reason }),
  );
  return { sources, refused };
};
