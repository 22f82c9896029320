/**
 * Reductions whose vector lanes run along their last axis: four terms per turn, and the turns for what is left over.
 */

import type { Block, Kernel, Part } from '../../program.js';
import { extentOf } from '../../queries.js';
import { factorsOf } from '../../terms.js';
import { guardAxesOf, linearOf, strideOf } from './affine.js';

/** How many lanes one load can fill. */
export type LaneCount = 1 | 2 | 4;

/** A turn for the terms from `start` on that fill no whole vector. */
export interface RestTurn {
  readonly start: number;
  /** Its terms, with 0 in the lanes after them; or one term, the same in every lane. */
  readonly count: 1 | 2 | 'same';
}

/** How the last axis of a part is gone through. */
export interface Turns {
  /** Turns of four terms. */
  readonly whole: number;
  readonly rest: readonly RestTurn[];
}

/** Is a term 0 where loads along the axis give 0: the product of two of them? (One alone may meet an infinity.) */
const vanishes = ({ axes }: Kernel, term: Block, axis: number): boolean => {
  const product = factorsOf(term);
  return (
    product?.operands.every((operand) => {
      const factor = product.factors[operand];
      if (factor?.op !== 'load') return false;
      return strideOf(linearOf(axes, factor.index), axis) === 1 && !guardAxesOf(axes, factor.guards).has(axis);
    }) === true
  );
};

/** The turns of a part with lanes along its last axis. */
export const turnsOf = (kernel: Kernel, kind: 'sum' | 'max' | 'argmax', { axes, term }: Part): Turns => {
  const axis = axes[axes.length - 1];
  if (axis === undefined) return { whole: 0, rest: [{ start: 0, count: 'same' }] };
  const extent = extentOf(kernel, axis);
  const left = extent % 4;
  const start = extent - left;
  if (kind !== 'sum' || !vanishes(kernel, term, axis))
    return { whole: start / 4, rest: Array.from({ length: left }, (_, i) => ({ start: start + i, count: 'same' })) };
  const pair: readonly RestTurn[] = left >= 2 ? [{ start, count: 2 }] : [];
  const single: readonly RestTurn[] = left % 2 === 1 ? [{ start: extent - 1, count: 1 }] : [];
  return { whole: start / 4, rest: [...pair, ...single] };
};

/** How many turns there are. */
export const turnCount = ({ whole, rest }: Turns): number => whole + rest.length;
