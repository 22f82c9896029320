/** Running compiled programs in float64 in tests, and what makes a program legal. */
import type { Affine, Block, Kernel, Program, Stage, Step } from '../../compiler/program.js';
import { scalarRow } from '../../dsl/scalar.js';
import { runSteps } from '../../runtime/interpreter.js';

/** Where a machine keeps the buffers of a program: each in an array of its own, or at its planned place in one arena. */
export type Storage = 'separate' | 'arena';

/** Results of a stage by name. */
export type Results = Readonly<Record<string, Float64Array>>;

/** A machine that runs the stages of one program; it keeps its buffers between runs. */
export type Machine = (stage: string, inputs: Readonly<Record<string, ArrayLike<number>>>) => Results;

/** A machine for a program. Memory starts as NaN, so that reading what nobody wrote shows. */
export const machine = (program: Program, storage: Storage = 'separate'): Machine => {
  const arena = new Float64Array(program.memory.length).fill(Number.NaN);
  const arrays = program.buffers.map(({ length }, buffer) => {
    const offset = program.memory.placements[buffer]?.offset ?? Number.NaN;
    return storage === 'arena' ? arena.subarray(offset, offset + length) : new Float64Array(length).fill(Number.NaN);
  });
  return (name, inputs) => {
    const stage = program.stages.find((candidate) => candidate.name === name);
    if (stage === undefined) throw new Error(`no stage ${name}`);
    for (const port of stage.inputs) arrays[port.buffer]?.set(inputs[port.name] ?? []);
    runSteps(stage.steps, arrays);
    return Object.fromEntries(
      stage.outputs.map(({ name: output, buffer }) => [output, Float64Array.from(arrays[buffer] ?? [])]),
    );
  };
};

/** Every step, those of loops after the loop itself. */
export const allSteps = (steps: readonly Step[]): readonly Step[] =>
  steps.flatMap((step) => (step.kind === 'loop' ? [step, ...allSteps([...step.condition, ...step.body])] : [step]));

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

const blockFaults = (kernel: Kernel, block: Block, buffers: number, inBody: boolean): readonly string[] => {
  const isAxis = (axis: number) => axis >= 0 && axis < kernel.axes.length;
  const affine = ({ terms }: Affine) => terms.every(({ axis }) => isAxis(axis));
  const guards = (axes: readonly number[]) => axes.every((axis) => kernel.axes[axis]?.kind === 'quotient');
  return block.flatMap((instruction, position) => {
    const fine = ((): boolean => {
      switch (instruction.op) {
        case 'constant':
          return true;
        case 'index':
          return affine(instruction.index);
        case 'load':
          return instruction.buffer < buffers && affine(instruction.index) && guards(instruction.guards);
        case 'valid':
          return guards(instruction.guards);
        case 'accumulator':
          return inBody && instruction.accumulator < kernel.accumulators.length;
        case 'apply':
          return (
            instruction.operands.length === scalarRow(instruction.fn).arity &&
            instruction.operands.every((operand) => operand >= 0 && operand < position)
          );
      }
    })();
    return fine ? [] : [`${kernel.name}: ${JSON.stringify(instruction)} at ${position}`];
  });
};

const kernelFaults = (kernel: Kernel, program: Program): readonly string[] => {
  const blocks = kernel.accumulators.flatMap(({ parts }) => parts.map(({ term }) => term));
  const length = product(kernel.outputAxes.map((axis) => kernel.axes[axis]?.extent ?? Number.NaN));
  return [
    ...(/^[A-Za-z0-9_.]+$/.test(kernel.name) ? [] : [`${kernel.name}: name`]),
    ...(length === program.buffers[kernel.output]?.length ? [] : [`${kernel.name}: ${length} elements`]),
    ...[kernel.body, ...blocks].flatMap((block) => (block.length === 0 ? [`${kernel.name}: empty block`] : [])),
    ...kernel.accumulators.flatMap(({ kind, parts }) =>
      parts.length === 1 || (kind === 'sum' && parts.length > 0) ? [] : [`${kernel.name}: parts of ${kind}`],
    ),
    ...kernel.axes.flatMap((axis, position) =>
      axis.kind === 'quotient' && axis.from.terms.some((term) => term.axis >= position)
        ? [`${kernel.name}: quotient ${position} over a later axis`]
        : [],
    ),
    ...blockFaults(kernel, kernel.body, program.buffers.length, true),
    ...blocks.flatMap((block) => blockFaults(kernel, block, program.buffers.length, false)),
  ];
};

const stageFaults = (stage: Stage, program: Program): readonly string[] =>
  allSteps(stage.steps).flatMap((step) => (step.kind === 'kernel' ? kernelFaults(step.kernel, program) : []));

/** What is wrong with a program by the rules that `compiler/program.ts` states; empty for a legal one. */
export const programFaults = (program: Program): readonly string[] => {
  const kernels = program.stages.flatMap((stage) =>
    allSteps(stage.steps).flatMap((step) => (step.kind === 'kernel' ? [step.kernel.name] : [])),
  );
  const ports = program.stages.flatMap((stage) => [...stage.inputs, ...stage.outputs]);
  return [
    ...program.stages.flatMap((stage) => stageFaults(stage, program)),
    ...kernels.filter((name, i) => kernels.indexOf(name) !== i).map((name) => `${name}: twice`),
    ...ports.flatMap(({ name, buffer, shape }) =>
      product(shape) === program.buffers[buffer]?.length ? [] : [`port ${name}: ${shape}`],
    ),
    ...program.memory.placements.flatMap(({ offset }, buffer) =>
      offset >= 0 && offset + (program.buffers[buffer]?.length ?? 0) <= program.memory.length
        ? []
        : [`buffer ${buffer}: outside the arena`],
    ),
  ];
};
