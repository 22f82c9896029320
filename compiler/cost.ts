/** What a program costs, counted from its kernels. */

import { scalarRow } from '../dsl/scalar.js';
import { requireLegal } from './legal.js';
import { stepBuffers } from './memory.js';
import type { Block, Kernel, Part, Program, Stage, Step } from './program.js';
import { lengthOf, productOf } from './queries.js';
import { presentShare } from './terms.js';

/** Cost of a kernel, a stage or a program, for one run; loops count one round. */
export interface Cost {
  readonly kernels: number;
  /** Floating-point operations; a multiply-add counts 2, a transcendental function 1, a product with zero padding 0. */
  readonly flops: number;
  /** Bytes of the buffers read and written, each once per kernel. */
  readonly bytes: number;
}

const zero: Cost = { kernels: 0, flops: 0, bytes: 0 };

/** Adds costs. */
export const addCosts = (costs: readonly Cost[]): Cost =>
  costs.reduce(
    (sum, cost) => ({
      kernels: sum.kernels + cost.kernels,
      flops: sum.flops + cost.flops,
      bytes: sum.bytes + cost.bytes,
    }),
    zero,
  );

const blockFlops = (block: Block): number =>
  block.reduce((sum, instruction) => sum + (instruction.op === 'apply' ? scalarRow(instruction.fn).flops : 0), 0);

const partFlops = (kernel: Kernel, { axes, term }: Part): number =>
  productOf(kernel, axes) * presentShare(kernel, term) * (blockFlops(term) + 1);

/** Cost of one kernel. */
export const kernelCost = (kernel: Kernel, program: Program): Cost => {
  const parts = kernel.accumulators.flatMap((accumulator) => accumulator.parts);
  const perElement = blockFlops(kernel.body) + parts.reduce((sum, part) => sum + partFlops(kernel, part), 0);
  const { reads, writes } = stepBuffers({ kind: 'kernel', kernel });
  const elements = [...reads, ...writes].reduce((sum, buffer) => sum + lengthOf(program.buffers, buffer), 0);
  return { kernels: 1, flops: Math.round(productOf(kernel, kernel.outputAxes) * perElement), bytes: 4 * elements };
};

/** Steps in the order of a first run: a loop is its condition, then its body. */
export const stepsInOrder = (steps: readonly Step[]): readonly Step[] =>
  steps.flatMap((step) => (step.kind === 'loop' ? stepsInOrder([...step.condition, ...step.body]) : [step]));

/** Every kernel of some steps, those of loops included. */
export const kernelsOf = (steps: readonly Step[]): readonly Kernel[] =>
  stepsInOrder(steps).flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : []));

/** Cost of one stage. */
export const stageCost = (stage: Stage, program: Program): Cost =>
  addCosts(kernelsOf(stage.steps).map((kernel) => kernelCost(kernel, program)));

/** Cost of every stage, by name. */
export const programCost = (program: Program): Readonly<Record<string, Cost>> => {
  requireLegal(program, 'programCost');
  return Object.fromEntries(program.stages.map((stage) => [stage.name, stageCost(stage, program)]));
};
