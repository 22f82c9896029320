/** gpu.js in one mode, opened: arrays go up and come down, kernels run. */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import type { TargetError } from '../target.js';
import { describeAdapter, findAdapter } from './adapter.js';
import {
  contextOf,
  deviceOf,
  isHandle,
  isModeSupported,
  kernelSettings,
  type NativeContext,
  type NativeGpu,
  type NativeKernel,
  type NativeResult,
  nativeInput,
  openGpu,
} from './library.js';
import { flatten, isHostMode, ranInMode, settle, uploadSource } from './workarounds.js';

/** An opened mode of gpu.js. */
export interface Device {
  readonly mode: GpujsMode;
  readonly description: string;
  readonly kernel: (source: string, threads: readonly number[], loopMaxIterations: number) => NativeKernel;
  /** Copies host data to the device. */
  readonly upload: (values: Float32Array) => Promise<NativeResult>;
  /** Copies a result to the host. */
  readonly download: (result: NativeResult, length: number) => Promise<Float32Array>;
  /** Frees a result at once. */
  readonly free: (result: NativeResult) => void;
  /** The last error that the device reported outside of any call, taken once. */
  readonly takeFault: () => string | undefined;
  /** Why everything on the device is gone, once it is: from then on nothing that it gives can be trusted. */
  readonly lost: () => string | undefined;
  readonly dispose: () => void;
}

const contextLost =
  'the browser took the WebGL context away (the GPU process crashed or was reset, or pages hold too many contexts)';

const deviceFrom = (mode: GpujsMode, gpu: NativeGpu, description: string): Device => {
  const uploads = new Map<number, NativeKernel>();
  let fault: string | undefined;
  let loss: string | undefined;
  let context: NativeContext | undefined;

  const createKernel: NativeGpu['createKernel'] = (source, settings) => {
    const kernel = gpu.createKernel(source, settings);
    if (context === undefined) {
      context = contextOf(gpu);
      // a page may have it restored, empty
      context?.canvas.addEventListener('webglcontextlost', () => {
        loss ??= contextLost;
      });
    }
    return kernel;
  };
  const lost = (): string | undefined => {
    if (context?.isContextLost() === true) loss ??= contextLost;
    return loss;
  };
  // A lost context reads zeros without an error.
  const orThrow = <A>(value: A): A => {
    const reason = lost();
    if (reason !== undefined) throw new Error(reason);
    return value;
  };
  const uploader = (length: number): NativeKernel => {
    const known = uploads.get(length);
    if (known !== undefined) return known;
    const created = createKernel(uploadSource, kernelSettings([length], 1000));
    uploads.set(length, created);
    return created;
  };
  // gpu.js only prints what WebGPU reports as uncaptured: a dropped submission would pass for zeros.
  const watch = (kernel: NativeKernel): void => {
    const device = deviceOf(kernel);
    if (device !== undefined)
      device.onuncapturederror = ({ error }) => {
        fault = error.message;
      };
  };

  return {
    mode,
    description,
    kernel: (source, threads, loopMaxIterations) => createKernel(source, kernelSettings(threads, loopMaxIterations)),
    upload: async (values) => {
      if (isHostMode(mode)) return values.slice();
      const kernel = uploader(values.length);
      const result = await kernel(nativeInput(values));
      const ran = ranInMode(kernel, mode);
      if (E.isLeft(ran)) throw new Error(ran.left);
      watch(kernel);
      return settle(result, values.length);
    },
    download: async (result, length) =>
      isHandle(result) ? orThrow(flatten(await orThrow(result).toArray(), length)) : flatten(result, length).slice(),
    free: (result) => {
      if (isHandle(result)) result.delete();
    },
    takeFault: () => {
      const taken = fault;
      fault = undefined;
      return taken;
    },
    lost,
    dispose: () => {
      // gpu.js gives WebGL's context back
      if (context !== undefined) loss ??= 'it has been disposed of';
      uploads.clear();
      void gpu.destroy();
    },
  };
};

/** Opens a mode; `TargetUnavailable` where the platform or the adapter for it is missing. */
export const openDevice =
  (mode: GpujsMode): TE.TaskEither<TargetError, Device> =>
  async () => {
    const unavailable = (reason: string): E.Either<TargetError, Device> =>
      E.left({ _tag: 'TargetUnavailable', target: `gpujs:${mode}`, reason });
    const adapter = mode === 'webgpu' ? await findAdapter() : undefined;
    if (adapter !== undefined && E.isLeft(adapter)) return unavailable(adapter.left);
    if (!isModeSupported[mode]()) return unavailable(`this platform has no ${modeTitles[mode]}`);
    try {
      const gpu = openGpu(mode);
      const description = adapter === undefined ? modeTitles[mode] : describeAdapter(adapter.right);
      return E.right(deviceFrom(mode, gpu, `gpu.js, ${description}`));
    } catch (error) {
      return unavailable(error instanceof Error ? error.message : String(error));
    }
  };

const modeTitles: Readonly<Record<GpujsMode, string>> = {
  webgpu: 'WebGPU',
  webgl2: 'WebGL 2',
  webgl: 'WebGL',
  webasm: 'WebAssembly',
  cpu: 'JavaScript',
};
