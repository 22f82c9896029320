/** A program, made ready for gpu.js: everything that can be decided before it runs. */

import * as E from 'fp-ts/lib/Either.js';
import { at } from '../../../dsl/internal.js';
import { kernelsOf, stepsInOrder } from '../../cost.js';
import { requireLegal } from '../../legal.js';
import type { Kernel, Program, Stage, Step } from '../../program.js';
import { lengthOf } from '../../queries.js';
import { splitReductions } from '../../split.js';
import { withTemporaries } from '../../temporaries.js';
import { lowerJoins } from './joins.js';
import { buffersRead, emitKernel } from './kernel.js';
import type { EmitError, EmittedKernel, GpujsMode } from './types.js';

/** Terms that one GPU thread folds at most. */
const maxTerms = 4096;

/** A program of kernels, copies and loops, with the kernels' sources. */
export interface GpujsPlan {
  readonly program: Program;
  readonly kernels: ReadonlyMap<Kernel, EmittedKernel>;
  readonly stages: readonly StagePlan[];
}

/** What is decided about one stage. */
export interface StagePlan {
  readonly stage: Stage;
  /** The buffer that holds the stage's scalar outputs, in their order; `undefined` if there are none. */
  readonly scalars: number | undefined;
  /** For each step, the buffers that nobody needs any more once it has run. */
  readonly done: readonly (readonly number[])[];
}

const scalarPorts = (stage: Stage) => stage.outputs.filter(({ shape }) => shape.length === 0);

/** Puts the scalar outputs of every stage into one array, so that they are read back together. */
const gatherScalars = (
  program: Program,
): { readonly program: Program; readonly scalars: readonly (number | undefined)[] } => {
  const scalars: (number | undefined)[] = [];
  const gathered = withTemporaries(
    program,
    () => (step) => [step],
    (stage, { allocate }) => {
      const parts = scalarPorts(stage).map(({ buffer }) => buffer);
      const [only] = parts;
      if (parts.length <= 1) {
        scalars.push(only);
        return [];
      }
      const output = allocate(`${stage.name}.scalars`, parts.length);
      scalars.push(output);
      return [{ kind: 'join', output, parts }];
    },
  );
  return { program: gathered, scalars };
};

/** Every buffer that a step reads or writes. */
const touches = (step: Step): readonly number[] => {
  switch (step.kind) {
    case 'kernel':
      return [...buffersRead(step.kernel), step.kernel.output];
    case 'copy':
      return [step.from, step.to];
    case 'join':
      return [...step.parts, step.output];
    case 'loop':
      return [step.proceed, ...step.condition.flatMap(touches), ...step.body.flatMap(touches)];
  }
};

/** When the temporaries of each stage are done with: after their last step, if no other stage and no caller sees them. */
const retirements = (
  program: Program,
  scalars: readonly (number | undefined)[],
): readonly (readonly (readonly number[])[])[] => {
  const touched = program.stages.map(
    (stage, i) =>
      new Set([
        ...stage.steps.flatMap(touches),
        ...stage.inputs.map(({ buffer }) => buffer),
        ...stage.outputs.map(({ buffer }) => buffer),
        ...[scalars[i]].filter((buffer) => buffer !== undefined),
      ]),
  );
  return program.stages.map((stage, i) => {
    const seen = new Set([...stage.inputs, ...stage.outputs].map(({ buffer }) => buffer));
    const isPrivate = (buffer: number) =>
      !seen.has(buffer) && buffer !== scalars[i] && touched.every((others, j) => i === j || !others.has(buffer));
    const last = new Map(stage.steps.flatMap((step, k) => touches(step).map((buffer) => [buffer, k] as const)));
    return stage.steps.map((_, k) => [...last].filter(([buffer, at]) => at === k && isPrivate(buffer)).map(([b]) => b));
  });
};

/** A program in the steps that gpu.js can take: long reductions split, joins as kernels. */
const inGpujsSteps = (program: Program): Program => lowerJoins(splitReductions(program, { maxTerms }));

/** A kernel, and the extents of the arrays that its first call reads: those of the threads that wrote them, or flat. */
export interface FirstCall {
  readonly emitted: EmittedKernel;
  /** In the order of `emitted.buffers`. */
  readonly extents: readonly (readonly number[])[];
}

/** Every kernel of a program as gpu.js would get it, or why it cannot be had; one does not stand in another's way. */
export const emitKernels = (source: Program, mode: GpujsMode): readonly E.Either<EmitError, FirstCall>[] => {
  requireLegal(source, 'gpujs');
  const program = inGpujsSteps(source);
  const extents = new Map<number, readonly number[]>();
  const extentsOf = (buffer: number): readonly number[] => extents.get(buffer) ?? [lengthOf(program.buffers, buffer)];
  return stepsInOrder(program.stages.flatMap(({ steps }) => steps)).flatMap((step) => {
    if (step.kind === 'copy') extents.set(step.to, extentsOf(step.from));
    if (step.kind !== 'kernel') return [];
    const emitted = emitKernel(step.kernel, mode);
    if (E.isLeft(emitted)) return [emitted];
    const call: FirstCall = { emitted: emitted.right, extents: emitted.right.buffers.map(extentsOf) };
    extents.set(step.kernel.output, emitted.right.threads);
    return [E.right(call)];
  });
};

/** Plans a program for one mode of gpu.js. */
export const planProgram = (source: Program, mode: GpujsMode): E.Either<EmitError, GpujsPlan> => {
  requireLegal(source, 'gpujs');
  const { program: gathered, scalars } = gatherScalars(source);
  const program = inGpujsSteps(gathered);
  const kernels = new Map<Kernel, EmittedKernel>();
  for (const kernel of kernelsOf(program.stages.flatMap(({ steps }) => steps))) {
    const emitted = emitKernel(kernel, mode);
    if (E.isLeft(emitted)) return emitted;
    kernels.set(kernel, emitted.right);
  }
  const done = retirements(program, scalars);
  const stages = program.stages.map((stage, i) => ({ stage, scalars: scalars[i], done: at(done, i, 'gpu.js plan') }));
  return E.right({ program, kernels, stages });
};
