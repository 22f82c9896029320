/** gpu.js, loaded and opened as a target. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type GpujsMode, planProgram } from '../../compiler/emit/gpujs/index.js';
import type { Target, TargetError } from '../target.js';
import { openDevice } from './device.js';
import { executableOf } from './executable.js';

/** One mode of gpu.js. */
export const openTarget = (mode: GpujsMode): TE.TaskEither<TargetError, Target> =>
  pipe(
    openDevice(mode),
    TE.map((device) => ({
      name: `gpujs:${mode}`,
      description: device.description,
      compile: (program) =>
        TE.fromEither(
          pipe(
            planProgram(program, mode),
            E.bimap(
              ({ kernel, reason }) => ({ _tag: 'TargetCompileError', target: `gpujs:${mode}`, kernel, reason }),
              (plan) => executableOf(program, plan, device),
            ),
          ),
        ),
      dispose: device.dispose,
    })),
  );
