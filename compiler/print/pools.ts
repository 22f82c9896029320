/** Pools and their transposes, recognised in the graphs that they become. */
import type { Expr, NodeOf, WindowAxis } from '../../dsl/node.js';
import { type Shape, sameShape } from '../../dsl/shape.js';
import { along, type IsNamed, sorted } from './windows.js';

/** A fold of windows. */
export interface Pool {
  readonly image: Expr;
  /** The size of the windows, and their stride if it is another: `2`, `3, stride 2`. */
  readonly windows: string;
}

/** An array without the trailing rest that no window of these sizes fills, if that is all that is cut off. */
const uncut = (expr: Expr, sizes: readonly number[], isNamed: IsNamed): Expr => {
  if (expr.node.op !== 'slice' || isNamed(expr)) return expr;
  const { operand, axis, start, stop } = expr.node;
  const rest = Number(operand.shape[axis]) - stop;
  const size = sizes[axis - (expr.shape.length - sizes.length)];
  return start === 0 && size !== undefined && rest < size ? uncut(operand, sizes, isNamed) : expr;
};

/** The sizes of windows that an array […, n₁, n₂] is split into as […, p₁, k₁, p₂, k₂], if it is. */
const splitSizes = (whole: Shape, split: Shape): readonly number[] | undefined => {
  const count = split.length - whole.length;
  const kept = whole.length - count;
  if (count < 1 || kept < 0) return undefined;
  const sizes = whole.slice(kept).map((_, k) => Number(split[kept + 2 * k + 1]));
  const splits = sizes.every((size, k) => Number(split[kept + 2 * k]) * size === whole[kept + k]);
  return splits && sameShape(split.slice(0, kept), whole.slice(0, kept)) ? sizes : undefined;
};

/** What windows that do not overlap are of, and their sizes, from the reshape that they became: […, p₁, k₁, p₂, k₂]. */
export const reshapedWindows = (
  expr: Expr,
  isNamed: IsNamed,
): { readonly image: Expr; readonly sizes: readonly number[] } | undefined => {
  if (expr.node.op !== 'reshape' || isNamed(expr)) return undefined;
  const { operand, shape } = expr.node;
  const sizes = splitSizes(operand.shape, shape);
  return sizes && { image: uncut(operand, sizes, isNamed), sizes };
};

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** The order that moves the taps of […, p₁, k₁, p₂, k₂] to the end. */
const tapsLast = (rank: number, count: number): readonly number[] => {
  const kept = rank - 2 * count;
  return [...range(kept), ...range(count).map((k) => kept + 2 * k), ...range(count).map((k) => kept + 2 * k + 1)];
};

/** The image and the sizes of windows that do not overlap, from the reshape whose taps are moved to the end. */
export const disjointWindows = (
  { operand, permutation }: NodeOf<'transpose'>,
  isNamed: IsNamed,
): { readonly image: Expr; readonly sizes: readonly number[] } | undefined => {
  const split = reshapedWindows(operand, isNamed);
  if (split === undefined) return undefined;
  return sameShape(permutation, tapsLast(operand.shape.length, split.sizes.length)) ? split : undefined;
};

/** Windows that are added up to an image, each at its place: the transpose of taking them. */
export interface Unpooled {
  readonly operand: Expr;
  /** Has the operand one value for each window, which all elements of the window get? */
  readonly repeats: boolean;
  readonly windows: readonly WindowAxis[];
}

/** What is repeated along some axes. */
const repeated = (expr: Expr, over: readonly number[], isNamed: IsNamed): Expr | undefined => {
  const { node, shape } = expr;
  if (node.op !== 'broadcast' || isNamed(expr)) return undefined;
  const others = range(shape.length).filter((axis) => !over.includes(axis));
  return sameShape(node.axes, others) ? node.operand : undefined;
};

