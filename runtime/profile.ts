/** Measured time of kernels and stages on a target. */

import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { kernelsOf } from '../compiler/cost.js';
import { planMemory, stepBuffers } from '../compiler/memory.js';
import type { Block, Kernel, Port, Program } from '../compiler/program.js';
import { lengthOf } from '../compiler/queries.js';
import { internal, lookup } from '../dsl/internal.js';
import { type Executable, type StageResult, type Target, type TargetError, withExecutable } from './target.js';

/** Milliseconds by name, one run each. */
export type Milliseconds = Readonly<Record<string, number>>;

// After one run that compiles: the fastest of so many rounds, each the mean of so many runs.
const rounds = 3;
const runs = 5;

const renamed = (block: Block, names: ReadonlyMap<number, number>): Block =>
  block.map((instruction) =>
    instruction.op === 'load'
      ? { ...instruction, buffer: lookup(names, instruction.buffer, 'isolateKernel') }
      : instruction,
  );

/** Element 0 of a buffer as a scalar: to have it is to know that the buffer is done, without moving the rest. */
const firstElement = (buffer: number, output: number): Kernel => ({
  name: 'first',
  axes: [],
  outputAxes: [],
  output,
  accumulators: [],
  body: [{ op: 'load', buffer, index: { offset: 0, terms: [] }, guards: [] }],
});

/**
 * One kernel as a program of its own: what it reads are inputs, of what it writes the first element is the output of stage
 * `run`, and all of it that of stage `take`. A kernel that updates its own input writes elsewhere here, so that every
 * run does the same work.
 */
export const isolateKernel = (program: Program, kernel: Kernel): Program => {
  const { reads } = stepBuffers({ kind: 'kernel', kernel });
  const names = new Map(reads.map((buffer, i) => [buffer, i] as const));
  const buffers: Program['buffers'] = [
    ...reads.map((buffer, i) => ({
      name: `in${i}`,
      length: lengthOf(program.buffers, buffer),
      kind: 'input' as const,
    })),
    { name: 'out', length: lengthOf(program.buffers, kernel.output), kind: 'temporary' },
    { name: 'first', length: 1, kind: 'temporary' },
  ];
  const out = reads.length;
  const port = (name: string, buffer: number): Port => ({ name, buffer, shape: [lengthOf(buffers, buffer)] });
  const isolated: Kernel = {
    ...kernel,
    output: out,
    accumulators: kernel.accumulators.map((accumulator) => ({
      ...accumulator,
      parts: accumulator.parts.map((part) => ({ ...part, term: renamed(part.term, names) })),
    })),
    body: renamed(kernel.body, names),
  };
  const stages: Program['stages'] = [
    { name: 'give', inputs: reads.map((_, i) => port(`in${i}`, i)), outputs: [], steps: [] },
    {
      name: 'run',
      inputs: [],
      outputs: [{ name: 'first', buffer: out + 1, shape: [] }],
      steps: [
        { kind: 'kernel', kernel: isolated },
        { kind: 'kernel', kernel: firstElement(out, out + 1) },
      ],
    },
    { name: 'take', inputs: [], outputs: [port('out', out)], steps: [] },
  ];
  return { name: kernel.name, buffers, stages, memory: planMemory(buffers, stages) };
};

// Halves: no operand makes a fold overflow or a division fail.
const filled = (executable: Executable, stage: string): Readonly<Record<string, Float32Array>> => {
  const { buffers, stages } = executable.program;
  const { inputs } = stages.find(({ name }) => name === stage) ?? internal('profile', `no stage ${stage}`);
  return Object.fromEntries(
    inputs.map(({ name, buffer }) => [name, new Float32Array(lengthOf(buffers, buffer)).fill(0.5)]),
  );
};

/** Waits until the device has done what it was told. */
const settled = async ({ arrays }: StageResult): Promise<E.Either<TargetError, unknown>> => {
  const [first] = Object.values(arrays);
  return first === undefined ? E.right(undefined) : first.read();
};

/** The mean time of a round of runs. */
const timeRound = async (run: TE.TaskEither<TargetError, StageResult>): Promise<E.Either<TargetError, number>> => {
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const result = await run();
    if (E.isLeft(result)) return result;
    const done = i === runs - 1 ? await settled(result.right) : E.right(undefined);
    if (E.isLeft(done)) return done;
  }
  return E.right((performance.now() - start) / runs);
};

/** The time of a stage, after those before it have run. */
const timeStage = async (executable: Executable, stage: string): Promise<E.Either<TargetError, number>> => {
  const run = executable.run(stage, filled(executable, stage));
  const first = await run();
  if (E.isLeft(first)) return first;
  const ready = await settled(first.right);
  if (E.isLeft(ready)) return ready;
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const time = await timeRound(run);
    if (E.isLeft(time)) return time;
    fastest = Math.min(fastest, time.right);
  }
  return E.right(fastest);
};

/** Times every stage of a program, in order, with inputs of halves. */
export const profileStages = (target: Target, program: Program): TE.TaskEither<TargetError, Milliseconds> =>
  withExecutable<TargetError, Milliseconds>(target, program, (executable) => async () => {
    const times: Record<string, number> = {};
    for (const { name } of program.stages) {
      const time = await timeStage(executable, name);
      if (E.isLeft(time)) return time;
      times[name] = time.right;
    }
    return E.right(times);
  });

/** Times every kernel of a program by itself, with inputs of halves. Loops count one round. */
export const profileKernels =
  (target: Target, program: Program): TE.TaskEither<TargetError, Milliseconds> =>
  async () => {
    const times: Record<string, number> = {};
    for (const kernel of program.stages.flatMap(({ steps }) => kernelsOf(steps))) {
      const stages = await profileStages(target, isolateKernel(program, kernel))();
      if (E.isLeft(stages)) return stages;
      times[kernel.name] = stages.right.run ?? internal('profile', `no time of ${kernel.name}`);
    }
    return E.right(times);
  };
