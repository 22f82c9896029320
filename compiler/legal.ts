/**
 * What makes a program legal: the rules that `program.ts` states. Whoever takes a program (the memory plan, the code
 * generators, the interpreter, the costs) asks here first: a program that breaks a rule is a mistake of the compiler,
 * and ends in one `internal:` error that names the kernel, the port or the buffer, not in code that reads address 0.
 */
import { internal } from '../dsl/internal.js';
import { scalarRow } from '../dsl/scalar.js';
import type { Affine, Block, Buffer, Instruction, Kernel, Part, Program, Stage, Step } from './program.js';

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

const instructionFault = (
  instruction: Instruction,
  position: number,
  { axes, accumulators }: Kernel,
  buffers: readonly Buffer[] | undefined,
  inBody: boolean,
): string | undefined => {
  const axisFault = ({ terms }: Affine): string | undefined => {
    const unknown = terms.find(({ axis }) => axes[axis] === undefined);
    return unknown === undefined ? undefined : `no axis ${unknown.axis} among ${axes.length}`;
  };
  const guardFault = (guards: readonly number[]): string | undefined => {
    const unknown = guards.find((guard) => axes[guard]?.kind !== 'quotient');
    return unknown === undefined ? undefined : `guard ${unknown} is no quotient`;
  };
  switch (instruction.op) {
    case 'constant':
      return undefined;
    case 'index':
      return axisFault(instruction.index);
    case 'load':
      return buffers !== undefined && buffers[instruction.buffer] === undefined
        ? `no buffer ${instruction.buffer} among ${buffers.length}`
        : (axisFault(instruction.index) ?? guardFault(instruction.guards));
    case 'valid':
      return guardFault(instruction.guards);
    case 'accumulator':
      return inBody && accumulators[instruction.accumulator] !== undefined
        ? undefined
        : `no accumulator ${instruction.accumulator}`;
    case 'apply': {
      const { arity } = scalarRow(instruction.fn);
      if (instruction.operands.length !== arity)
        return `${instruction.fn} of ${instruction.operands.length} operands, not ${arity}`;
      const later = instruction.operands.find((operand) => !(operand >= 0 && operand < position));
      return later === undefined ? undefined : `operand ${later} is not before it`;
    }
  }
};

const blockFaults = (
  kernel: Kernel,
  block: Block,
  buffers: readonly Buffer[] | undefined,
  inBody: boolean,
): readonly string[] =>
  block.length === 0
    ? ['an empty block']
    : block.flatMap((instruction, position) => {
        const fault = instructionFault(instruction, position, kernel, buffers, inBody);
        return fault === undefined ? [] : [`${instruction.op} at ${position}: ${fault}`];
      });

const loopFaults = ({ axes }: Kernel, loops: readonly number[]): readonly string[] =>
  loops.filter((axis) => axes[axis]?.kind !== 'loop').map((axis) => `${axis} among ${axes.length} axes is no loop`);

const partFaults = (
  kernel: Kernel,
  { axes, term }: Part,
  buffers: readonly Buffer[] | undefined,
): readonly string[] => [...loopFaults(kernel, axes), ...blockFaults(kernel, term, buffers, false)];

/** What is wrong with a kernel; with `buffers`, those of its program, also with what it reads and writes. */
export const kernelFaults = (kernel: Kernel, buffers?: readonly Buffer[]): readonly string[] => {
  const { name, axes, outputAxes, output, accumulators, body } = kernel;
  const loops = loopFaults(kernel, outputAxes);
  const length = product(outputAxes.map((axis) => axes[axis]?.extent ?? Number.NaN));
  const written = buffers?.[output];
  const faults = [
    ...(/^[A-Za-z0-9_.]+$/.test(name) ? [] : ['its name']),
    ...loops,
    ...(buffers === undefined || length === written?.length
      ? []
      : [
          written === undefined
            ? `no buffer ${output} among ${buffers.length}`
            : `${length} elements for ${written.length}`,
        ]),
    ...accumulators.flatMap(({ kind, parts }) =>
      parts.length === 1 || (kind === 'sum' && parts.length > 0) ? [] : [`${kind} of ${parts.length} parts`],
    ),
    ...axes.flatMap((axis, position) =>
      axis.kind === 'quotient' && axis.from.terms.some((term) => !(term.axis >= 0 && term.axis < position))
        ? [`quotient ${position} of an axis that is not before it`]
        : [],
    ),
    ...accumulators.flatMap(({ parts }) => parts.flatMap((part) => partFaults(kernel, part, buffers))),
    ...blockFaults(kernel, body, buffers, true),
  ];
  return faults.map((fault) => `kernel ${name}: ${fault}`);
};

