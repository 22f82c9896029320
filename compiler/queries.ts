/**
 * What a program refers to by position. A position at which nothing is comes from a mistake of the compiler's own: it
 * stops there with the kernel or the buffer, instead of going on with a made-up extent or length.
 */
import { internal } from '../dsl/internal.js';
import type { Axis, Buffer, Kernel } from './program.js';

/** The axis at a position. */
export const axisOf = (axes: readonly Axis[], axis: number): Axis =>
  axes[axis] ?? internal('kernel', `no axis ${axis} among ${axes.length}`);

/** The extent of an axis. */
export const extentOf = (kernel: Kernel, axis: number): number =>
  (kernel.axes[axis] ?? internal(`kernel ${kernel.name}`, `no axis ${axis} among ${kernel.axes.length}`)).extent;

/** How many positions axes have together. */
export const productOf = (kernel: Kernel, axes: readonly number[]): number =>
  axes.reduce((product, axis) => product * extentOf(kernel, axis), 1);

/** A buffer of a program. */
export const bufferOf = (buffers: readonly Buffer[], buffer: number): Buffer =>
  buffers[buffer] ?? internal('program', `no buffer ${buffer} among ${buffers.length}`);

/** The length of a buffer of a program. */
export const lengthOf = (buffers: readonly Buffer[], buffer: number): number => bufferOf(buffers, buffer).length;
