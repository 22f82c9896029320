/**
 * Where sums of a kernel are held until its body is applied to them: in the tile's registers, in the output, or in a
 * scratch buffer; and how long sums are cut into blocks.
 */

import { at } from '../../../dsl/internal.js';
import type { Instruction, Kernel, Part } from '../../program.js';
import { extentOf, productOf } from '../../queries.js';
import { dependencesOf, outputIndex } from './affine.js';
import { library } from './scalar.js';
import type { Schedule } from './schedule.js';

/** Is the output the sum and nothing more? */
export const isSumItself = ({ body }: Kernel): boolean => body.length === 1 && body[0]?.op === 'accumulator';

/** Does the body call functions on what it makes of the sum? */
const callsFunctions = ({ axes, body }: Kernel): boolean =>
  dependencesOf(axes, body).some((dependence, i) => {
    const instruction = body[i];
    return dependence.accumulators && instruction?.op === 'apply' && library[instruction.fn].length > 0;
  });

/** Are sums stored before the body is applied to them? So it is where they are added up in blocks. */
export const isApart = (kernel: Kernel, { lanes, columns, blockTerms }: Schedule): boolean => {
  const [accumulator, ...others] = kernel.accumulators;
  if (accumulator?.kind !== 'sum' || others.length > 0 || lanes !== 'column') return false;
  // a body that calls functions, or has many sums at once, makes V8 spill them inside the reduction loop
  const crowded = columns.some(({ vectors, rows }) => vectors * at(rows, 0, 'row segments').size >= 8);
  return blockTerms !== undefined || callsFunctions(kernel) || (crowded && !isSumItself(kernel));
};

/** The output's axes with the one last that vectors run along. */
const columnLast = ({ outputAxes }: Kernel, { column }: Schedule): readonly number[] =>
  column === undefined ? outputAxes : [...outputAxes.filter((axis) => axis !== column), column];

/** Does the body read what the kernel overwrites, as an update in place does? */
const readsOutput = ({ body, output }: Kernel): boolean =>
  body.some((instruction) => instruction.op === 'load' && instruction.buffer === output);

/** Is the output itself a place for sums, that is, do vectors run along its last axis, and does nothing need it before? */
export const isInPlace = (kernel: Kernel, schedule: Schedule): boolean =>
  columnLast(kernel, schedule).at(-1) === kernel.outputAxes.at(-1) && !readsOutput(kernel);

/** Scratch buffers for sums in blocks: the sums of a block, and the sums where the output is no place for them. */
export const blockBuffers = 2;

/** Lengths of these that a kernel needs under a schedule. */
export const blockLengths = (kernel: Kernel, schedule: Schedule): readonly number[] => {
  const length = productOf(kernel, kernel.outputAxes);
  const apart = isApart(kernel, schedule) && !isInPlace(kernel, schedule);
  return [schedule.blockTerms === undefined ? 0 : length, apart ? length : 0];
};

/** A kernel that writes the sums where they are held, the first scratch buffer being `scratch`. */
export const sumsOf = (kernel: Kernel, schedule: Schedule, scratch: number): Kernel =>
  isInPlace(kernel, schedule) ? kernel : { ...kernel, output: scratch + 1, outputAxes: columnLast(kernel, schedule) };

/** What a kernel has stored at the output axes. */
export const elementOf = (kernel: Kernel): Instruction => ({
  op: 'load',
  buffer: kernel.output,
  index: outputIndex(kernel),
  guards: [],
});

/** An axis that is cut every `step` elements. */
export interface Cut {
  readonly axis: number;
  readonly step: number;
}

/** A part with the axis that is cut so that its turns and those of the axes inside make about `terms` terms. */
export const cutOf = (
  kernel: Kernel,
  { axes }: Part,
  terms: number,
): { readonly outside: readonly number[]; readonly cut: Cut | undefined } => {
  // as many cuts as needed, all as long as one another
  const evenly = (extent: number, longest: number): number => Math.ceil(extent / Math.ceil(extent / longest));
  let inside = 1;
  for (const [depth, axis] of [...axes.entries()].reverse()) {
    const extent = extentOf(kernel, axis);
    if (depth === 0 || inside * extent >= terms)
      return { outside: axes.slice(0, depth), cut: { axis, step: evenly(extent, Math.ceil(terms / inside)) } };
    inside *= extent;
  }
  return { outside: [], cut: undefined };
};
