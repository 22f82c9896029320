/**
 * Convolutions, recognised in the graphs that they become. With weights W [filters, channels, …taps] and
 * images x [batch, channels, …], the cross-correlation is `(W ⋆ x)[f, p] = Σ W[f, c, k] x[c, s·p + d·k]` with stride s
 * and dilation d; `W ⋆ᵀ δ` is its transpose in x, and `δ ⋆[batch] x` that in W, a sum over the batch.
 */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf, WindowAxis } from '../../dsl/node.js';
import { sameShape } from '../../dsl/shape.js';
import { windowSpan } from '../../dsl/structure.js';

/** Whether an expression has a name, by which it is then written: nothing below it is looked at. */
export type IsNamed = (expr: Expr) => boolean;

/** A product of a convolution. */
export interface Convolution {
  readonly kind: 'correlation' | 'transposeInImage' | 'transposeInWeights';
  readonly left: Expr;
  readonly right: Expr;
  /** What is not as in a plain convolution, in words: `stride 2`. */
  readonly options: readonly string[];
}

const allEqual = (values: readonly number[]): boolean => values.every((value) => value === values[0]);

/** Sizes along several axes: one if they are equal. */
export const along = (values: readonly number[]): string => (allEqual(values) ? String(values[0]) : values.join('×'));

const option = (name: string, values: readonly number[], usual: number): readonly string[] =>
  values.every((value) => value === usual) ? [] : [`${name} ${along(values)}`];

/** The stride and the dilation of windows. */
const spacing = (windows: readonly WindowAxis[]): readonly string[] => {
  const [strides, dilations] = [windows.map(({ stride }) => stride), windows.map(({ dilation }) => dilation)];
  return [...option('stride', strides, 1), ...option('dilation', dilations, 1)];
};

/** Do windows slide along neighbouring axes, in their order? */
export const sorted = (windows: readonly WindowAxis[], first: number): boolean =>
  windows.every(({ axis }, k) => axis === first + k);

/** An image [batch, channels, …] under its pads, with the zeros before and after it along each axis. */
const unpadded = (
  expr: Expr,
  isNamed: IsNamed,
): { readonly image: Expr; readonly before: readonly number[]; readonly after: readonly number[] } => {
  const none = expr.shape.map(() => 0);
  if (expr.node.op !== 'pad' || isNamed(expr)) return { image: expr, before: none, after: none };
  const { operand, axis, before, after } = expr.node;
  const inner = unpadded(operand, isNamed);
  return {
    image: inner.image,
    before: inner.before.map((zeros, i) => (i === axis ? zeros + before : zeros)),
    after: inner.after.map((zeros, i) => (i === axis ? zeros + after : zeros)),
  };
};

/** An image under the zeros that a stride puts between its elements. */
const undilated = (expr: Expr, isNamed: IsNamed): { readonly image: Expr; readonly strides: readonly number[] } => {
  const rank = expr.shape.length;
  const plain = { image: expr, strides: expr.shape.slice(2).map(() => 1) };
  if (expr.node.op !== 'windowAdjoint' || isNamed(expr)) return plain;
  const { operand, windows } = expr.node;
  const single = windows.length === rank - 2 && sorted(windows, 2) && windows.every(({ size }) => size === 1);
  // an array with one more axis of size 1 for each window
  const { node } = operand;
  const longer = node.op === 'reshape' || (node.op === 'broadcast' && node.axes.every((axis, i) => axis === i));
  if (!single || !longer || isNamed(operand)) return plain;
  const image = node.operand;
  return sameShape(operand.shape, [...image.shape, ...windows.map(() => 1)])
    ? { image, strides: windows.map(({ stride }) => stride) }
    : plain;
};

/** The windows of images [batch, channels, …] along all axes but the first two. */
const windowsOf = (expr: Expr, isNamed: IsNamed): NodeOf<'window'> | undefined => {
  const { node } = expr;
  if (node.op !== 'window' || isNamed(expr)) return undefined;
  const { windows, operand } = node;
  return windows.length > 0 && operand.shape.length === windows.length + 2 && sorted(windows, 2) ? node : undefined;
};

/** The name of the first axis of images, which a sum over all of them runs along. */
const batchOf = ({ shape: [batch] }: Expr): string => (typeof batch === 'string' ? batch : 'axis 0');

