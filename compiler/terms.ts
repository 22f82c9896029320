/** Terms of sums: which are products, and which of them are 0 because a factor is a load that does not happen. */

import { at, lookup } from '../dsl/internal.js';
import type { Affine, Block, Kernel } from './program.js';
import { axisOf, extentOf, productOf } from './queries.js';

/** A term that is a product, as what comes before and the positions of its two factors. */
export const factorsOf = (
  term: Block,
): { readonly factors: Block; readonly operands: readonly [number, number] } | undefined => {
  const last = term[term.length - 1];
  return last?.op === 'apply' && last.fn === 'mul'
    ? { factors: term.slice(0, -1), operands: [at(last.operands, 0, 'factorsOf'), at(last.operands, 1, 'factorsOf')] }
    : undefined;
};

/** The guards without which a product is 0: those of the loads that are its factors. */
export const guardsOfFactors = (term: Block): readonly number[] => {
  const product = factorsOf(term);
  const guards = product?.operands.flatMap((operand) => {
    const factor = product.factors[operand];
    return factor?.op === 'load' ? factor.guards : [];
  });
  return [...new Set(guards)];
};

/** The loop axes that an axis depends on. */
const loopsOf = (kernel: Kernel, axis: number): readonly number[] => {
  const row = axisOf(kernel.axes, axis);
  return row.kind === 'quotient' ? row.from.terms.flatMap((term) => loopsOf(kernel, term.axis)) : [axis];
};

/** The value of an axis where loops are at given positions; none where it is not valid. */
const axisValue = (kernel: Kernel, axis: number, positions: ReadonlyMap<number, number>): number | undefined => {
  const row = axisOf(kernel.axes, axis);
  if (row.kind === 'loop') return lookup(positions, axis, 'loops of a guard');
  const from = indexValue(kernel, row.from, positions);
  if (from === undefined) return undefined;
  const value = from / row.divisor;
  return Number.isInteger(value) && value >= 0 && value < row.extent ? value : undefined;
};

const indexValue = (
  kernel: Kernel,
  { offset, terms }: Affine,
  positions: ReadonlyMap<number, number>,
): number | undefined =>
  terms.reduce<number | undefined>((sum, { axis, stride }) => {
    const value = axisValue(kernel, axis, positions);
    return sum === undefined || value === undefined ? undefined : sum + stride * value;
  }, offset);

/** The share of the positions of a guard's loops where it is valid. */
const validShare = (kernel: Kernel, guard: number): number => {
  const loops = [...new Set(loopsOf(kernel, guard))];
  const positions = new Map<number, number>();
  const count = (depth: number): number => {
    const loop = loops[depth];
    if (loop === undefined) return axisValue(kernel, guard, positions) === undefined ? 0 : 1;
    let valid = 0;
    for (let i = 0; i < extentOf(kernel, loop); i++) {
      positions.set(loop, i);
      valid += count(depth + 1);
    }
    return valid;
  };
  return count(0) / productOf(kernel, loops);
};

/**
 * The share of a term's positions where no factor is a load that does not happen. Guards are those of padding along
 * different axes, so each counts by itself.
 */
export const presentShare = (kernel: Kernel, term: Block): number =>
  guardsOfFactors(term).reduce((share, guard) => share * validShare(kernel, guard), 1);
