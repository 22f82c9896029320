/**
 * Long reductions in two stages: Σᵢ t(i) over n terms becomes Σ_b Σ_j t(b·L + j), the inner sums a kernel of their own,
 * so that no thread folds more than `maxTerms` terms (weight gradients reduce over the batch, norms over all of θ).
 * The order of the folds is fixed, and blocks of partial sums also lose less to rounding than one long sum.
 *
 * `argmax` is left alone: it is taken over classes or windows, which are short.
 */

import type { Affine, Axis, Block, Instruction, Kernel, Part, Program, Step } from './program.js';
import { axisOf, extentOf, productOf } from './queries.js';
import { type Temporaries, withTemporaries } from './temporaries.js';

/** The setting of `splitReductions`. */
export interface SplitOptions {
  /** A part of an accumulator with more terms than this is split. */
  readonly maxTerms: number;
}

/** Partial results beyond this many are not worth their memory traffic: enough threads for any device. */
const enoughThreads = 65536;

/** Output axes on which a part depends, through quotients too. */
const dependences = (kernel: Kernel, part: Part): readonly number[] => {
  const seen = new Set<number>();
  const visit = (axis: number): void => {
    if (seen.has(axis)) return;
    seen.add(axis);
    const found = axisOf(kernel.axes, axis);
    if (found.kind === 'quotient') for (const term of found.from.terms) visit(term.axis);
  };
  for (const instruction of part.term) {
    if (instruction.op === 'load' || instruction.op === 'index')
      for (const term of instruction.index.terms) visit(term.axis);
    if (instruction.op === 'load' || instruction.op === 'valid') instruction.guards.forEach(visit);
  }
  return kernel.outputAxes.filter((axis) => seen.has(axis));
};

/** A part cut along one axis into blocks. */
interface Cut {
  readonly axis: number;
  readonly blocks: number;
  readonly blockLength: number;
}

/** Where to cut: the outermost axis that is an axis at all, into about √n blocks, fewer where there are many outputs. */
const cutOf = (kernel: Kernel, part: Part, outputs: number, maxTerms: number): Cut | undefined => {
  const terms = productOf(kernel, part.axes);
  const axis = part.axes.find((candidate) => extentOf(kernel, candidate) > 1);
  if (terms <= maxTerms || axis === undefined) return undefined;
  const extent = extentOf(kernel, axis);
  const wanted = Math.max(
    Math.ceil(terms / maxTerms),
    Math.min(Math.ceil(Math.sqrt(terms)), Math.floor(enoughThreads / outputs)),
  );
  const blockLength = Math.ceil(extent / Math.min(wanted, extent));
  return { axis, blocks: Math.ceil(extent / blockLength), blockLength };
};

/**
 * The kernel of partial folds: output [blocks, …dependences]. Its axes are the block, the kernel's own, one position
 * later, of which the cut one runs within a block, and, where the blocks do not divide that axis, a quotient that is
 * valid for true terms: the surplus terms of the last block are replaced by the fold's neutral element.
 */
const partialKernel = (
  kernel: Kernel,
  kind: 'sum' | 'max',
  part: Part,
  cut: Cut,
  names: { readonly name: string; readonly output: number; readonly outputAxes: readonly number[] },
): Kernel => {
  const tail = kernel.axes.length + 1;
  const uneven = cut.blocks * cut.blockLength !== extentOf(kernel, cut.axis);
  const later = (axes: readonly number[]): readonly number[] => axes.map((axis) => axis + 1);
  // The cut axis becomes L · block + itself.
  const substitute = ({ offset, terms }: Affine): Affine => ({
    offset,
    terms: terms.flatMap(({ axis, stride }) => [
      ...(axis === cut.axis ? [{ axis: 0, stride: stride * cut.blockLength }] : []),
      { axis: axis + 1, stride },
    ]),
  });
  const guard = (guards: readonly number[]) => (uneven ? [...later(guards), tail] : later(guards));
  const trueTerm: Axis = {
    kind: 'quotient',
    name: 'tail',
    extent: extentOf(kernel, cut.axis),
    from: substitute({ offset: 0, terms: [{ axis: cut.axis, stride: 1 }] }),
    divisor: 1,
  };
  const axes: readonly Axis[] = [
    { kind: 'loop', name: 'block', extent: cut.blocks },
    ...kernel.axes.map((axis, i): Axis => {
      if (i === cut.axis) return { ...axis, extent: cut.blockLength };
      return axis.kind === 'quotient' ? { ...axis, from: substitute(axis.from) } : axis;
    }),
    ...(uneven ? [trueTerm] : []),
  ];
  const term: Block = part.term.map((instruction): Instruction => {
    if (instruction.op === 'index') return { ...instruction, index: substitute(instruction.index) };
    if (instruction.op === 'valid') return { ...instruction, guards: later(instruction.guards) };
    if (instruction.op !== 'load') return instruction;
    return { ...instruction, index: substitute(instruction.index), guards: guard(instruction.guards) };
  });
  const last = term.length - 1;
  const trimmed: Block = [
    ...term,
    { op: 'valid', guards: [tail] },
    { op: 'constant', value: kind === 'sum' ? 0 : Number.NEGATIVE_INFINITY },
    { op: 'apply', fn: 'select', operands: [last + 1, last, last + 2] },
  ];
  return {
    name: names.name,
    axes,
    outputAxes: [0, ...later(names.outputAxes)],
    output: names.output,
    accumulators: [{ kind, parts: [{ axes: later(part.axes), term: uneven ? trimmed : term }] }],
    body: [{ op: 'accumulator', accumulator: 0 }],
  };
};

