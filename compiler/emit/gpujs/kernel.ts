/**
 * Kernels of a program as gpu.js source text: one thread per output element, flat addresses, accumulators as loops.
 * Nothing of a program's names enters the text; arguments are `a0`, `a1`, …, in the order of their first use.
 */
import * as E from 'fp-ts/lib/Either.js';
import { at } from '../../../dsl/internal.js';
import type { Accumulator, Block, Kernel, Part } from '../../program.js';
import { extentOf, productOf } from '../../queries.js';
import { type AxisText, affineText, layThreads, type ThreadLayout } from './axes.js';
import { type BlockScope, blockText } from './block.js';
import type { EmitError, EmittedKernel, GpujsMode } from './types.js';
import { infinity, largestExactInteger, loopHead, maxArguments, nan, rounded } from './workarounds.js';

const blocksOf = (kernel: Kernel): readonly Block[] => [
  ...kernel.accumulators.flatMap(({ parts }) => parts.map(({ term }) => term)),
  kernel.body,
];

/** The distinct buffers that a kernel reads, in the order of their first use. */
export const buffersRead = (kernel: Kernel): readonly number[] => [
  ...new Set(
    blocksOf(kernel).flatMap((block) =>
      block.flatMap((instruction) => (instruction.op === 'load' ? [instruction.buffer] : [])),
    ),
  ),
];

const place = 'gpu.js kernel';

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

interface Lines {
  readonly lines: readonly string[];
  readonly inexact: boolean;
}

/** Statements that fold the term `t` into the accumulator; NaN wins, ties keep the earlier term. */
const foldText: Readonly<
  Record<
    Accumulator['kind'],
    (names: { total: string; index: string; t: string; position: string; mode: GpujsMode }) => readonly string[]
  >
> = {
  sum: ({ total, t, mode }) => [`${total} = ${rounded(mode, `${total} + ${t}`)};`],
  max: ({ total, t }) => [`${total} = (${t} > ${total} ? ${t} : (${t} <= ${total} ? ${total} : ${t} + ${total}));`],
  argmax: ({ total, index, t, position }) => [
    `const ${index}n = ${position};`,
    `const ${index}k = (${t} > ${total} ? 1 : (${t} <= ${total} ? 0 : (${total} <= ${infinity} ? 1 : 0)));`,
    `${index} = (${index}k === 1 ? ${index}n : ${index});`,
    `${total} = (${index}k === 1 ? ${t} : ${total});`,
  ],
};

/** The row-major position within the part's axes. */
const positionIn = (kernel: Kernel, axes: readonly number[]) => ({
  offset: 0,
  terms: axes.map((axis, i) => ({
    axis,
    stride: productOf(kernel, axes.slice(i + 1)),
  })),
});

const partText = (
  part: Part,
  kind: Accumulator['kind'],
  names: { readonly total: string; readonly index: string },
  scope: Omit<BlockScope, 'loops'>,
  threadsX: number,
): Lines => {
  const { kernel, mode, prefix } = scope;
  const heads = part.axes.map((axis) => loopHead(mode, `${prefix}r${axis}`, extentOf(kernel, axis), threadsX));
  const counters = part.axes.map((axis, i): readonly [number, AxisText] => [
    axis,
    { text: `${prefix}r${axis}`, integer: true, start: at(heads, i, place).start },
  ]);
  const axes = new Map([...scope.axes, ...counters]);
  const block = blockText(part.term, { ...scope, axes, loops: part.axes });
  const position = kind === 'argmax' ? affineText(positionIn(kernel, part.axes), kernel, axes) : '0';
  const fold = foldText[kind]({ ...names, t: block.value, position: position ?? '0', mode });
  const nest = (level: number): readonly string[] => {
    const statements = at(block.levels, level, place);
    const head = heads[level];
    return head === undefined
      ? [...statements, ...fold]
      : [...statements, `${head.text} {`, ...indent(nest(level + 1)), '}'];
  };
  return { lines: nest(0), inexact: block.inexact || position === undefined };
};

const accumulatorText = (
  accumulator: Accumulator,
  number: number,
  scope: Omit<BlockScope, 'loops' | 'prefix'>,
  threadsX: number,
): Lines => {
  const names = { total: `s${number}`, index: `i${number}` };
  const initial = accumulator.kind === 'sum' ? '0' : `-${infinity}`;
  const declarations = [
    `let ${names.total} = ${initial};`,
    ...(accumulator.kind === 'argmax' ? [`let ${names.index} = 0;`] : []),
  ];
  const parts = accumulator.parts.map((part, i) =>
    partText(part, accumulator.kind, names, { ...scope, prefix: `p${number}_${i}_` }, threadsX),
  );
  return {
    lines: [...declarations, ...parts.flatMap(({ lines }) => lines)],
    inexact: parts.some(({ inexact }) => inexact),
  };
};

const functionText = (kernel: Kernel, mode: GpujsMode, layout: ThreadLayout, buffers: readonly number[]): Lines => {
  const scope = {
    kernel,
    mode,
    axes: layout.axes,
    argument: (buffer: number) => `a${buffers.indexOf(buffer)}`,
    accumulators: kernel.accumulators.map(({ kind }, i) => (kind === 'argmax' ? `i${i}` : `s${i}`)),
  };
  const accumulators = kernel.accumulators.map((accumulator, i) =>
    accumulatorText(accumulator, i, scope, at(layout.threads, 0, place)),
  );
  const body = blockText(kernel.body, { ...scope, loops: [], prefix: 'v' });
  return {
    lines: [
      ...layout.declarations,
      ...accumulators.flatMap(({ lines }) => lines),
      ...at(body.levels, 0, place),
      `return ${body.value};`,
    ],
    inexact: body.inexact || accumulators.some(({ inexact }) => inexact),
  };
};

/** Writes one kernel for one mode of gpu.js. */
export const emitKernel = (kernel: Kernel, mode: GpujsMode): E.Either<EmitError, EmittedKernel> => {
  const refuse = (reason: string): E.Either<EmitError, EmittedKernel> =>
    E.left({ _tag: 'EmitError', kernel: kernel.name, reason });
  const buffers = buffersRead(kernel);
  if (buffers.length > maxArguments[mode])
    return refuse(`it reads ${buffers.length} buffers; ${mode} allows ${maxArguments[mode]}`);
  const layout = layThreads(kernel, mode);
  if (E.isLeft(layout)) return layout;
  const { lines, inexact } = functionText(kernel, mode, layout.right, buffers);
  if (inexact)
    return refuse(`it computes an address above ${largestExactInteger}, which float32 does not hold exactly`);
  const mentions = (name: string) => lines.some((line) => new RegExp(`\\b${name}\\b`).test(line));
  const takesNonFinite = mentions(nan) || mentions(infinity);
  const parameters = [...buffers.map((_, i) => `a${i}`), ...(takesNonFinite ? [nan, infinity] : [])];
  const extents = kernel.axes.map(({ extent }) => extent);
  return E.right({
    name: kernel.name,
    source: [`function (${parameters.join(', ')}) {`, ...indent(lines), '}'].join('\n'),
    threads: layout.right.threads,
    buffers,
    takesNonFinite,
    loopMaxIterations: Math.max(1000, ...extents) + 1,
    output: kernel.output,
    length: productOf(kernel, kernel.outputAxes),
  });
};
