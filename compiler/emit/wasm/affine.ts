/**
 * Affine indices in normal form. A quotient axis with divisor 1 is replaced by what it stands for, so that zero padding
 * and stride-1 windows stay affine in the loop axes; other quotients remain as variables of their own.
 */

import { at } from '../../../dsl/internal.js';
import { totalOf } from '../../../dsl/tally.js';
import type { Affine, Axis, Block, Instruction, Kernel } from '../../program.js';
import { axisOf, productOf } from '../../queries.js';

/** What a term multiplies: a loop axis, or `from / divisor`. */
export type Variable =
  | { readonly kind: 'loop'; readonly axis: number; readonly key: string }
  | { readonly kind: 'quotient'; readonly from: Linear; readonly divisor: number; readonly key: string };

/** `constant + Σ stride · variable`; variables are distinct. */
export interface Linear {
  readonly constant: number;
  readonly terms: readonly { readonly variable: Variable; readonly stride: number }[];
}

/** Amounts added to loop axes: the position within an unrolled tile. */
export type Shift = ReadonlyMap<number, number>;

export const noShift: Shift = new Map();

const linearKey = ({ constant, terms }: Linear): string =>
  `${constant}${terms.map(({ variable, stride }) => `+${stride}${variable.key}`).join('')}`;

/** The key of a linear form: equal keys, equal values. */
export const keyOf = linearKey;

/** The stride of an axis, of whatever kind, as an index is written. */
export const writtenStride = ({ terms }: Affine, axis: number): number =>
  terms.reduce((sum, term) => (term.axis === axis ? sum + term.stride : sum), 0);

/** What becomes of an index. */
export type IndexChange = (index: Affine) => Affine;

/** A block with every index changed. */
export const mapBlock = (block: Block, change: IndexChange): Block =>
  block.map(
    (item): Instruction => (item.op === 'load' || item.op === 'index' ? { ...item, index: change(item.index) } : item),
  );

/** Axes with the index of every quotient changed. */
export const mapAxes = (axes: readonly Axis[], change: IndexChange): readonly Axis[] =>
  axes.map((axis) => (axis.kind === 'quotient' ? { ...axis, from: change(axis.from) } : axis));

/** A function of two objects that remembers its results for as long as both live. */
const remembered = <A extends object, B extends object, C>(compute: (a: A, b: B) => C): ((a: A, b: B) => C) => {
  const known = new WeakMap<A, WeakMap<B, C>>();
  return (a, b) => {
    const inner = known.get(a) ?? new WeakMap<B, C>();
    known.set(a, inner);
    const found = inner.get(b);
    if (found !== undefined) return found;
    const result = compute(a, b);
    inner.set(b, result);
    return result;
  };
};

/** The normal form of an affine index, with every loop axis moved by its shift. */
export const linearOf = (axes: readonly Axis[], affine: Affine, shift: Shift = noShift): Linear =>
  shift === noShift ? unshifted(axes, affine) : computeLinear(axes, affine, shift);

const unshifted = remembered((axes: readonly Axis[], affine: Affine): Linear => computeLinear(axes, affine, noShift));

const computeLinear = (axes: readonly Axis[], { offset, terms }: Affine, shift: Shift): Linear => {
  const strides = new Map<string, { readonly variable: Variable; readonly stride: number }>();
  const addTerm = (variable: Variable, stride: number): void => {
    const known = strides.get(variable.key);
    strides.set(variable.key, { variable, stride: known === undefined ? stride : stride + known.stride });
  };
  let constant = offset;
  for (const { axis, stride } of terms) {
    const row = axisOf(axes, axis);
    if (row.kind === 'loop') {
      constant += stride * totalOf(shift, axis);
      if (row.extent > 1 || shift.has(axis)) addTerm({ kind: 'loop', axis, key: `a${axis}` }, stride);
    } else {
      const from = linearOf(axes, row.from, shift);
      if (row.divisor === 1) {
        constant += stride * from.constant;
        for (const inner of from.terms) addTerm(inner.variable, stride * inner.stride);
      } else {
        addTerm({ kind: 'quotient', from, divisor: row.divisor, key: `(${linearKey(from)})/${row.divisor}` }, stride);
      }
    }
  }
  return {
    constant,
    terms: [...strides.values()]
      .filter(({ stride }) => stride !== 0)
      .sort((a, b) => (a.variable.key < b.variable.key ? -1 : 1)),
  };
};

