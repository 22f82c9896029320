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

/** The address of element [row, column] of a matrix of `columns` columns, row-major; `row` and `column` are axes. */
export const rowMajor = ([row, column]: readonly [number, number], columns: number, offset = 0): Affine =>
  affine(
    [
      [row, columns],
      [column, 1],
    ],
    offset,
  );

/** An axis that runs over 0 … extent − 1. */
export const loop = (extent: number): Axis => ({ kind: 'loop', name: 'i', extent });

/** The axis `from / divisor`, valid where it is whole and in 0 … extent − 1. */
export const quotient = (from: Affine, divisor: number, extent: number): Axis => ({
  kind: 'quotient',
  name: 'q',
  extent,
  from,
  divisor,
});

/** An element of a buffer; 0 where an axis of `guards` is not valid. */
export const load = (buffer: number, index: Affine, guards: readonly number[] = []): Instruction => ({
  op: 'load',
  buffer,
  index,
  guards,
});

/** A number. */
export const constant = (value: number): Instruction => ({ op: 'constant', value });

/** A function of earlier instructions of the block, by their positions. */
export const apply = (fn: ScalarFunction, ...operands: readonly number[]): Instruction => ({
  op: 'apply',
  fn,
  operands,
});

/** The value of one of the kernel's accumulators. */
export const accumulator = (position = 0): Instruction => ({ op: 'accumulator', accumulator: position });

/** The sum of all terms over all parts. */
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

/** The step that runs a kernel. */
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

/** What a kernel folds, and into what. */
export interface FoldSpec {
  readonly name: string;
  /** `sum` by default. */
  readonly kind?: Accumulator['kind'];
  /** The extents of the output, by its axes 0, 1, … */
  readonly outputs: readonly number[];
  /** The extents of the axes to fold over, which come after those of the output. */
  readonly folded: readonly number[];
  /** Further axes, after both. */
  readonly quotients?: readonly Axis[];
  readonly output: number;
  /** What is folded; several terms are added up, each over the same axes. */
  readonly terms: readonly Block[];
  /** What becomes of the value of the fold; by default, that value itself. */
  readonly body?: Block;
}

/** A kernel with one accumulator. */
export const fold = ({
  name,
  kind = 'sum',
  outputs,
  folded,
  quotients = [],
  output,
  terms,
  body = [accumulator()],
}: FoldSpec): Kernel => {
  const axes = folded.map((_, i) => outputs.length + i);
  return {
    name,
    axes: [...[...outputs, ...folded].map(loop), ...quotients],
    outputAxes: outputs.map((_, i) => i),
    output,
    accumulators: [{ kind, parts: terms.map((term) => ({ axes, term })) }],
    body,
  };
};

/** A matrix in a buffer, row-major, by its number of columns. */
export interface MatrixSpec {
  readonly buffer: number;
  readonly columns: number;
}

const elementProduct =
  (leftAxes: readonly [number, number], rightAxes: readonly [number, number]) =>
  (left: MatrixSpec, right: MatrixSpec): Block => [
    load(left.buffer, rowMajor(leftAxes, left.columns)),
    load(right.buffer, rowMajor(rightAxes, right.columns)),
    apply('mul', 0, 1),
  ];

/** left[i, k] · right[k, j] on axes i, j, k = 0, 1, 2: folded over k, the product of two matrices. */
export const productTerm = elementProduct([0, 2], [2, 1]);

/** left[k, i] · right[k, j] on axes i, j, k = 0, 1, 2: folded over k, the product with the left matrix transposed. */
export const transposedProductTerm = elementProduct([2, 0], [2, 1]);