/** The correlation and its transpose in W, whose windows are read forwards. */
const forwards = (
  { operand, windows }: NodeOf<'window'>,
  other: Expr,
  kind: 'correlation' | 'transposeInWeights',
  isNamed: IsNamed,
): Convolution => {
  const { image, before, after } = unpadded(operand, isNamed);
  const even = before.every((zeros, axis) => zeros === after[axis] && (axis > 1 || zeros === 0));
  const right = even ? image : operand;
  return {
    kind,
    left: other,
    right,
    options: [
      ...(kind === 'transposeInWeights' ? [batchOf(image)] : []),
      ...spacing(windows),
      ...(even ? option('padding', before.slice(2), 0) : []),
    ],
  };
};

/** The transpose in x as a convolution: windows read backwards over δ with zeros around it, as many as they can reach. */
const backwards = (
  { operand, windows }: NodeOf<'window'>,
  weights: Expr,
  isNamed: IsNamed,
): Convolution | undefined => {
  const padded = unpadded(operand, isNamed);
  const { image, strides } = undilated(padded.image, isNamed);
  const reaches = windows.every((window, k) => {
    const margin = windowSpan(window) - 1;
    const rest = at(padded.after, k + 2, 'backwards') - margin;
    return window.stride === 1 && padded.before[k + 2] === margin && rest >= 0 && rest < at(strides, k, 'backwards');
  });
  if (!reaches || [...padded.before.slice(0, 2), ...padded.after.slice(0, 2)].some((zeros) => zeros > 0))
    return undefined;
  const dilations = windows.map(({ dilation }) => -dilation);
  const options = [...option('stride', strides, 1), ...option('dilation', dilations, 1)];
  return { kind: 'transposeInImage', left: weights, right: image, options };
};

/** The labels of one operand in those of a convolution's windows, [batch, channels, …positions, …taps]. */
const convolutionOf = (
  windowed: Expr,
  labels: readonly number[],
  other: Expr,
  otherLabels: readonly number[],
  output: readonly number[],
  isNamed: IsNamed,
): Convolution | undefined => {
  const node = windowsOf(windowed, isNamed);
  const [batch, channel] = labels;
  if (node === undefined || batch === undefined || channel === undefined) return undefined;
  if (new Set(labels).size !== labels.length) return undefined;
  const rank = node.windows.length;
  const [positions, taps] = [labels.slice(2, 2 + rank), labels.slice(2 + rank)];
  const [own] = otherLabels.filter((label) => !labels.includes(label));
  if (own === undefined) return undefined;
  const has = (weights: readonly number[], result: readonly number[]): boolean =>
    sameShape(otherLabels, weights) && sameShape(output, result);
  const image = [batch, own, ...positions];
  if (node.windows.every(({ dilation }) => dilation > 0)) {
    if (has([own, channel, ...taps], image)) return forwards(node, other, 'correlation', isNamed);
    return has(image, [own, channel, ...taps]) ? forwards(node, other, 'transposeInWeights', isNamed) : undefined;
  }
  return has([channel, own, ...taps], image) && node.windows.every(({ dilation }) => dilation < 0)
    ? backwards(node, other, isNamed)
    : undefined;
};

/** The convolution that a contraction is. */
export const contractedConvolution = (node: NodeOf<'contract'>, isNamed: IsNamed): Convolution | undefined => {
  const { left, leftLabels, right, rightLabels, output } = node;
  return (
    convolutionOf(left, leftLabels, right, rightLabels, output, isNamed) ??
    convolutionOf(right, rightLabels, left, leftLabels, output, isNamed)
  );
};

/** The transpose in x as it is derived: every product δ[f, p] W[f, c, k] is added where its window has it. */
export const addedConvolution = (
  operand: Expr,
  windows: readonly WindowAxis[],
  isNamed: IsNamed,
): Convolution | undefined => {
  const { node, shape } = operand;
  if (node.op !== 'contract' || isNamed(operand) || shape.length !== 2 * windows.length + 2 || !sorted(windows, 2))
    return undefined;
  if (windows.some(({ dilation }) => dilation < 1)) return undefined;
  const [batch, channel, ...rest] = node.output;
  if (batch === undefined || channel === undefined) return undefined;
  const [positions, taps] = [rest.slice(0, windows.length), rest.slice(windows.length)];
  const isProduct = (image: readonly number[], weights: readonly number[]): boolean => {
    const [, filter] = image;
    return (
      filter !== undefined &&
      !node.output.includes(filter) &&
      sameShape(image, [batch, filter, ...positions]) &&
      sameShape(weights, [filter, channel, ...taps])
    );
  };
  const options = spacing(windows);
  if (isProduct(node.leftLabels, node.rightLabels))
    return { kind: 'transposeInImage', left: node.right, right: node.left, options };
  return isProduct(node.rightLabels, node.leftLabels)
    ? { kind: 'transposeInImage', left: node.left, right: node.right, options }
    : undefined;
};
