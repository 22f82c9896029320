/** Sources as a device makes them: known once every stage has run. */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { Program } from '../compiler/program.js';
import type { KernelSource, Target, TargetError } from './target.js';

/** Compiles a program, runs every stage once on zeros, and gives the sources that the device was given. */
export const deviceSources =
  (target: Target, program: Program): TE.TaskEither<TargetError, readonly KernelSource[]> =>
  async () => {
    const compiled = await target.compile(program)();
    if (E.isLeft(compiled)) return compiled;
    const executable = compiled.right;
    for (const { name, inputs } of program.stages) {
      const zeros = inputs.map(
        (port) => [port.name, new Float32Array(program.buffers[port.buffer]?.length ?? 0)] as const,
      );
      const result = await executable.run(name, Object.fromEntries(zeros))();
      if (E.isLeft(result)) return result;
    }
    const sources = executable.sources();
    executable.dispose();
    return E.right(sources);
  };
