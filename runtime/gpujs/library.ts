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
  /** WebGL's `highp` for everything. */
  readonly tactic: 'precision';
  /** No guard around divisions. */
  readonly fixIntegerDivisionAccuracy: false;
  readonly loopMaxIterations: number;
}

/**
 * The settings of a kernel. By itself gpu.js asks WebGL for `lowp` where an array is short, about three digits on
 * devices that have it; and it wraps every division for devices whose division is inexact, which the text of our kernels
 * allows for.
 */
export const kernelSettings = (output: readonly number[], loopMaxIterations: number): NativeSettings => ({
  output,
  loopMaxIterations,
  precision: 'single',
  pipeline: true,
  immutable: true,
  tactic: 'precision',
  fixIntegerDivisionAccuracy: false,
});

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
  /** WebGL's context, from the first kernel on. */
  readonly context?: unknown;
}

/** The part of a WebGL context that tells whether the browser took it away. */
export interface NativeContext {
  readonly isContextLost: () => boolean;
  readonly canvas: Pick<EventTarget, 'addEventListener'>;
}

/** The part of WebGPU's device that reports errors which no promise carries. */
export interface NativeDevice {
  onuncapturederror: ((event: { readonly error: { readonly message: string } }) => void) | null;
}

/** A kernel whose building, the part of a call that translates it, can be had alone. */
interface Buildable extends NativeKernel {
  readonly kernel: NativeKernel['kernel'] & {
    readonly build: (...args: readonly (NativeResult | NativeBuffer | number)[]) => void;
    /** WebGPU: what follows the translation and needs the device. */
    _buildAsync?: () => Promise<void>;
  };
}

/** What gpu.js asks of a WebGPU buffer when it translates a kernel that reads one. */
interface NativeBuffer {
  readonly type: 'WebGPUBuffer';
  readonly output: readonly number[];
}

interface Library {
  readonly GPU: {
    new (settings: { readonly mode: GpujsMode; readonly canvas?: unknown }): NativeGpu;
    /** Modes that the platform does not have can be opened in between. */
    readonly disableValidation: () => void;
    readonly enableValidation: () => void;
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

/** Names of WebGL's constants. */
const constantName = /^[A-Z0-9_]+$/;

const noGlAnswers: Readonly<Record<string, () => unknown>> = {
  getParameter: () => 16_384,
  getShaderParameter: () => true,
  getProgramParameter: () => true,
};

// A WebGL context that does nothing: gpu.js translates, compiles and draws with it as with any other.
const noGl: object = new Proxy(
  {},
  {
    get: (_, name) => {
      if (typeof name === 'symbol') return undefined;
      return constantName.test(name) ? name : (noGlAnswers[name] ?? (() => ({})));
    },
  },
);

/** How a mode translates without a device: its instance, and what stands for an argument of some extents. */
interface Translator {
  readonly canvas?: unknown;
  readonly argument: (gpu: NativeGpu, extents: readonly number[]) => NativeResult | NativeBuffer;
  readonly textOf: (kernel: NativeKernel['kernel']) => string | null | undefined;
}

const translators = {
  webgpu: {
    argument: (_, output) => ({ type: 'WebGPUBuffer', output }),
    textOf: ({ compiledSource }) => compiledSource,
  },
  webgl2: {
    canvas: { getContext: () => noGl },
    // the texture that a kernel of these extents leaves, its layout included; in this mode no promise of one
    argument: (gpu, extents) =>
      gpu.createKernel('function () { return 0; }', kernelSettings(extents, 1000))() as NativeHandle,
    textOf: ({ compiledFragmentShader }) => compiledFragmentShader,
  },
} as const satisfies Partial<Record<GpujsMode, Translator>>;

/** The modes whose shaders can be had without a device. */
export type TranslatingMode = keyof typeof translators;

/** A kernel to translate: its text, and the extents of its threads and of the arrays that are its arguments. */
export interface Untranslated extends Pick<NativeSettings, 'output' | 'loopMaxIterations'> {
  readonly source: string;
  readonly arguments: readonly (readonly number[])[];
  /** Arguments after the arrays. */
  readonly scalars: readonly number[];
}

/** The shader that gpu.js makes of a kernel for a mode, wherever this runs: no device is asked. Throws where gpu.js does. */
export const translate = (mode: TranslatingMode, untranslated: Untranslated): string => {
  const { source, output, loopMaxIterations, scalars } = untranslated;
  const translator: Translator = translators[mode];
  library.GPU.disableValidation();
  try {
    const { canvas } = translator;
    const gpu = new library.GPU({ mode, ...(canvas === undefined ? {} : { canvas }) });
    // `build` is there in every mode; calls of a kernel have no use for it
    const { kernel } = gpu.createKernel(source, kernelSettings(output, loopMaxIterations)) as Buildable;
    if (mode === 'webgpu') kernel._buildAsync = () => Promise.resolve();
    kernel.build(...untranslated.arguments.map((extents) => translator.argument(gpu, extents)), ...scalars);
    const text = translator.textOf(kernel);
    if (!text) throw new Error(`gpu.js gave no shader for ${mode}`);
    return text;
  } finally {
    library.GPU.enableValidation();
  }
};

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

/** The WebGL context behind the kernels that have been made, where it is WebGL. */
export const contextOf = (gpu: NativeGpu): NativeContext | undefined => {
  const context = gpu.context as NativeContext | null | undefined;
  return typeof context?.isContextLost === 'function' ? context : undefined;
};

/** The device behind a WebGPU kernel that has run. */
export const deviceOf = (kernel: NativeKernel): NativeDevice | undefined =>
  (kernel.kernel.context as { readonly device?: NativeDevice } | null | undefined)?.device;
