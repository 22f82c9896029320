/** gpu.js as a target, one per mode. */
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import type { Target, TargetError } from '../target.js';

/**
 * gpu.js in one mode. `TargetUnavailable` where the platform, the adapter or its driver is missing; nothing else is
 * tried in its place. gpu.js is loaded here and not before: programs that run elsewhere start without it.
 */
export const gpujsTarget =
  (mode: GpujsMode): TE.TaskEither<TargetError, Target> =>
  async () => {
    const { openTarget } = await import('./open.js');
    return openTarget(mode)();
  };
