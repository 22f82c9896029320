/**
 * The memory plan: where each buffer of a program lives in one arena. Buffers that are never alive together share
 * their place. A buffer that another stage reads, an input, or an output stays where it is from its definition to the
 * end of the program, so that a later stage can be run again without the earlier ones.
 */

import { at, lookup } from '../dsl/internal.js';
import { requireLegalStages } from './legal.js';
import type { Buffer, MemoryPlan, Placement, Stage, Step } from './program.js';
import { bufferOf } from './queries.js';

// Offsets are multiples of 4 elements: 16 bytes, one SIMD vector.
const alignment = 4;
const align = (length: number): number => Math.ceil(length / alignment) * alignment;

interface Lifetime {
  first: number;
  last: number;
  firstStage: number;
  lastStage: number;
}

/** The buffers a step reads and writes, loops included. */
export const stepBuffers = (step: Step): { readonly reads: readonly number[]; readonly writes: readonly number[] } => {
  switch (step.kind) {
    case 'copy':
      return { reads: [step.from], writes: [step.to] };
    case 'join':
      return { reads: step.parts, writes: [step.output] };
    case 'kernel': {
      const { accumulators, body, output } = step.kernel;
      const blocks = [body, ...accumulators.flatMap(({ parts }) => parts.map(({ term }) => term))];
      const reads = blocks.flat().flatMap((instruction) => (instruction.op === 'load' ? [instruction.buffer] : []));
      return { reads: [...new Set(reads)], writes: [output] };
    }
    case 'loop': {
      const inner = [...step.condition, ...step.body].map(stepBuffers);
      return {
        reads: [step.proceed, ...inner.flatMap(({ reads }) => reads)],
        writes: inner.flatMap(({ writes }) => writes),
      };
    }
  }
};

/** When each buffer is alive, on a clock that ticks once per step, and twice around a loop. */
const lifetimes = (stages: readonly Stage[]): ReadonlyMap<number, Lifetime> => {
  const lives = new Map<number, Lifetime>();
  let clock = 0;
  const touch = (buffer: number, stage: number, at = clock): void => {
    const life = lives.get(buffer);
    if (life === undefined) lives.set(buffer, { first: at, last: at, firstStage: stage, lastStage: stage });
    else {
      life.last = Math.max(life.last, at);
      life.lastStage = Math.max(life.lastStage, stage);
    }
  };
  const walk = (steps: readonly Step[], stage: number): void => {
    for (const step of steps) {
      clock++;
      if (step.kind === 'loop') {
        const before = new Set(lives.keys());
        const { reads, writes } = stepBuffers(step);
        walk(step.condition, stage);
        touch(step.proceed, stage);
        walk(step.body, stage);
        clock++;
        // threads read the flag at their own time, so nothing of the body may take its place
        touch(step.proceed, stage);
        // what comes from before the loop is needed in every round
        for (const buffer of [...reads, ...writes]) if (before.has(buffer)) touch(buffer, stage);
      } else {
        const { reads, writes } = stepBuffers(step);
        for (const buffer of [...reads, ...writes]) touch(buffer, stage);
      }
    }
  };
  const kept: number[] = [];
  for (const [position, stage] of stages.entries()) {
    clock++;
    for (const { buffer } of stage.inputs) touch(buffer, position);
    walk(stage.steps, position);
    clock++;
    for (const { buffer } of stage.outputs) touch(buffer, position);
    kept.push(...[...stage.inputs, ...stage.outputs].map(({ buffer }) => buffer));
  }
  for (const buffer of kept) touch(buffer, stages.length - 1, clock);
  for (const [buffer, { firstStage, lastStage }] of lives)
    if (lastStage > firstStage) touch(buffer, stages.length - 1, clock);
  return lives;
};

const allJoins = (steps: readonly Step[]): readonly Extract<Step, { kind: 'join' }>[] =>
  steps.flatMap((step) =>
    step.kind === 'join' ? [step] : step.kind === 'loop' ? allJoins([...step.condition, ...step.body]) : [],
  );

/** Parts that can be written directly into their join: temporaries written once, by a kernel, and joined once. */
const partsInPlace = (
  buffers: readonly Buffer[],
  stages: readonly Stage[],
): ReadonlyMap<number, { readonly output: number; readonly offset: number }> => {
  const writers = new Map<number, string[]>();
  const written = (buffer: number): readonly string[] => writers.get(buffer) ?? [];
  const record = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === 'loop') record([...step.condition, ...step.body]);
      else for (const buffer of stepBuffers(step).writes) writers.set(buffer, [...written(buffer), step.kind]);
    }
  };
  for (const { steps } of stages) record(steps);
  const places = new Map<number, { output: number; offset: number }>();
  const joins = stages.flatMap(({ steps }) => allJoins(steps));
  const joined = joins.flatMap(({ parts }) => parts);
  for (const { output, parts } of joins) {
    let offset = 0;
    for (const part of parts) {
      const once = joined.filter((other) => other === part).length === 1;
      const { kind, length } = bufferOf(buffers, part);
      const kernelOnly = written(part).join() === 'kernel' && kind === 'temporary';
      if (once && kernelOnly) places.set(part, { output, offset });
      offset += length;
    }
  }
  return places;
};

/** Plans the memory of a program. */
export const planMemory = (buffers: readonly Buffer[], stages: readonly Stage[]): MemoryPlan => {
  requireLegalStages(buffers, stages, 'planMemory');
  const lives = lifetimes(stages);
  const inPlace = partsInPlace(buffers, stages);
  // what nothing touches shares its place with whatever is alive at first
  const untouched: Lifetime = { first: 0, last: 0, firstStage: 0, lastStage: 0 };
  const spans = buffers.map((_, buffer): Lifetime => ({ ...(lives.get(buffer) ?? untouched) }));
  // a join's output is alive as soon as one of its parts is
  const stretch = (outer: number, inner: number): void => {
    const [whole, part] = [at(spans, outer, 'spans of buffers'), at(spans, inner, 'spans of buffers')];
    whole.first = Math.min(whole.first, part.first);
    whole.last = Math.max(whole.last, part.last);
    whole.firstStage = Math.min(whole.firstStage, part.firstStage);
    whole.lastStage = Math.max(whole.lastStage, part.lastStage);
  };
  for (const [part, { output }] of inPlace) stretch(output, part);
  for (const [part, { output }] of [...inPlace].reverse()) stretch(output, part);

  const offsets = new Map<number, number>();
  const placed: { offset: number; end: number; first: number; last: number }[] = [];
  const bySize = buffers
    .map((buffer, position) => ({ position, length: align(Math.max(buffer.length, 1)) }))
    .filter(({ position }) => !inPlace.has(position))
    .sort((a, b) => b.length - a.length || a.position - b.position);
  for (const { position, length } of bySize) {
    const { first, last } = at(spans, position, 'spans of buffers');
    const busy = placed
      .filter((other) => other.first <= last && first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const other of busy) {
      if (offset + length <= other.offset) break;
      offset = Math.max(offset, other.end);
    }
    offsets.set(position, offset);
    placed.push({ offset, end: offset + length, first, last });
  }
  const offsetOf = (buffer: number): number => {
    const place = inPlace.get(buffer);
    return place === undefined ? lookup(offsets, buffer, 'planMemory') : offsetOf(place.output) + place.offset;
  };
  const placements = spans.map(
    ({ firstStage, lastStage }, buffer): Placement => ({ offset: offsetOf(buffer), firstStage, lastStage }),
  );
  return { placements, length: placed.reduce((end, other) => Math.max(end, other.end), 0) };
};