/** The loop axes that a linear form depends on. */
export const loopAxesOf = (linear: Linear): ReadonlySet<number> => {
  const known = loopAxes.get(linear);
  if (known !== undefined) return known;
  const axes = new Set(
    linear.terms.flatMap(({ variable }) =>
      variable.kind === 'loop' ? [variable.axis] : [...loopAxesOf(variable.from)],
    ),
  );
  loopAxes.set(linear, axes);
  return axes;
};

const loopAxes = new WeakMap<Linear, ReadonlySet<number>>();

/** The stride of a loop axis in a linear form; undefined where a quotient depends on it. */
export const strideOf = ({ terms }: Linear, axis: number): number | undefined => {
  let found = 0;
  for (const { variable, stride } of terms) {
    if (variable.kind === 'loop' && variable.axis === axis) found = stride;
    if (variable.kind === 'quotient' && loopAxesOf(variable.from).has(axis)) return undefined;
  }
  return found;
};

/** The loop axes that decide whether guards hold. */
export const guardAxesOf = remembered(
  (axes: readonly Axis[], guards: readonly number[]): ReadonlySet<number> =>
    new Set(
      guards.flatMap((guard) => {
        const row = axisOf(axes, guard);
        return row.kind === 'quotient' ? [...loopAxesOf(linearOf(axes, row.from))] : [];
      }),
    ),
);

const ownAxes = (axes: readonly Axis[], instruction: Instruction): readonly number[] => {
  switch (instruction.op) {
    case 'index':
      return [...loopAxesOf(linearOf(axes, instruction.index))];
    case 'load':
      return [...loopAxesOf(linearOf(axes, instruction.index)), ...guardAxesOf(axes, instruction.guards)];
    case 'valid':
      return [...guardAxesOf(axes, instruction.guards)];
    default:
      return [];
  }
};

/** What each instruction of a block depends on: loop axes, and whether on an accumulator. */
export interface Dependence {
  readonly axes: ReadonlySet<number>;
  readonly accumulators: boolean;
}

/** The dependences of a block, instruction by instruction. */
export const dependencesOf = remembered((axes: readonly Axis[], block: Block): readonly Dependence[] => {
  const found: Dependence[] = [];
  for (const instruction of block) {
    const operands = instruction.op === 'apply' ? instruction.operands.map((i) => at(found, i, 'dependencesOf')) : [];
    found.push({
      axes: new Set([...ownAxes(axes, instruction), ...operands.flatMap((operand) => [...operand.axes])]),
      accumulators: instruction.op === 'accumulator' || operands.some((operand) => operand.accumulators),
    });
  }
  return found;
});

/** The index of a dense array over axes, the last of which is contiguous. */
export const rowMajor = (kernel: Kernel, axes: readonly number[]): Affine => ({
  offset: 0,
  terms: axes.map((axis, i) => ({ axis, stride: productOf(kernel, axes.slice(i + 1)) })).reverse(),
});

const outputIndices = new WeakMap<Kernel, Affine>();

/** Row-major strides of the output over the output axes: element `Σ stride · axis` is the flat output index. */
export const outputIndex = (kernel: Kernel): Affine => {
  const known = outputIndices.get(kernel);
  if (known !== undefined) return known;
  const index = rowMajor(kernel, kernel.outputAxes);
  outputIndices.set(kernel, index);
  return index;
};

/** Every block of a kernel. */
export const blocksOf = (kernel: Kernel): readonly Block[] => [
  ...kernel.accumulators.flatMap(({ parts }) => parts.map(({ term }) => term)),
  kernel.body,
];
