/**
 * The boundary to gpu.js: the parts that we use, with the types that they really have. Its own d.ts declares `input` as a
 * type only and `Input` over `number[]`, knows neither `loopMaxIterations` nor WebGPU's handles, and hides what tells
 * whether a kernel fell back to the CPU. All casts for gpu.js are in this file.
 */
import * as gpujs from 'gpu.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import { currentWebGpu } from './webgpu.js';

/** What reading a result gives: flat for one dimension, rows for two, layers of rows for three. */
export type Nested = Float32Array | readonly Nested[];

/** A result that stays on the device: a WebGL texture or a WebGPU buffer. */
export interface NativeHandle {
  readonly toArray: () => Nested | Promise<Nested>;
  readonly delete: () => void;
}

/** What a kernel gives: on `cpu` and `webasm` the data itself. */
export type NativeResult = NativeHandle | Nested;

/** Host data as an argument, read by flat index. */
export interface NativeInput {
  readonly value: Float32Array;
  readonly size: readonly number[];
}

/** What a kernel takes. */
export type NativeArgument = NativeHandle | NativeInput | number;

/** The settings of `createKernel` that we use. */
export interface NativeSettings {
  readonly output: readonly number[];
  readonly precision: 'single';
  readonly pipeline: true;
  readonly immutable: true;
  readonly loopMaxIterations: number;
}

/** A kernel, after `createKernel`. */
export interface NativeKernel {
  (...args: readonly NativeArgument[]): NativeResult | Promise<NativeResult>;
  /** What runs behind it; exchanged when gpu.js falls back to another backend. */
  readonly kernel: {
    /** `mode` is `gpu` for every WebGL. */
    readonly constructor: { readonly mode: string };
    readonly fallbackReason?: string | null;
    /** WGSL, once built. */
    readonly compiledSource?: string | null;
    /** GLSL, once built. */
    readonly compiledFragmentShader?: string | null;
    /** WebGPU's adapter and device, once built. */
    readonly context?: unknown;
  };
  readonly destroy: () => void;
}

/** An instance of gpu.js in one mode. */
export interface NativeGpu {
  readonly createKernel: (source: string, settings: NativeSettings) => NativeKernel;
  readonly destroy: () => Promise<void>;
}

/** The part of WebGPU's device that reports errors which no promise carries. */
export interface NativeDevice {
  onuncapturederror: ((event: { readonly error: { readonly message: string } }) => void) | null;
}

interface Library {
  readonly GPU: {
    new (settings: { readonly mode: GpujsMode }): NativeGpu;
    readonly isWebGLSupported: boolean;
    readonly isWebGL2Supported: boolean;
    readonly isWebAssemblySupported: boolean;
  };
  readonly input: (value: Float32Array, size: readonly number[]) => NativeInput;
}

// the d.ts of gpu.js leaves out or mistypes what the interfaces above say (see the head of this file)
const library = gpujs as unknown as Library;

/** Opens gpu.js in one mode. */
export const openGpu = (mode: GpujsMode): NativeGpu => new library.GPU({ mode });

/** Host data as an argument. */
export const nativeInput = (values: Float32Array): NativeInput => library.input(values, [values.length]);

/** Does the platform have what the mode needs? For WebGPU this is only known once an adapter answers. */
export const isModeSupported: Readonly<Record<GpujsMode, () => boolean>> = {
  webgpu: () => currentWebGpu() !== undefined,
  webgl2: () => library.GPU.isWebGL2Supported,
  webgl: () => library.GPU.isWebGLSupported,
  webasm: () => library.GPU.isWebAssemblySupported,
  cpu: () => true,
};

/** Does a result live on a device? */
export const isHandle = (result: NativeResult): result is NativeHandle => 'toArray' in result && 'delete' in result;

/** The device behind a WebGPU kernel that has run. */
export const deviceOf = (kernel: NativeKernel): NativeDevice | undefined =>
  (kernel.kernel.context as { readonly device?: NativeDevice } | null | undefined)?.device;
