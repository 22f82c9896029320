/** How a kernel's axes are laid over gpu.js threads, and how addresses are written in terms of them. */
import * as E from 'fp-ts/lib/Either.js';
import { at, lookup } from '../../../dsl/internal.js';
import type { Affine, Kernel } from '../../program.js';
import { extentOf, productOf } from '../../queries.js';
import type { EmitError, GpujsMode } from './types.js';
import { foldsTwoDimensions, largestDividend, largestExactInteger, maxThreads, wholeQuotient } from './workarounds.js';

/** How the value of an axis is written. */
export interface AxisText {
  readonly text: string;
  /** Is it an integer to gpu.js? Otherwise a whole number in float32. */
  readonly integer: boolean;
  /** The written value is the axis plus this. */
  readonly start: number;
}

/** The thread layout of a kernel. */
export interface ThreadLayout {
  /** Extents, x first. */
  readonly threads: readonly number[];
  /** Declarations that split a thread number into several axes. */
  readonly declarations: readonly string[];
  /** The output axes, by position in `Kernel.axes`. */
  readonly axes: ReadonlyMap<number, AxisText>;
}

// All ways to cut a list into at most three consecutive groups.
const groupings = (axes: readonly number[]): readonly (readonly (readonly number[])[])[] => {
  const cuts = Array.from({ length: axes.length + 1 }, (_, i) => i);
  return cuts.flatMap((first) =>
    cuts
      .filter((second) => second >= first)
      .map((second) =>
        [axes.slice(0, first), axes.slice(first, second), axes.slice(second)].filter((group) => group.length > 0),
      ),
  );
};

const fits = ([, y, z]: readonly number[]): boolean =>
  (y === undefined || y <= maxThreads.y) && (z === undefined || z <= maxThreads.z);

/**
 * Lays the output axes over x, y, z. Up to three axes need no arithmetic; of more, neighbours share a thread
 * dimension, such that the largest shared one is as small as possible, and are told apart by division.
 */
export const layThreads = (kernel: Kernel, mode: GpujsMode): E.Either<EmitError, ThreadLayout> => {
  const wide = kernel.outputAxes.filter((axis) => extentOf(kernel, axis) > 1);
  const extentsOf = (groups: readonly (readonly number[])[]) => groups.map((group) => productOf(kernel, group));
  const shared = (groups: readonly (readonly number[])[]): number =>
    Math.max(1, ...groups.filter((group) => group.length > 1).map((group) => productOf(kernel, group)));
  const candidates = groupings(wide)
    .filter((groups) => fits(extentsOf(groups).toReversed()) && shared(groups) <= largestDividend)
    .toSorted((a, b) => shared(a) - shared(b) || a.length - b.length);
  const groups = candidates[0];
  if (groups === undefined)
    return E.left({
      _tag: 'EmitError',
      kernel: kernel.name,
      reason: `no thread layout for output extents ${wide.map((axis) => extentOf(kernel, axis)).join(' × ')}`,
    });

  const extents = extentsOf(groups).toReversed();
  const folded = foldsTwoDimensions(mode) && extents.length === 2;
  const names = folded ? ['x', 'z'] : ['x', 'y', 'z'];
  const axes = new Map<number, AxisText>();
  for (const axis of kernel.outputAxes) axes.set(axis, { text: '0', integer: true, start: 0 });
  const declarations: string[] = [];
  for (const [i, group] of groups.toReversed().entries()) {
    let rest = `this.thread.${at(names, i, 'gpu.js threads')}`;
    let integer = true;
    for (const axis of group.slice(1).toReversed()) {
      const extent = extentOf(kernel, axis);
      declarations.push(`const d${axis} = ${wholeQuotient(rest, extent)};`);
      declarations.push(`const o${axis} = ${rest} - d${axis} * ${extent};`);
      axes.set(axis, { text: `o${axis}`, integer: false, start: 0 });
      rest = `d${axis}`;
      integer = false;
    }
    const [outermost] = group;
    if (outermost !== undefined) axes.set(outermost, { text: rest, integer, start: 0 });
  }
  const threads = extents.length === 0 ? [1] : folded ? extents.toSpliced(1, 0, 1) : extents;
  return E.right({ threads, declarations, axes });
};

const place = 'gpu.js address';

/** Largest absolute value that an affine form takes on the way to its value. */
const reach = (affine: Affine, kernel: Kernel, axes: ReadonlyMap<number, AxisText>): number =>
  affine.terms.reduce((total, { axis, stride }) => {
    const extent = extentOf(kernel, axis) + lookup(axes, axis, place).start;
    return total + Math.abs(stride) * extent;
  }, Math.abs(affine.offset));

/** An address as an expression; `undefined` where float32 would not hold it exactly. */
export const affineText = (affine: Affine, kernel: Kernel, axes: ReadonlyMap<number, AxisText>): string | undefined => {
  const terms = affine.terms.map(({ axis, stride }) => ({
    stride,
    ...lookup(axes, axis, place),
  }));
  const exact = terms.every(({ integer }) => integer);
  if (!exact && reach(affine, kernel, axes) > largestExactInteger) return undefined;
  const offset = terms.reduce((total, { stride, start }) => total - stride * start, affine.offset);
  const written = terms
    .filter(({ stride, text }) => stride !== 0 && text !== '0')
    .map(({ stride, text }) => {
      const size = Math.abs(stride);
      return { negative: stride < 0, text: size === 1 ? text : `${text} * ${size}` };
    });
  if (offset !== 0 || written.every(({ negative }) => negative))
    written.push({ negative: offset < 0, text: `${Math.abs(offset)}` });
  const ordered = written.toSorted((a, b) => Number(a.negative) - Number(b.negative));
  return ordered.every(({ negative }) => negative)
    ? `0 - ${ordered.map(({ text }) => text).join(' - ')}`
    : ordered.reduce((sum, { negative, text }) => (sum === '' ? text : `${sum} ${negative ? '-' : '+'} ${text}`), '');
};
