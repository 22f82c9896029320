/**
 * Loop variables updated in place: where the kernel that computes a variable's next value reads the old one at most at
 * the element that it writes, and nothing reads the old value afterwards, it writes the variable itself and the copy at
 * the end of the round goes. (`x + α p` in every solver.)
 */

import { stepBuffers } from '../memory.js';
import type { Affine, Block, Kernel, Step } from '../program.js';
import { extentOf, productOf } from '../queries.js';
import { affineKey, axisIndex, flatten } from './affine.js';

type Copy = Extract<Step, { kind: 'copy' }>;

const withoutUnitAxes = (kernel: Kernel, { offset, terms }: Affine): Affine => ({
  offset,
  terms: terms.filter(({ axis }) => extentOf(kernel, axis) !== 1),
});

/** The address of the element that a kernel writes, in terms of its axes. */
const ownAddress = (kernel: Kernel): Affine => {
  const strides = kernel.outputAxes.map((_, i) => productOf(kernel, kernel.outputAxes.slice(i + 1)));
  return flatten(kernel.outputAxes.map(axisIndex), strides);
};

const loadsOf = (block: Block, buffer: number) =>
  block.flatMap((instruction) => (instruction.op === 'load' && instruction.buffer === buffer ? [instruction] : []));

/** Does the kernel read the buffer, if at all, only at the element that it writes? */
const readsOwnElement = (kernel: Kernel, buffer: number): boolean => {
  const own = affineKey(withoutUnitAxes(kernel, ownAddress(kernel)));
  const terms = kernel.accumulators.flatMap(({ parts }) => parts.map(({ term }) => term));
  return (
    terms.every((term) => loadsOf(term, buffer).length === 0) &&
    loadsOf(kernel.body, buffer).every(({ index }) => affineKey(withoutUnitAxes(kernel, index)) === own)
  );
};

const renameBlock = (block: Block, from: number, to: number): Block =>
  block.map((instruction) =>
    instruction.op === 'load' && instruction.buffer === from ? { ...instruction, buffer: to } : instruction,
  );

/** The step with buffer `from` replaced by `to`. */
const rename = (step: Step, from: number, to: number): Step => {
  const of = (buffer: number): number => (buffer === from ? to : buffer);
  switch (step.kind) {
    case 'copy':
      return { ...step, from: of(step.from), to: of(step.to) };
    case 'join':
      return { ...step, output: of(step.output), parts: step.parts.map(of) };
    case 'loop':
      return {
        ...step,
        condition: step.condition.map((inner) => rename(inner, from, to)),
        proceed: of(step.proceed),
        body: step.body.map((inner) => rename(inner, from, to)),
      };
    case 'kernel': {
      const { kernel } = step;
      const accumulators = kernel.accumulators.map((accumulator) => ({
        ...accumulator,
        parts: accumulator.parts.map((part) => ({ ...part, term: renameBlock(part.term, from, to) })),
      }));
      return {
        kind: 'kernel',
        kernel: { ...kernel, output: of(kernel.output), accumulators, body: renameBlock(kernel.body, from, to) },
      };
    }
  }
};

const canBeInPlace = (body: readonly Step[], { from, to }: Copy, copies: readonly Copy[]): boolean => {
  const writers = body.filter((step) => stepBuffers(step).writes.includes(from));
  const [writer] = writers;
  if (writer?.kind !== 'kernel' || writers.length !== 1) return false;
  const later = body.slice(body.indexOf(writer) + 1);
  const touches = (step: Step) => stepBuffers(step).reads.includes(to) || stepBuffers(step).writes.includes(to);
  return (
    readsOwnElement(writer.kernel, to) &&
    !later.some(touches) &&
    copies.every((copy) => copy.to === to || copy.from !== to)
  );
};

/**
 * The body of a loop followed by its copies (`next` to variable), with as many copies as possible gone.
 * Copies whose source is not written by a kernel of the body stay.
 */
export const updateInPlace = (body: readonly Step[], copies: readonly Copy[]): readonly Step[] => {
  let steps = body;
  let left = copies;
  for (const copy of copies) {
    if (!canBeInPlace(steps, copy, left)) continue;
    steps = steps.map((step) => rename(step, copy.from, copy.to));
    left = left
      .filter((other) => other !== copy)
      .map((other) => (other.from === copy.from ? { ...other, from: copy.to } : other));
  }
  return [...steps, ...left];
};
