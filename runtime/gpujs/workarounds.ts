/**
 * What gpu.js 2.24 gets wrong while running, put right in one place; `compiler/emit/gpujs/workarounds.ts` holds what
 * source text can put right.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import { isHandle, type NativeKernel, type NativeResult, type Nested } from './library.js';

/** The last arguments of kernels that need NaN and +∞: gpu.js cannot write them in source text. */
export const nonFiniteConstants: readonly number[] = [Number.NaN, Number.POSITIVE_INFINITY];

/** Modes in which results are host arrays; in the others they are handles. */
export const isHostMode = (mode: GpujsMode): boolean => mode === 'cpu' || mode === 'webasm';

/**
 * Results of two and three dimensions are nested rows, and on `cpu` a kernel that reads such rows by flat index gives
 * NaN: every host array is made flat. Rows that are already views of one flat array are not copied.
 */
export const flatten = (nested: Nested, length: number): Float32Array => {
  if (nested instanceof Float32Array) return nested;
  const rows: Float32Array[] = [];
  const collect = (part: Nested): void => {
    if (part instanceof Float32Array) rows.push(part);
    else part.forEach(collect);
  };
  collect(nested);
  const [first] = rows;
  if (first !== undefined) {
    const { buffer, byteOffset: start, byteLength } = first;
    const contiguous = rows.every((row, i) => row.buffer === buffer && row.byteOffset === start + i * byteLength);
    if (contiguous && buffer.byteLength >= start + 4 * length) return new Float32Array(buffer, start, length);
  }
  const flat = new Float32Array(length);
  let offset = 0;
  for (const row of rows) {
    flat.set(row, offset);
    offset += row.length;
  }
  return flat;
};

/** A result in the form in which it can be an argument again. */
export const settle = (result: NativeResult, length: number): NativeResult =>
  isHandle(result) ? result : flatten(result, length);

/**
 * gpu.js falls back to `cpu` with no more than a warning on the console. This tells whether a kernel that has run ran
 * in its mode.
 */
export const ranInMode = (kernel: NativeKernel, mode: GpujsMode): E.Either<string, void> => {
  const actual = kernel.kernel.constructor.mode;
  const reason = kernel.kernel.fallbackReason ?? null;
  const expected = mode === 'webgl' || mode === 'webgl2' ? 'gpu' : mode;
  if (actual === expected && reason === null) return E.right(undefined);
  return E.left(`gpu.js ran it on ${actual} instead: ${reason ?? 'no reason given'}`);
};

/**
 * Host data goes to a GPU through a kernel of its own, so that every argument of every other kernel is a handle from the
 * first call on: WebGL 2 throws where an argument changes from data to a handle, and WebGPU uploads data anew per call.
 */
export const uploadSource = 'function (a0) {\n  return a0[this.thread.x];\n}';

/**
 * On WebGL every kernel draws from vertices that were bound when the last kernel was built: destroying that one makes
 * all others give zeros. Kernels stay until the whole of gpu.js is disposed of there.
 */
export const destroysKernels = (mode: GpujsMode): boolean => mode !== 'webgl' && mode !== 'webgl2';