const unpooledFrom = (expr: Expr, windows: readonly WindowAxis[], isNamed: IsNamed): Unpooled => {
  const rank = expr.shape.length;
  const taps = windows.map((_, k) => rank - windows.length + k);
  const operand = repeated(expr, taps, isNamed);
  return { operand: operand ?? expr, repeats: operand !== undefined, windows };
};

/** The same from an array […, p₁, k₁, p₂, k₂] of windows of some sizes that do not overlap. */
export const unpooledSplit = (split: Expr, sizes: readonly number[], isNamed: IsNamed): Unpooled | undefined => {
  const { node, shape } = split;
  const kept = shape.length - 2 * sizes.length;
  const windows = sizes.map((size, k) => ({ axis: kept + k, size, stride: size, dilation: 1 }));
  const order = tapsLast(shape.length, sizes.length);
  const operand = repeated(split, order.slice(-sizes.length), isNamed);
  if (operand !== undefined) return { operand, repeats: true, windows };
  if (node.op !== 'transpose' || isNamed(split)) return undefined;
  const back = range(order.length).map((axis) => order.indexOf(axis));
  return sameShape(node.permutation, back) ? unpooledFrom(node.operand, windows, isNamed) : undefined;
};

/** The sizes of the windows that a reshape of […, p₁, k₁, p₂, k₂] puts together, if that is what it does. */
export const joinedSizes = ({ operand, shape }: NodeOf<'reshape'>): readonly number[] | undefined =>
  splitSizes(shape, operand.shape);

/** The windows that are added up. */
export const unpooledWindows = ({ operand, windows, shape }: NodeOf<'windowAdjoint'>, isNamed: IsNamed): Unpooled =>
  windows.every(({ dilation }) => dilation === 1) && sorted(windows, shape.length - windows.length)
    ? unpooledFrom(operand, windows, isNamed)
    : { operand, repeats: false, windows };

/** The windows that are added up to an image with zeros after it, where no window fits. */
export const unpooledPad = (
  { operand, axis, before, after }: NodeOf<'pad'>,
  isNamed: IsNamed,
): Unpooled | undefined => {
  const { node } = operand;
  if (before > 0 || isNamed(operand)) return undefined;
  const sizes = node.op === 'reshape' ? joinedSizes(node) : undefined;
  const split = node.op === 'reshape' && sizes !== undefined ? unpooledSplit(node.operand, sizes, isNamed) : undefined;
  const inner = node.op === 'pad' ? unpooledPad(node, isNamed) : split;
  const window = inner?.windows.find((found) => found.axis === axis);
  return window !== undefined && after < window.size ? inner : undefined;
};

/** The size of windows, and their stride if it is another: `2`, `3, stride 2`. */
export const windowsText = (windows: readonly WindowAxis[]): string => {
  const [sizes, strides] = [windows.map(({ size }) => size), windows.map(({ stride }) => stride)];
  return `${along(sizes)}${sameShape(sizes, strides) ? '' : `, stride ${along(strides)}`}`;
};

/** The pool that a fold is: over the taps of windows along the last axes. */
export const pooled = ({ operand, axes }: NodeOf<'reduce'>, isNamed: IsNamed): Pool | undefined => {
  const split = reshapedWindows(operand, isNamed);
  if (split !== undefined) {
    const kept = operand.shape.length - 2 * split.sizes.length;
    const taps = split.sizes.map((_, k) => kept + 2 * k + 1);
    return sameShape(axes, taps) ? { image: split.image, windows: along(split.sizes) } : undefined;
  }
  const { node } = operand;
  if (node.op !== 'window' || isNamed(operand)) return undefined;
  const rank = node.operand.shape.length;
  const taps = node.windows.map((_, k) => rank + k);
  if (!sameShape(axes, taps) || node.windows.some(({ dilation }) => dilation !== 1)) return undefined;
  if (!sorted(node.windows, rank - node.windows.length)) return undefined;
  return { image: node.operand, windows: windowsText(node.windows) };
};
