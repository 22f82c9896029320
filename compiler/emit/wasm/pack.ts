/**
 * Operands laid out anew: where the vectors of a sum of products would run along an axis but for an operand that strides
 * along it, as the weights [out, in, height, width] of a convolution do along `out`, the operand is copied first, with
 * that axis last. What the image or the output look like does not matter then: the one is read number by number, the
 * other written once per sum.
 */

import { internal } from '../../../dsl/internal.js';
import type { Axis, Block, Instruction, Kernel } from '../../program.js';
import { axisOf, extentOf, productOf } from '../../queries.js';
import { linearOf, loopAxesOf, rowMajor, strideOf, writtenStride } from './affine.js';
import { mapKernel, normalise } from './normalise.js';
import { scheduleCycles, scheduleOf } from './schedule.js';

/** The kernel over copies of some of its operands; each copy is a kernel that writes a scratch buffer of its own. */
export interface PackedKernel {
  readonly copies: readonly { readonly kernel: Kernel; readonly length: number }[];
  readonly kernel: Kernel;
}

type Load = Extract<Instruction, { readonly op: 'load' }>;

// below this, a copy is not worth its own call
const leastCycles = 400_000;
// the cycles are a rough model's
const leastGain = 0.95;

// how often at least a copied number is used: less seldom pays, for the reads and writes of a copy are scattered
const leastUses = 1000;

// the elements of a tile's row of vectors: packed operands are read in such blocks, one after the other
const blockWidth = 16;

/** An axis of more than a block as an axis over the blocks and one inside them. */
const inBlocks = (kernel: Kernel, axis: number): Kernel => {
  const extent = extentOf(kernel, axis);
  if (extent <= blockWidth || extent % blockWidth !== 0) return kernel;
  const over = kernel.axes.length;
  const split = mapKernel(kernel, (index) => ({
    ...index,
    terms: [...index.terms, { axis: over, stride: blockWidth * writtenStride(index, axis) }],
  }));
  const { name } = axisOf(kernel.axes, axis);
  return {
    ...split,
    axes: [
      ...split.axes.map((item, i): Axis => (i === axis ? { kind: 'loop', name, extent: blockWidth } : item)),
      { kind: 'loop', name: `${name}_block`, extent: extent / blockWidth },
    ],
    outputAxes: split.outputAxes.flatMap((item) => (item === axis ? [over, axis] : [item])),
  };
};

/** The axes of a load in the order of its copy, `last` at the end; none where a copy would not be of the same size. */
const copyAxes = (kernel: Kernel, { index, guards }: Load, last: number): readonly number[] | undefined => {
  const linear = linearOf(kernel.axes, index);
  if (guards.length > 0 || linear.terms.some(({ variable }) => variable.kind !== 'loop')) return undefined;
  const axes = loopAxesOf(linear);
  const reach = linear.terms.reduce(
    (sum, { variable, stride }) =>
      variable.kind === 'loop' ? sum + Math.abs(stride) * (extentOf(kernel, variable.axis) - 1) : sum,
    1,
  );
  if (productOf(kernel, [...axes]) > reach) return undefined;
  const parts = kernel.accumulators.flatMap((accumulator) => accumulator.parts);
  const order = [...kernel.outputAxes, ...parts.flatMap((part) => part.axes)].filter((axis) => axis !== last);
  return [...order.filter((axis) => axes.has(axis)), last];
};

/** The kernel that copies what a load reads, with its axes in a new order. */
const copyKernel = (kernel: Kernel, load: Load, axes: readonly number[], name: string, output: number): Kernel => ({
  name,
  axes: axes.map((axis) => axisOf(kernel.axes, axis)),
  outputAxes: axes.map((_, i) => i),
  output,
  accumulators: [],
  body: [
    {
      ...load,
      index: {
        offset: linearOf(kernel.axes, load.index).constant,
        // axes that a quotient depends on are not copied along (copyAxes)
        terms: axes.map((axis, i) => ({
          axis: i,
          stride:
            strideOf(linearOf(kernel.axes, load.index), axis) ??
            internal(`kernel ${kernel.name}`, `a copy along axis ${axis}, on which a quotient depends`),
        })),
      },
    },
  ],
});

/** The kernel with all operands that stride along an axis copied; none where one of them cannot be, or none does. */
const packedAlong = (source: Kernel, column: number, firstScratch: number): PackedKernel | undefined => {
  const kernel = inBlocks(source, column);
  const copies: { readonly kernel: Kernel; readonly length: number }[] = [];
  let packable = true;
  const packed = (term: Block): Block =>
    term.map((instruction): Instruction => {
      if (instruction.op !== 'load') return instruction;
      const stride = strideOf(linearOf(kernel.axes, instruction.index), column);
      if (stride === 0 || stride === 1) return instruction;
      const axes = copyAxes(kernel, instruction, column);
      if (axes === undefined) {
        packable = false;
        return instruction;
      }
      const buffer = firstScratch + copies.length;
      const copy = copyKernel(kernel, instruction, axes, `${kernel.name}.copy${copies.length}`, buffer);
      copies.push({ kernel: normalise(copy), length: productOf(kernel, axes) });
      return { op: 'load', buffer, index: rowMajor(kernel, axes), guards: [] };
    });
  const accumulators = kernel.accumulators.map((accumulator) => ({
    ...accumulator,
    parts: accumulator.parts.map((part) => ({ ...part, term: packed(part.term) })),
  }));
  return packable && copies.length > 0 ? { copies, kernel: normalise({ ...kernel, accumulators }) } : undefined;
};

const cyclesOf = (kernel: Kernel): number => scheduleCycles(kernel, scheduleOf(kernel));

/** A normalised kernel over packed operands; undefined where it is as well without. */
export const packOperands = (kernel: Kernel, firstScratch: number): PackedKernel | undefined => {
  const [accumulator, ...others] = kernel.accumulators;
  if (accumulator?.kind !== 'sum' || others.length > 0) return undefined;
  const outputs = productOf(kernel, kernel.outputAxes);
  const uses = accumulator.parts.reduce((sum, { axes }) => sum + outputs * productOf(kernel, axes), 0);
  const cycles = cyclesOf(kernel);
  if (cycles < leastCycles) return undefined;
  return kernel.outputAxes
    .flatMap((column) => {
      const packed = packedAlong(kernel, column, firstScratch);
      return packed === undefined || uses < leastUses * packed.copies.reduce((sum, { length }) => sum + length, 0)
        ? []
        : [
            {
              packed,
              cycles: [...packed.copies.map((copy) => copy.kernel), packed.kernel].reduce((n, k) => n + cyclesOf(k), 0),
            },
          ];
    })
    .reduce<{ readonly packed: PackedKernel | undefined; readonly cycles: number }>(
      (best, next) => (next.cycles < best.cycles ? next : best),
      { packed: undefined, cycles: leastGain * cycles },
    ).packed;
};
