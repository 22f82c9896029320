/** For passes that rewrite a program's steps and need further buffers. */

import type { Buffer, Placement, Program, Stage, Step } from './program.js';
import { bufferOf } from './queries.js';

/** What a rewriting pass may use. */
export interface Temporaries {
  /** Adds a buffer to the program, live in the stage that is being rewritten; gives its position. */
  readonly allocate: (name: string, length: number) => number;
  /** The length of a buffer, new ones included. */
  readonly lengthOf: (buffer: number) => number;
}

const aligned = (length: number): number => 4 * Math.ceil(length / 4);

/**
 * Rewrites every step of every stage, and ends each stage with the steps that `finish` gives. New buffers get a place of their own behind the arena, so that the plan of all
 * others stays as it is.
 */
export const withTemporaries = (
  program: Program,
  rewriteWith: (temporaries: Temporaries) => (step: Step) => readonly Step[],
  finish: (stage: Stage, temporaries: Temporaries) => readonly Step[] = () => [],
): Program => {
  const buffers: Buffer[] = [...program.buffers];
  const placements: Placement[] = [...program.memory.placements];
  let length = aligned(program.memory.length);
  let stage = 0;
  const temporaries: Temporaries = {
    allocate: (name, size) => {
      buffers.push({ name, length: size, kind: 'temporary' });
      placements.push({ offset: length, firstStage: stage, lastStage: stage });
      length += aligned(size);
      return buffers.length - 1;
    },
    lengthOf: (buffer) => bufferOf(buffers, buffer).length,
  };
  const rewrite = rewriteWith(temporaries);
  const stages = program.stages.map((old, position) => {
    stage = position;
    return { ...old, steps: [...old.steps.flatMap(rewrite), ...finish(old, temporaries)] };
  });
  if (buffers.length === program.buffers.length) return { ...program, stages };
  return { ...program, buffers, stages, memory: { placements, length } };
};
