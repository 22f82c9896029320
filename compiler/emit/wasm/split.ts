/**
 * Long reductions in two kernels: blocks of a fixed length are folded one by one, then their results. That gives many
 * independent sums to several threads and to the pipelines of one, and a smaller rounding error than one long sum. The
 * blocks depend on shapes only, so the result does not depend on the number of threads.
 */
import type { Affine, Axis, Block, Instruction, Kernel, Part } from '../../program.js';
import { axisOf, extentOf, outputIndex } from './affine.js';

/** The two kernels; the first writes `length` elements to a scratch buffer that the second reads. */
export interface SplitKernel {
  readonly partial: Kernel;
  readonly final: Kernel;
  readonly length: number;
}

const longReduction = 2048;
const blockTerms = 256;
const mostBlocks = 64;
// where there are many outputs, there is work for all threads without blocks
const fewOutputs = 2048;
const veryLongReduction = 16384;
const mostScratch = 1 << 22;

const productOf = (kernel: Kernel, axes: readonly number[]): number =>
  axes.reduce((product, axis) => product * extentOf(kernel, axis), 1);

type Change = (affine: Affine) => Affine;

const mapTerm = (block: Block, change: Change): Block =>
  block.map(
    (item): Instruction => (item.op === 'load' || item.op === 'index' ? { ...item, index: change(item.index) } : item),
  );

const mapAxes = (axes: readonly Axis[], change: Change): readonly Axis[] =>
  axes.map((axis) => (axis.kind === 'quotient' ? { ...axis, from: change(axis.from) } : axis));

const strideIn = ({ terms }: Affine, axis: number): number =>
  terms.reduce((sum, term) => (term.axis === axis ? sum + term.stride : sum), 0);

/** Blocks along an axis: as near to the wished number as divides the extent evenly, else with a rest. */
const blocksOf = (extent: number, wished: number): { readonly count: number; readonly size: number } => {
  for (let count = wished; count <= 2 * wished && count <= extent; count += 1)
    if (extent % count === 0) return { count, size: extent / count };
  const size = Math.ceil(extent / wished);
  return { count: Math.floor(extent / size), size };
};

const splitPart = (kernel: Kernel, part: Part, scratch: number, cut: number, wished: number): SplitKernel => {
  const { count, size } = blocksOf(extentOf(kernel, cut), wished);
  const rest = extentOf(kernel, cut) - count * size;
  const block = kernel.axes.length;
  const [accumulator] = kernel.accumulators;
  const kind = accumulator?.kind ?? 'sum';
  const loop = (name: string, extent: number): Axis => ({ kind: 'loop', name, extent });
  const name = axisOf(kernel.axes, cut).name;
  const within: Change = (affine) => ({
    ...affine,
    terms: [...affine.terms, { axis: block, stride: size * strideIn(affine, cut) }],
  });
  const after: Change = (affine) => ({ ...affine, offset: affine.offset + count * size * strideIn(affine, cut) });
  const resized = (extent: number) => (axis: Axis, i: number) => (i === cut ? loop(name, extent) : axis);
  const partial: Kernel = {
    ...kernel,
    name: `${kernel.name}.blocks`,
    axes: [...mapAxes(kernel.axes, within).map(resized(size)), loop(`${name}_block`, count)],
    outputAxes: [block, ...kernel.outputAxes],
    output: scratch,
    accumulators: [{ kind, parts: [{ ...part, term: mapTerm(part.term, within) }] }],
    body: [{ op: 'accumulator', accumulator: 0 }],
  };
  const outputs = productOf(kernel, kernel.outputAxes);
  const { terms } = outputIndex(kernel);
  const result: Instruction = {
    op: 'load',
    buffer: scratch,
    index: { offset: 0, terms: [{ axis: block, stride: outputs }, ...terms] },
    guards: [],
  };
  const folded: Part = { axes: [block], term: [result] };
  const remaining: Part = { ...part, term: mapTerm(part.term, after) };
  const final: Kernel = {
    ...kernel,
    axes: [...(rest > 0 ? mapAxes(kernel.axes, after).map(resized(rest)) : kernel.axes), loop(`${name}_block`, count)],
    accumulators: [{ kind, parts: rest > 0 ? [folded, remaining] : [folded] }],
  };
  return { partial, final, length: count * outputs };
};

/** A kernel with one long sum or maximum as two, or undefined where it is as well as one. */
export const splitReduction = (kernel: Kernel, scratch: number): SplitKernel | undefined => {
  const [accumulator, ...others] = kernel.accumulators;
  const [part, ...parts] = accumulator?.parts ?? [];
  if (accumulator === undefined || part === undefined || accumulator.kind === 'argmax') return undefined;
  if (others.length > 0 || parts.length > 0) return undefined;
  const length = productOf(kernel, part.axes);
  const outputs = productOf(kernel, kernel.outputAxes);
  if (length < longReduction || (outputs > fewOutputs && length < veryLongReduction)) return undefined;
  const [cut] = part.axes;
  const wished = Math.min(mostBlocks, Math.floor(length / blockTerms), Math.floor(mostScratch / outputs));
  if (cut === undefined || wished < 2 || extentOf(kernel, cut) < 2) return undefined;
  return splitPart(kernel, part, scratch, cut, Math.min(wished, extentOf(kernel, cut)));
};