/** The part that folds the partial results: over the axis `block` of the buffer [blocks, …outputAxes]. */
const foldPart = (kernel: Kernel, buffer: number, block: number, outputAxes: readonly number[]): Part => {
  return {
    axes: [block],
    term: [
      {
        op: 'load',
        buffer,
        index: {
          offset: 0,
          terms: [
            { axis: block, stride: productOf(kernel, outputAxes) },
            ...outputAxes.map((axis, i) => ({ axis, stride: productOf(kernel, outputAxes.slice(i + 1)) })),
          ],
        },
        guards: [],
      },
    ],
  };
};

/** One kernel as a sequence: the partial folds of its long parts, then itself over their results. */
const splitKernel = (
  kernel: Kernel,
  maxTerms: number,
  { allocate }: Temporaries,
  nextName: () => string,
): readonly Kernel[] => {
  const partials: Kernel[] = [];
  const axes: Axis[] = [...kernel.axes];
  const accumulators = kernel.accumulators.map((accumulator) => {
    const { kind } = accumulator;
    if (kind === 'argmax') return accumulator;
    const parts = accumulator.parts.map((part) => {
      const outputAxes = dependences(kernel, part);
      const cut = cutOf(kernel, part, productOf(kernel, outputAxes), maxTerms);
      if (cut === undefined) return part;
      const name = nextName();
      const output = allocate(name, cut.blocks * productOf(kernel, outputAxes));
      partials.push(partialKernel(kernel, kind, part, cut, { name, output, outputAxes }));
      axes.push({ kind: 'loop', name: 'block', extent: cut.blocks });
      return foldPart(kernel, output, axes.length - 1, outputAxes);
    });
    return { ...accumulator, parts };
  });
  return partials.length === 0 ? [kernel] : [...partials, { ...kernel, axes, accumulators }];
};

/**
 * Splits every sum and maximum of more than `maxTerms` terms (at least 2), again and again where one cut does not
 * suffice. The program computes the same values, up to rounding, in a fixed order.
 */
export const splitReductions = (program: Program, options: SplitOptions): Program => {
  const maxTerms = Math.max(2, Math.floor(options.maxTerms));
  return withTemporaries(program, (temporaries) => {
    const splitAll = (whole: Kernel): readonly Kernel[] => {
      let partials = 0;
      const nextName = () => `${whole.name}.partial${partials++}`;
      const splitFurther = (kernel: Kernel): readonly Kernel[] => {
        const kernels = splitKernel(kernel, maxTerms, temporaries, nextName);
        return kernels.length === 1 ? kernels : kernels.flatMap(splitFurther);
      };
      return splitFurther(whole);
    };
    const split = (step: Step): readonly Step[] => {
      switch (step.kind) {
        case 'kernel':
          return splitAll(step.kernel).map((kernel) => ({ kind: 'kernel', kernel }));
        case 'loop':
          return [{ ...step, condition: step.condition.flatMap(split), body: step.body.flatMap(split) }];
        case 'copy':
        case 'join':
          return [step];
      }
    };
    return split;
  });
};
