/** What random expressions grow from, and what a step of growth may use. */
import { make } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import type { Shape, Sizes } from '../../../dsl/shape.js';
import { lengthOf } from '../../support/evaluation.js';
import { numbers } from '../../support/numbers.js';

/** An expression and a bound of its magnitude. */
export interface Grown {
  readonly expr: Expr;
  readonly bound: number;
  /** Is it data, whose elements differ? Only these are compared with each other. */
  readonly leaf: boolean;
}

/** What a step may use: random numbers, and what has grown so far. */
export interface Growth {
  /** A number in 0 … n − 1. */
  readonly choose: (n: number) => number;
  /** Something that has grown, of a fitting kind if there is one. */
  readonly pick: (fits?: (grown: Grown) => boolean) => Grown;
}

/** A step of growth. */
export type Grow = (growth: Growth) => Grown;

/** The sizes of the symbolic dimensions of random expressions. */
export const expressionSizes: Sizes = { batch: 3 };

const shapes: readonly Shape[] = [
  [],
  [4],
  ['batch'],
  ['batch', 4],
  [4, 'batch'],
  [2, 4],
  [2, 'batch', 4],
  [1, 4],
  [6, 4],
];

/** The inputs that random expressions read: two of each shape. */
export const expressionInputs: readonly Expr[] = shapes.flatMap((shape, i) =>
  [0, 1].map((copy) => make({ op: 'input', name: `x${2 * i + copy}`, shape })),
);

/** Values of all inputs of random expressions. */
export const expressionValues = (seed: number): ReadonlyMap<string, Float64Array> =>
  new Map(
    expressionInputs.flatMap(({ node, shape }, i) =>
      node.op === 'input' ? [[node.name, numbers(seed + i, lengthOf(shape, expressionSizes), -1.5, 1.5)] as const] : [],
    ),
  );

/** An expression with its bound; data if `leaf` says so. */
export const grown = (expr: Expr, bound: number, leaf = false): Grown => ({ expr, bound, leaf });

/** The number of axes. */
export const rank = ({ expr }: Grown): number => expr.shape.length;

/** The axes of a literal extent of at least `least`. */
export const literalAxes = (shape: Shape, least = 1): readonly number[] =>
  shape.flatMap((dim, axis) => (typeof dim === 'number' && dim >= least ? [axis] : []));

/** Is there an axis of a literal extent of at least `least`? */
export const hasLiteralAxis =
  (least: number) =>
  ({ expr }: Grown): boolean =>
    literalAxes(expr.shape, least).length > 0;

/** Has it the same shape as the first? */
export const sameShapeAs =
  (first: Grown) =>
  ({ expr }: Grown): boolean =>
    expr.shape.join() === first.expr.shape.join();

/** Operands of one shape that fit, at most `count`: those that turn out to have another shape are left out. */
export const alike = (
  growth: Growth,
  count: number,
  fits: (grown: Grown) => boolean = () => true,
): readonly Grown[] => {
  const first = growth.pick(fits);
  const rest = Array.from({ length: count - 1 }, () => growth.pick((g) => sameShapeAs(first)(g) && fits(g)));
  return [first, ...rest].filter(sameShapeAs(first));
};

/** 0 … count − 1 in random order. */
export const shuffled = ({ choose }: Growth, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i).reduce<readonly number[]>((order, i) => {
    const at = choose(i + 1);
    return [...order.slice(0, at), i, ...order.slice(at)];
  }, []);