const stepFaults = (step: Step, buffers: readonly Buffer[]): readonly string[] => {
  const lengthOf = (buffer: number): number => buffers[buffer]?.length ?? Number.NaN;
  switch (step.kind) {
    case 'kernel':
      return kernelFaults(step.kernel, buffers);
    case 'copy':
      return lengthOf(step.from) === lengthOf(step.to) ? [] : [`copy of buffer ${step.from} to ${step.to}`];
    case 'join':
      return step.parts.reduce((sum, part) => sum + lengthOf(part), 0) === lengthOf(step.output)
        ? []
        : [`join of buffers ${step.parts} to ${step.output}`];
    case 'loop':
      return [
        ...(lengthOf(step.proceed) === 1 ? [] : [`loop ${step.name}: no scalar buffer ${step.proceed}`]),
        ...[...step.condition, ...step.body].flatMap((inner) => stepFaults(inner, buffers)),
      ];
  }
};

const kernelNames = (steps: readonly Step[]): readonly string[] =>
  steps.flatMap((step) =>
    step.kind === 'kernel'
      ? [step.kernel.name]
      : step.kind === 'loop'
        ? kernelNames([...step.condition, ...step.body])
        : [],
  );

const repeated = (names: readonly string[]): readonly string[] => {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
};

/** What is wrong with the stages of a program, before its memory is planned. */
const stageFaults = (buffers: readonly Buffer[], stages: readonly Stage[]): readonly string[] => [
  ...stages.flatMap(({ steps }) => steps.flatMap((step) => stepFaults(step, buffers))),
  ...repeated(stages.flatMap(({ steps }) => kernelNames(steps))).map((name) => `kernel ${name}: twice`),
  ...stages.flatMap((stage) =>
    [...stage.inputs, ...stage.outputs].flatMap(({ name, buffer, shape }) => {
      const held = buffers[buffer];
      if (held === undefined) return [`${stage.name}.${name}: no buffer ${buffer} among ${buffers.length}`];
      return product(shape) === held.length ? [] : [`${stage.name}.${name}: [${shape}] in ${held.length} elements`];
    }),
  ),
];

/** What is wrong with a program; empty for a legal one. */
export const programFaults = ({ buffers, stages, memory }: Program): readonly string[] => [
  ...stageFaults(buffers, stages),
  ...(memory.placements.length === buffers.length
    ? []
    : [`${memory.placements.length} places for ${buffers.length} buffers`]),
  ...buffers.flatMap(({ name, length }, buffer) => {
    const place = memory.placements[buffer];
    return place === undefined || (place.offset >= 0 && place.offset + length <= memory.length)
      ? []
      : [`buffer ${name}: outside the arena`];
  }),
];

const refuse = (faults: readonly string[], place: string): void => {
  const [first] = faults;
  if (first !== undefined) internal(place, first);
};

/** Stops at a program that is not legal. */
export const requireLegal = (program: Program, place: string): void => refuse(programFaults(program), place);

/** Stops at stages that are not legal. */
export const requireLegalStages = (buffers: readonly Buffer[], stages: readonly Stage[], place: string): void =>
  refuse(stageFaults(buffers, stages), place);

/** Stops at a kernel that is not legal by itself. */
export const requireLegalKernel = (kernel: Kernel, place: string): void => refuse(kernelFaults(kernel), place);
