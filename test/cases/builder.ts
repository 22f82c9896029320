/** Small programs by hand, for tests of code generators: kernels from axes and blocks, placed without reuse of memory. */
import type {
  Accumulator,
  Affine,
  Axis,
  Block,
  Instruction,
  Kernel,
  Port,
  Program,
  Stage,
  Step,
} from '../../compiler/program.js';
import type { ScalarFunction } from '../../dsl/scalar.js';

/** `offset + Σ stride · axis`, terms as pairs [axis, stride]. */
export const affine = (terms: readonly (readonly [number, number])[], offset = 0): Affine => ({
  offset,
  terms: terms.map(([axis, stride]) => ({ axis, stride })),
});

export const loop = (extent: number): Axis => ({ kind: 'loop', name: 'i', extent });

export const quotient = (from: Affine, divisor: number, extent: number): Axis => ({
  kind: 'quotient',
  name: 'q',
  extent,
  from,
  divisor,
});

export const load = (buffer: number, index: Affine, guards: readonly number[] = []): Instruction => ({
  op: 'load',
  buffer,
  index,
  guards,
});

export const constant = (value: number): Instruction => ({ op: 'constant', value });

export const apply = (fn: ScalarFunction, ...operands: readonly number[]): Instruction => ({
  op: 'apply',
  fn,
  operands,
});

export const accumulator = (position = 0): Instruction => ({ op: 'accumulator', accumulator: position });

export const sum = (...parts: readonly { readonly axes: readonly number[]; readonly term: Block }[]): Accumulator => ({
  kind: 'sum',
  parts,
});

/** A buffer, by the shape of what it holds; `[]` is a scalar. */
export interface BufferSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

const lengthOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** A stage, with ports given by buffer. */
export interface StageSpec {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: readonly Step[];
}

/** A program whose ports are called like their buffers. */
export const program = (name: string, buffers: readonly BufferSpec[], stages: readonly StageSpec[]): Program => {
  const inputs = new Set(stages.flatMap((stage) => stage.inputs));
  const port = (buffer: number): Port => ({
    name: buffers[buffer]?.name ?? '',
    buffer,
    shape: buffers[buffer]?.shape ?? [],
  });
  const sizes = buffers.map(({ shape }) => 4 * Math.ceil(lengthOf(shape) / 4));
  return {
    name,
    buffers: buffers.map((buffer, i) => ({
      name: buffer.name,
      length: lengthOf(buffer.shape),
      kind: inputs.has(i) ? 'input' : 'temporary',
    })),
    stages: stages.map(
      (stage): Stage => ({ ...stage, inputs: stage.inputs.map(port), outputs: stage.outputs.map(port) }),
    ),
    memory: {
      placements: sizes.map((_, i) => ({
        offset: sizes.slice(0, i).reduce((offset, size) => offset + size, 0),
        firstStage: 0,
        lastStage: stages.length - 1,
      })),
      length: sizes.reduce((length, size) => length + size, 0),
    },
  };
};

export const step = (kernel: Kernel): Step => ({ kind: 'kernel', kernel });

/** A kernel without accumulators: one block per output element. */
export const pointwise = (
  name: string,
  axes: readonly Axis[],
  outputAxes: readonly number[],
  output: number,
  body: Block,
): Kernel => ({
  name,
  axes,
  outputAxes,
  output,
  accumulators: [],
  body,
});
