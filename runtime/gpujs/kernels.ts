/** Emitted kernels on a device: compiled at their first call, checked once to run where they should. */
import * as E from 'fp-ts/lib/Either.js';
import type { EmittedKernel } from '../../compiler/emit/gpujs/index.js';
import { internal } from '../../dsl/internal.js';
import type { KernelSource, TargetError, TargetName } from '../target.js';
import type { Device } from './device.js';
import type { Handle } from './handles.js';
import { isHandle, type NativeArgument, type NativeKernel, type NativeResult, nativeInput } from './library.js';
import { destroysKernels, nonFiniteConstants, ranInMode, settle } from './workarounds.js';

/** A kernel that can be called. */
export interface DeviceKernel {
  readonly emitted: EmittedKernel;
  /** Runs it; arguments in the order of `emitted.buffers`. */
  readonly call: (stage: string, buffers: readonly Handle[]) => Promise<E.Either<TargetError, NativeResult>>;
  readonly sources: () => readonly KernelSource[];
  readonly dispose: () => void;
}

/** The message of whatever a library threw. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The error, or that the device is lost: whatever fails on a lost device fails for that reason. */
export const lostOr = (device: Device, error: TargetError): TargetError => {
  const reason = device.lost();
  return reason === undefined ? error : { _tag: 'TargetLost', target: `gpujs:${device.mode}`, reason };
};

const argumentOf = (buffer: NativeResult): NativeArgument =>
  isHandle(buffer)
    ? buffer
    : nativeInput(buffer instanceof Float32Array ? buffer : internal('gpu.js argument', 'rows that are not flat'));

const sourcesOf = ({ name, source }: EmittedKernel, native: NativeKernel | undefined): readonly KernelSource[] => {
  const { compiledSource, compiledFragmentShader } = native?.kernel ?? {};
  return [
    { kernel: name, language: 'gpujs', text: source },
    ...(compiledSource ? [{ kernel: name, language: 'wgsl' as const, text: compiledSource }] : []),
    ...(compiledFragmentShader ? [{ kernel: name, language: 'glsl' as const, text: compiledFragmentShader }] : []),
  ];
};

/**
 * Prepares one kernel. gpu.js holds a compiled kernel to the extents of its first arguments: kernels of equal text share
 * the one in `compiled` for the same extents, and others are compiled apart.
 */
export const deviceKernel = (
  emitted: EmittedKernel,
  device: Device,
  compiled: Map<string, NativeKernel>,
): DeviceKernel => {
  const target: TargetName = `gpujs:${device.mode}`;
  const { name, source, threads, loopMaxIterations, length, takesNonFinite } = emitted;
  const constants = takesNonFinite ? nonFiniteConstants : [];
  const keyOf = (extents: string): string => `${threads.join('x')} ${extents} ${loopMaxIterations} ${source}`;
  // by the extents of the arguments
  const own = new Map<string, NativeKernel>();
  const checked = new Set<string>();
  const nativeFor = (extents: string): NativeKernel => {
    const known = own.get(extents);
    if (known !== undefined) return known;
    const key = keyOf(extents);
    const native = compiled.get(key) ?? device.kernel(source, threads, loopMaxIterations);
    compiled.set(key, native);
    own.set(extents, native);
    return native;
  };
  return {
    emitted,
    call: async (stage, buffers) => {
      const extents = buffers.map((buffer) => buffer.extents.join('x')).join();
      const fail = (reason: string): E.Either<TargetError, never> =>
        E.left(
          lostOr(
            device,
            checked.has(extents)
              ? { _tag: 'TargetExecutionError', target, stage, reason: `kernel ${name}: ${reason}` }
              : { _tag: 'TargetCompileError', target, kernel: name, reason },
          ),
        );
      try {
        const native = nativeFor(extents);
        const result = await native(...buffers.map((buffer) => argumentOf(buffer.native)), ...constants);
        if (!checked.has(extents)) {
          const ran = ranInMode(native, device.mode);
          if (E.isLeft(ran)) return fail(ran.left);
          checked.add(extents);
        }
        return E.right(settle(result, length));
      } catch (error) {
        return fail(messageOf(error));
      }
    },
    sources: () => sourcesOf(emitted, [...own.values()][0]),
    dispose: () => {
      for (const [extents, native] of own)
        if (compiled.delete(keyOf(extents)) && destroysKernels(device.mode)) native.destroy();
    },
  };
};
