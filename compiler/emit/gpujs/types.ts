/** What the gpu.js emitter produces. */

/** The modes of gpu.js: its own names, except that `webgpu` in Node runs on Dawn. */
export const gpujsModes = ['webgpu', 'webgl2', 'webgl', 'webasm', 'cpu'] as const;

/** One mode of gpu.js. */
export type GpujsMode = (typeof gpujsModes)[number];

/** A kernel as gpu.js takes it: the text of a function, and the settings that belong to it. */
export interface EmittedKernel {
  /** The name of the program's kernel. */
  readonly name: string;
  /** Source text of a function of `buffers.length` array arguments, then NaN and +∞ if `takesNonFinite`. */
  readonly source: string;
  /** Extents of the threads, x (fastest) first; one to three. Their row-major order is that of the output buffer. */
  readonly threads: readonly number[];
  /** Buffers of the program that the arguments `a0`, `a1`, … stand for. */
  readonly buffers: readonly number[];
  /** Are the values NaN and +∞ passed as the last two arguments? */
  readonly takesNonFinite: boolean;
  /** gpu.js silently cuts some loops at this number of iterations; it is larger than any loop of the kernel. */
  readonly loopMaxIterations: number;
  /** Buffer of the program that the kernel writes, and its length. */
  readonly output: number;
  readonly length: number;
}

/** The kernel cannot be expressed on gpu.js. */
export interface EmitError {
  readonly _tag: 'EmitError';
  readonly kernel: string;
  readonly reason: string;
}
