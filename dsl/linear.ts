/** Products: matrix products, inner and outer products, and the general two-operand einsum. */

import { invalid, mistakeAmong, typed } from './expr.js';
import { strange } from './given.js';
import { lookup, zip } from './internal.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { contract } from './primitives.js';
import { type Shape, sameShape } from './shape.js';
import type { Einsum, Matmul } from './types/products.js';
import type { Fits, Result, Same } from './types/rule.js';

const range = (n: number): readonly number[] => [...Array(n).keys()];

/** The first operand that carries a mistake, or the built expression. */
const build = (operation: string, a: Expr, b: Expr, expression: () => Expr): Expr =>
  mistakeAmong(operation, [a, b]) ?? expression();

/** The matrix product [m, k] · [k, n] = [m, n]; a vector stands for a row on the left, for a column on the right. */
export const matmul = <A extends Shape, B extends Shape>(
  a: Expr<A>,
  b: Expr<B> & Fits<Matmul<A, B>>,
): Expr<Result<Matmul<A, B>>> =>
  typed(
    build('matmul', a, b, () => {
      const ranks = [a.shape.length, b.shape.length];
      if (!ranks.every((rank) => rank === 1 || rank === 2))
        return invalid(misfit('matmul', 'matrices or vectors', a, b));
      if (a.shape.at(-1) !== b.shape[0]) return invalid(misfit('matmul', 'equal inner dimensions', a, b));
      const [left, right] = [a.shape.length === 2 ? [0, 1] : [1], b.shape.length === 2 ? [1, 2] : [1]];
      return contract(
        a,
        left,
        b,
        right,
        [...left, ...right].filter((label) => label !== 1),
      );
    }),
  );

/** Σ a ⊙ b over all axes of two operands of one shape. */
export const dot = <A extends Shape, B extends Shape>(a: Expr<A>, b: Expr<B> & Fits<Same<'dot', A, B, []>>): Expr<[]> =>
  typed(
    build('dot', a, b, () =>
      sameShape(a.shape, b.shape)
        ? contract(a, range(a.shape.length), b, range(b.shape.length), [])
        : invalid(misfit('dot', 'equal shapes', a, b)),
    ),
  );

/** The outer product of two operands: [...a] and [...b] give [...a, ...b]. */
export const outer = <A extends Shape, B extends Shape>(a: Expr<A>, b: Expr<B>): Expr<[...A, ...B]> =>
  typed(
    build('outer', a, b, () => {
      const [left, right] = [range(a.shape.length), range(b.shape.length).map((axis) => axis + a.shape.length)];
      return contract(a, left, b, right, [...left, ...right]);
    }),
  );

const equationPattern = /^([a-zA-Z]*),([a-zA-Z]*)->([a-zA-Z]*)$/;

type Word = readonly number[];

const lettersOf = (word: string): Word => [...word].map((letter) => letter.charCodeAt(0));

/** The letters of both operands and of the result, if it is an equation. */
const wordsOf = (equation: string): readonly [Word, Word, Word] | undefined => {
  const [left, right, output] = equationPattern.exec(equation)?.slice(1).map(lettersOf) ?? [];
  return left && right && output && [left, right, output];
};

/**
 * The product of two operands by an equation such as `'bij,bjk->bik'`: one letter per axis, and the sum over the
 * letters that are missing after the arrow.
 */
export const einsum = <const Equation extends string, A extends Shape, B extends Shape>(
  equation: Equation,
  a: Expr<A>,
  b: Expr<B> & Fits<Einsum<Equation, A, B>>,
): Expr<Result<Einsum<Equation, A, B>>> =>
  typed(
    build('einsum', a, b, () => {
      if (typeof equation !== 'string') return strange('einsum', 'an equation such as ij,jk->ik', equation);
      const words = wordsOf(equation);
      const mistake = (expected: string): Expr => invalid(misfit('einsum', expected, a, b));
      if (words === undefined) return mistake(`an equation such as ij,jk->ik, not ${JSON.stringify(equation)}`);
      const [left, right, output] = words;
      const unfit = mistake(`shapes that fit ${equation}, each letter once per operand`);
      if (left.length !== a.shape.length || right.length !== b.shape.length) return unfit;
      const dims = new Map([...zip(left, a.shape, 'einsum'), ...zip(right, b.shape, 'einsum')]);
      const fits = (labels: readonly number[], shape: Shape): boolean =>
        sameShape(
          labels.map((label) => lookup(dims, label, 'einsum')),
          shape,
        ) && new Set(labels).size === labels.length;
      return fits(left, a.shape) &&
        fits(right, b.shape) &&
        output.every((label) => dims.has(label)) &&
        new Set(output).size === output.length
        ? contract(a, left, b, right, output)
        : unfit;
    }),
  );
