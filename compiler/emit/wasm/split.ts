/**
 * Long reductions in two kernels: blocks of a fixed length are folded one by one, then their results. That gives many
 * independent sums to several threads and to the pipelines of one, and a smaller rounding error than one long sum. The
 * blocks depend on shapes only, so the result does not depend on the number of threads.
 */

import type { Axis, Instruction, Kernel, Part } from '../../program.js';
import { axisOf, extentOf, productOf } from '../../queries.js';
import { type IndexChange, mapAxes, mapBlock, outputIndex, writtenStride } from './affine.js';
import { scheduleOf } from './schedule.js';

/** The kernels: each of `partials` writes a scratch buffer of its own, and `final` reads them all. */
export interface SplitKernel {
  readonly partials: readonly { readonly kernel: Kernel; readonly length: number }[];
  readonly final: Kernel;
}

const longReduction = 2048;
const blockTerms = 256;
const mostBlocks = 64;
// where there are many outputs, there is work for all threads without blocks
const fewOutputs = 2048;
const veryLongReduction = 16384;
const mostScratch = 1 << 22;

/** Blocks along an axis: as near to the wished number as divides the extent evenly, else with a rest. */
const blocksOf = (extent: number, wished: number): { readonly count: number; readonly size: number } => {
  for (let count = wished; count <= 2 * wished && count <= extent; count += 1)
    if (extent % count === 0) return { count, size: extent / count };
  const size = Math.ceil(extent / wished);
  return { count: Math.floor(extent / size), size };
};

interface SplitPart {
  readonly kernel: Kernel;
  readonly length: number;
  /** The axis over the blocks, as an axis of the final kernel. */
  readonly axis: Axis;
  /** Fold over the blocks, where their axis is at a position. */
  readonly folded: (axis: number) => Part;
  /** What does not fill a block: terms from this offset along `cut` on. */
  readonly rest: { readonly from: number; readonly count: number };
}

const loopAxis = (name: string, extent: number): Axis => ({ kind: 'loop', name, extent });

const resize =
  (axis: number, extent: number) =>
  (item: Axis, i: number): Axis =>
    i === axis ? loopAxis(item.name, extent) : item;

const splitPart = (
  kernel: Kernel,
  part: Part,
  {
    index,
    cut,
    wished,
    scratch,
  }: { readonly index: number; readonly cut: number; readonly wished: number; readonly scratch: number },
): SplitPart => {
  const { count, size } = blocksOf(extentOf(kernel, cut), wished);
  const block = kernel.axes.length;
  const axis = loopAxis(`${axisOf(kernel.axes, cut).name}_block`, count);
  const within: IndexChange = (affine) => ({
    ...affine,
    terms: [...affine.terms, { axis: block, stride: size * writtenStride(affine, cut) }],
  });
  const outputs = productOf(kernel, kernel.outputAxes);
  const load = (at: number): Instruction => ({
    op: 'load',
    buffer: scratch,
    index: { offset: 0, terms: [{ axis: at, stride: outputs }, ...outputIndex(kernel).terms] },
    guards: [],
  });
  return {
    kernel: {
      ...kernel,
      name: `${kernel.name}.blocks${index}`,
      axes: [...mapAxes(kernel.axes, within).map(resize(cut, size)), axis],
      outputAxes: [block, ...kernel.outputAxes],
      output: scratch,
      accumulators: kernel.accumulators.map(({ kind }) => ({
        kind,
        parts: [{ ...part, term: mapBlock(part.term, within) }],
      })),
      body: [{ op: 'accumulator', accumulator: 0 }],
    },
    length: count * outputs,
    axis,
    folded: (at) => ({ axes: [at], term: [load(at)] }),
    rest: { from: count * size, count: extentOf(kernel, cut) - count * size },
  };
};

/** The final kernel, with one part split: the terms that fill no block first, since they are small, then the blocks. */
const withSplit = (kernel: Kernel, part: Part, cut: number, split: SplitPart): Kernel => {
  const after: IndexChange = (affine) => ({
    ...affine,
    offset: affine.offset + split.rest.from * writtenStride(affine, cut),
  });
  const rest = split.rest.count > 0 ? [{ ...part, term: mapBlock(part.term, after) }] : [];
  const axes = split.rest.count > 0 ? mapAxes(kernel.axes, after).map(resize(cut, split.rest.count)) : kernel.axes;
  return {
    ...kernel,
    axes: [...axes, split.axis],
    accumulators: kernel.accumulators.map((accumulator) => ({
      ...accumulator,
      parts: accumulator.parts.flatMap((other) =>
        other === part ? [...rest, split.folded(kernel.axes.length)] : [other],
      ),
    })),
  };
};

/** Is it a sum along which vector lanes run? Those are four chains of terms, which the schedule does not cut. */
const isInLanes = (kernel: Kernel): boolean =>
  kernel.accumulators[0]?.kind === 'sum' && scheduleOf(kernel).lanes === 'reduction';

/** A kernel whose one accumulator has long parts, in several; undefined where it is as well in one. */
export const splitReduction = (kernel: Kernel, firstScratch: number): SplitKernel | undefined => {
  const [accumulator, ...others] = kernel.accumulators;
  if (accumulator === undefined || others.length > 0 || accumulator.kind === 'argmax') return undefined;
  const outputs = productOf(kernel, kernel.outputAxes);
  return accumulator.parts.reduce<SplitKernel | undefined>((result, part, index) => {
    const length = productOf(kernel, part.axes);
    const [cut] = part.axes;
    const shared = accumulator.parts.some((other) => other !== part && cut !== undefined && other.axes.includes(cut));
    if (cut === undefined || shared) return result;
    const asWellInOne = outputs > fewOutputs && length < veryLongReduction && !isInLanes(kernel);
    if (length < longReduction || asWellInOne) return result;
    const most = Math.min(mostBlocks, Math.floor(mostScratch / outputs), extentOf(kernel, cut));
    const wished = Math.min(most, Math.floor(length / blockTerms));
    if (wished < 2) return result;
    const { partials, final }: SplitKernel = result ?? { partials: [], final: kernel };
    const split = splitPart(kernel, part, { index, cut, wished, scratch: firstScratch + partials.length });
    return { partials: [...partials, split], final: withSplit(final, part, cut, split) };
  }, undefined);
};
