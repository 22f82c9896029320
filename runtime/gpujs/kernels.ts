/** Emitted kernels on a device: compiled at their first call, checked once to run where they should. */
import * as E from 'fp-ts/lib/Either.js';
import type { EmittedKernel } from '../../compiler/emit/gpujs/index.js';
import type { KernelSource, TargetError, TargetName } from '../target.js';
import type { Device } from './device.js';
import { isHandle, type NativeArgument, type NativeKernel, type NativeResult, nativeInput } from './library.js';
import { destroysKernels, nonFiniteConstants, ranInMode, settle } from './workarounds.js';

/** A kernel that can be called. */
export interface DeviceKernel {
  readonly emitted: EmittedKernel;
  /** Runs it; arguments in the order of `emitted.buffers`. */
  readonly call: (stage: string, buffers: readonly NativeResult[]) => Promise<E.Either<TargetError, NativeResult>>;
  readonly sources: () => readonly KernelSource[];
  readonly dispose: () => void;
}

/** The message of whatever a library threw. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const argumentOf = (buffer: NativeResult): NativeArgument =>
  isHandle(buffer) ? buffer : nativeInput(buffer instanceof Float32Array ? buffer : new Float32Array(0));

const sourcesOf = ({ name, source }: EmittedKernel, native: NativeKernel): readonly KernelSource[] => {
  const { compiledSource, compiledFragmentShader } = native.kernel;
  return [
    { kernel: name, language: 'gpujs', text: source },
    ...(compiledSource ? [{ kernel: name, language: 'wgsl' as const, text: compiledSource }] : []),
    ...(compiledFragmentShader ? [{ kernel: name, language: 'glsl' as const, text: compiledFragmentShader }] : []),
  ];
};

/**
 * Prepares one kernel, whose arguments have these `lengths`; kernels of equal text and lengths, which gpu.js holds a
 * compiled kernel to, share the compiled one in `compiled`.
 */
export const deviceKernel = (
  emitted: EmittedKernel,
  lengths: readonly number[],
  device: Device,
  compiled: Map<string, NativeKernel>,
): DeviceKernel => {
  const target: TargetName = `gpujs:${device.mode}`;
  const key = `${emitted.threads.join('x')} ${lengths.join()} ${emitted.loopMaxIterations} ${emitted.source}`;
  const native = compiled.get(key) ?? device.kernel(emitted.source, emitted.threads, emitted.loopMaxIterations);
  compiled.set(key, native);
  const constants = emitted.takesNonFinite ? nonFiniteConstants : [];
  let checked = false;
  const fail = (stage: string, reason: string): TargetError =>
    checked
      ? { _tag: 'TargetExecutionError', target, stage, reason: `kernel ${emitted.name}: ${reason}` }
      : { _tag: 'TargetCompileError', target, kernel: emitted.name, reason };
  return {
    emitted,
    call: async (stage, buffers) => {
      try {
        const result = await native(...buffers.map(argumentOf), ...constants);
        if (!checked) {
          const ran = ranInMode(native, device.mode);
          if (E.isLeft(ran)) return E.left(fail(stage, ran.left));
          checked = true;
        }
        return E.right(settle(result, emitted.length));
      } catch (error) {
        return E.left(fail(stage, messageOf(error)));
      }
    },
    sources: () => sourcesOf(emitted, native),
    dispose: () => {
      if (compiled.delete(key) && destroysKernels(device.mode)) native.destroy();
    },
  };
};
