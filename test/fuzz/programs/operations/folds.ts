/** Steps that fold axes: reductions and products. */

import * as d from '../../../../dsl/linear.js';
import type { Expr } from '../../../../dsl/node.js';
import * as p from '../../../../dsl/primitives.js';
import * as r from '../../../../dsl/reductions.js';
import type { Dim } from '../../../../dsl/shape.js';
import type { Grow, Growth } from '../growth.js';

const someAxes = (growth: Growth, x: Expr): readonly number[] =>
  growth.shuffled([...x.shape.keys()]).slice(0, growth.below(x.shape.length + 1));

const hasAxis = ({ shape }: Expr): boolean => shape.length > 0;

const folding =
  (f: (x: Expr, axes: readonly number[] | undefined) => Expr): Grow =>
  (growth) => {
    const x = growth.pick(hasAxis);
    return f(x, growth.chance(0.2) ? undefined : someAxes(growth, x));
  };

const alongLast =
  (f: (x: Expr) => Expr): Grow =>
  (growth) => {
    const x = growth.pick(hasAxis);
    return hasAxis(x) ? f(x) : undefined;
  };

/** The operations that `dsl/reductions.ts` exports. */
export type ReductionName = keyof typeof r;

/** A step for every reduction. */
export const reductionSteps: { readonly [N in ReductionName]: Grow } = {
  sum: folding((x, axes) => r.sum(x, axes)),
  maximum: folding((x, axes) => r.maximum(x, axes)),
  mean: folding((x, axes) => r.mean(x, axes)),
  argmax: (growth) => {
    const x = growth.pick(hasAxis);
    return hasAxis(x) ? r.argmax(x, growth.below(x.shape.length)) : undefined;
  },
  logSumExp: alongLast((x) => r.logSumExp(x)),
  softmax: alongLast((x) => r.softmax(x)),
  logSoftmax: alongLast((x) => r.logSoftmax(x)),
};

/** Labels for two operands that share some axes, and for a result over some of the labels in any order. */
const productOf = (growth: Growth) => {
  const a = growth.pick(({ shape }) => shape.length <= 4);
  const left = growth.shuffled([...a.shape.keys()]);
  const shared = left.slice(0, growth.below(left.length + 1));
  const own = Array.from({ length: growth.below(3) }, (_, i) => a.shape.length + i);
  const dims = new Map<number, Dim>([
    ...a.shape.entries(),
    ...own.map((label) => [label, growth.among(growth.dims)] as const),
  ]);
  const right = growth.shuffled([...shared, ...own]);
  const b = growth.like(right.map((label) => dims.get(label) ?? 1));
  const labels = [...dims.keys()].filter((label) => growth.chance(shared.includes(label) ? 0.4 : 0.85));
  const terms = [...dims.values()].reduce<number>((product, dim) => product * growth.extent(dim), 1);
  return {
    a,
    left: [...a.shape.keys()],
    b,
    right,
    output: growth.shuffled(labels),
    tooMany: terms > 60 * growth.mostElements,
  };
};

const letters = (labels: readonly number[]): string => labels.map((label) => String.fromCharCode(97 + label)).join('');

/** The operations that `dsl/linear.ts` exports. */
export type LinearName = keyof typeof d;

/** A step for every product. */
export const linearSteps: { readonly [N in LinearName]: Grow } = {
  matmul: (growth) => {
    const a = growth.pick(({ shape }) => shape.length === 1 || shape.length === 2);
    const inner = a.shape.at(-1);
    if (inner === undefined || a.shape.length > 2) return undefined;
    return d.matmul(a, growth.like([inner, ...(growth.chance(0.75) ? [growth.among(growth.dims)] : [])]));
  },
  dot: (growth) => {
    const a = growth.pick();
    return d.dot(a, growth.like(a.shape));
  },
  outer: (growth) =>
    d.outer(
      growth.pick(({ shape }) => shape.length <= 2),
      growth.pick(({ shape }) => shape.length <= 2),
    ),
  einsum: (growth) => {
    const { a, left, b, right, output, tooMany } = productOf(growth);
    return tooMany
      ? undefined
      : d.einsum<string, typeof a.shape, typeof b.shape>(
          `${letters(left)},${letters(right)}->${letters(output)}`,
          a,
          b,
        );
  },
};

/** Steps for the primitives. */
export const foldPrimitives = {
  contract: (growth) => {
    const { a, left, b, right, output, tooMany } = productOf(growth);
    return tooMany ? undefined : p.contract(a, left, b, right, output);
  },
  reduce: (growth) => {
    const x = growth.pick(hasAxis);
    const axes = someAxes(growth, x);
    return axes.length === 0 ? undefined : p.reduce(growth.among(['sum', 'max', 'argmax']), x, axes);
  },
} satisfies Readonly<Record<string, Grow>>;
