/** Running compiled programs in float64 in tests. */
import type { Program, Step } from '../../compiler/program.js';
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
