/** Joins as kernels, because gpu.js has no way to write a part of an array. */
import { at } from '../../../dsl/internal.js';
import type { Affine, Axis, Instruction, Kernel, Program, Step } from '../../program.js';
import { withTemporaries } from '../../temporaries.js';

/** Parts that one kernel joins; with its output this fits all devices. */
const maxParts = 6;

const loopAxis = (axis: number): Affine => ({ offset: 0, terms: [{ axis, stride: 1 }] });

/**
 * Element i of the output is the element i − offset of the part in which i lies:
 * select(valid₀, part₀[i − o₀], select(valid₁, part₁[i − o₁], …)).
 */
const joinKernel = (
  name: string,
  output: number,
  parts: readonly number[],
  lengthOf: (buffer: number) => number,
): Kernel => {
  const offsets = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + lengthOf(part), 0));
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  const axes: readonly Axis[] = [
    { kind: 'loop', name: 'i', extent: length },
    ...parts.map(
      (part, i): Axis => ({
        kind: 'quotient',
        name: `part${i}`,
        extent: lengthOf(part),
        from: { offset: -at(offsets, i, 'gpu.js join'), terms: [{ axis: 0, stride: 1 }] },
        divisor: 1,
      }),
    ),
  ];
  const loads = parts.map(
    (buffer, i): Instruction => ({ op: 'load', buffer, index: loopAxis(i + 1), guards: [i + 1] }),
  );
  const flags = parts.map((_, i): Instruction => ({ op: 'valid', guards: [i + 1] }));
  // Instructions: the loads, then the flags, then the choices, each falling back on the one before.
  const choices = parts.slice(1).map(
    (_, i): Instruction => ({
      op: 'apply',
      fn: 'select',
      operands: [parts.length + i + 1, i + 1, i === 0 ? 0 : 2 * parts.length + i - 1],
    }),
  );
  return {
    name,
    axes,
    outputAxes: [0],
    output,
    accumulators: [],
    body: parts.length === 1 ? loads : [...loads, ...flags, ...choices],
  };
};

/** Replaces every join by a kernel, or a tree of kernels where there are many parts. */
export const lowerJoins = (program: Program): Program =>
  withTemporaries(program, ({ allocate, lengthOf }) => {
    let joins = 0;
    const join = (output: number, parts: readonly number[]): readonly Step[] => {
      if (parts.length <= maxParts)
        return [{ kind: 'kernel', kernel: joinKernel(`join.${joins++}`, output, parts, lengthOf) }];
      const size = Math.ceil(parts.length / maxParts);
      const groups = Array.from({ length: maxParts }, (_, i) => parts.slice(i * size, (i + 1) * size)).filter(
        (group) => group.length > 0,
      );
      const pieces = groups.map((group) => {
        const [only] = group;
        if (group.length === 1 && only !== undefined) return { buffer: only, steps: [] };
        const buffer = allocate(
          `join.${joins}`,
          group.reduce((sum, part) => sum + lengthOf(part), 0),
        );
        return { buffer, steps: join(buffer, group) };
      });
      return [
        ...pieces.flatMap(({ steps }) => steps),
        ...join(
          output,
          pieces.map(({ buffer }) => buffer),
        ),
      ];
    };
    const lower = (step: Step): readonly Step[] => {
      switch (step.kind) {
        case 'join':
          return join(step.output, step.parts);
        case 'loop':
          return [{ ...step, condition: step.condition.flatMap(lower), body: step.body.flatMap(lower) }];
        case 'kernel':
        case 'copy':
          return [step];
      }
    };
    return lower;
  });
