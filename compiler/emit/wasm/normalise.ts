/**
 * Kernels → equivalent kernels with fewer, longer loops: axes of extent 1 disappear, and neighbouring axes through which
 * every index runs contiguously become one.
 */

import type { Affine, Kernel, Part } from '../../program.js';
import { axisOf, extentOf } from '../../queries.js';
import { blocksOf, type IndexChange, mapAxes, mapBlock, writtenStride } from './affine.js';

const affinesOf = (kernel: Kernel): readonly Affine[] => [
  ...kernel.axes.flatMap((axis) => (axis.kind === 'quotient' ? [axis.from] : [])),
  ...blocksOf(kernel).flatMap((block) =>
    block.flatMap((instruction) =>
      instruction.op === 'load' || instruction.op === 'index' ? [instruction.index] : [],
    ),
  ),
];

/** The kernel with every index changed. */
export const mapKernel = (kernel: Kernel, change: IndexChange): Kernel => ({
  ...kernel,
  axes: mapAxes(kernel.axes, change),
  accumulators: kernel.accumulators.map((accumulator) => ({
    ...accumulator,
    parts: accumulator.parts.map((part) => ({ ...part, term: mapBlock(part.term, change) })),
  })),
  body: mapBlock(kernel.body, change),
});

/** Axis lists whose neighbours may be merged: the output's, and each part's. */
const axisLists = (kernel: Kernel): readonly (readonly number[])[] => [
  kernel.outputAxes,
  ...kernel.accumulators.flatMap(({ parts }) => parts.map(({ axes }) => axes)),
];

const withoutAxis = (kernel: Kernel, axis: number): Kernel => ({
  ...kernel,
  outputAxes: kernel.outputAxes.filter((item) => item !== axis),
  accumulators: kernel.accumulators.map((accumulator) => ({
    ...accumulator,
    parts: accumulator.parts.map((part): Part => ({ ...part, axes: part.axes.filter((item) => item !== axis) })),
  })),
});

/** `outer` and `inner` become `inner`, longer. */
const merge = (kernel: Kernel, outer: number, inner: number): Kernel => {
  const extent = extentOf(kernel, outer) * extentOf(kernel, inner);
  const merged = mapKernel(withoutAxis(kernel, outer), ({ offset, terms }) => ({
    offset,
    terms: terms.filter(({ axis }) => axis !== outer),
  }));
  return {
    ...merged,
    axes: merged.axes.map((axis, i) => (i === inner && axis.kind === 'loop' ? { ...axis, extent } : axis)),
  };
};

const mergeablePair = (kernel: Kernel): readonly [number, number] | undefined => {
  const affines = affinesOf(kernel);
  const lists = axisLists(kernel);
  for (const list of lists) {
    for (const [i, inner] of list.entries()) {
      const outer = list[i - 1];
      if (outer === undefined) continue;
      const together = lists.every(
        (other) =>
          (!other.includes(outer) && !other.includes(inner)) || other.indexOf(inner) === other.indexOf(outer) + 1,
      );
      const contiguous = affines.every(
        (affine) => writtenStride(affine, outer) === extentOf(kernel, inner) * writtenStride(affine, inner),
      );
      if (together && contiguous) return [outer, inner];
    }
  }
  return undefined;
};

/** The kernel with as few loops as its indices allow. */
export const normalise = (kernel: Kernel): Kernel => {
  const unit = axisLists(kernel)
    .flat()
    .find((axis) => axisOf(kernel.axes, axis).extent === 1);
  if (unit !== undefined) return normalise(withoutAxis(kernel, unit));
  const pair = mergeablePair(kernel);
  return pair === undefined ? kernel : normalise(merge(kernel, ...pair));
};
