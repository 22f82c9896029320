/** Arithmetic of affine index expressions. */

import { zip } from '../../dsl/internal.js';
import { totalOf } from '../../dsl/tally.js';
import type { Affine } from '../program.js';

/** A constant index. */
export const constantIndex = (offset: number): Affine => ({ offset, terms: [] });

/** The index of one axis. */
export const axisIndex = (axis: number): Affine => ({ offset: 0, terms: [{ axis, stride: 1 }] });

/** Sum of two indices; terms are sorted by axis and never zero. */
export const addAffine = (a: Affine, b: Affine): Affine => {
  const strides = new Map<number, number>();
  for (const { axis, stride } of [...a.terms, ...b.terms]) strides.set(axis, totalOf(strides, axis) + stride);
  const terms = [...strides].flatMap(([axis, stride]) => (stride === 0 ? [] : [{ axis, stride }]));
  return { offset: a.offset + b.offset, terms: terms.sort((x, y) => x.axis - y.axis) };
};

/** An index times a whole number. */
export const scaleAffine = (a: Affine, factor: number): Affine =>
  factor === 0
    ? constantIndex(0)
    : {
        offset: a.offset * factor,
        terms: a.terms.map(({ axis, stride }) => ({ axis, stride: stride * factor })),
      };

/** `Σ stride · index`: the address of an element of a row-major array. */
export const flatten = (index: readonly Affine[], strides: readonly number[]): Affine =>
  zip(index, strides, 'flatten').reduce(
    (sum, [axis, stride]) => addAffine(sum, scaleAffine(axis, stride)),
    constantIndex(0),
  );

/** A text by which equal indices are found. */
export const affineKey = ({ offset, terms }: Affine): string =>
  `${offset}${terms.map(({ axis, stride }) => `+${stride}i${axis}`).join('')}`;
