/**
 * What makes convolutional networks cheap: the derivative of a convolution is a convolution, and pointwise work is done
 * on the windows of a pool before they are put back into an image.
 */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import { contract, map, pad, reshape, windowAdjoint, windowed } from '../../dsl/primitives.js';
import { windowSpan } from '../../dsl/structure.js';
import { isConstantOrLeaf } from './uniform.js';

/** A product over labelled axes, as a contraction has it. */
type Labelled = Pick<NodeOf<'contract'>, 'left' | 'leftLabels' | 'right' | 'rightLabels' | 'output'>;

/** The operand of a repetition and the axes that it has; any other expression has all of them. */
const unrepeated = (expr: Expr): readonly [Expr, readonly number[]] =>
  expr.node.op === 'broadcast' ? [expr.node.operand, expr.node.axes] : [expr, [...expr.shape.keys()]];

/** A contraction, or a product of repetitions, which is a contraction without a sum: one filter on one channel. */
const labelledProduct = ({ node, shape }: Expr): Labelled | undefined => {
  if (node.op === 'contract') return node;
  const [a, b] = node.op === 'map' && node.fn === 'mul' ? node.operands : [];
  if (a === undefined || b === undefined) return undefined;
  const [[left, leftLabels], [right, rightLabels]] = [unrepeated(a), unrepeated(b)];
  return { left, leftLabels, right, rightLabels, output: [...shape.keys()] };
};

/** ȳ along an axis with zeros between its elements, so that neighbours are a stride apart; one more axis of size 1 each. */
const dilated = (image: Expr, axes: readonly number[], strides: readonly number[]): Expr => {
  if (strides.every((stride) => stride === 1)) return image;
  const shape = image.shape.map((dim, axis) => {
    const stride = strides[axes.indexOf(axis)];
    return stride === undefined || typeof dim !== 'number' ? dim : (dim - 1) * stride + 1;
  });
  const windows = axes.map((axis, k) => ({ axis, size: 1, stride: at(strides, k, 'dilated'), dilation: 1 }));
  return windowAdjoint(reshape(image, [...image.shape, ...axes.map(() => 1)]), windows, shape);
};

/**
 * The data gradient of a convolution. With ȳ at the positions p and weights w at the taps k, zeros put between the
 * elements of ȳ where the stride s is not 1, `x̄[i] = Σ_{s·p + d·k = i} ȳ[p] w[k]` is a sum over windows of the
 * zero-padded ȳ, read backwards: `x̄[i] = Σ_k ȳ[i − d·k] w[k]`. The array of all products ȳ[p] w[k] is never formed,
 * unless the windows do not overlap: then it is no larger than x̄.
 */
export const dataGradientAsConvolution = ({ operand, windows, shape }: NodeOf<'windowAdjoint'>): Expr | undefined => {
  const product = labelledProduct(operand);
  if (product === undefined || windows.every(({ size, stride }) => size <= stride)) return undefined;
  const { left, leftLabels, right, rightLabels, output } = product;
  const positions = windows.map(({ axis }) => at(output, axis, 'data gradient'));
  const taps = output.slice(shape.length);
  const only = (labels: readonly number[], own: readonly number[], other: readonly number[]) =>
    labels.every((label) => own.includes(label) && !other.includes(label));
  const imageIsLeft = only(positions, leftLabels, rightLabels) && only(taps, rightLabels, leftLabels);
  const imageIsRight = only(positions, rightLabels, leftLabels) && only(taps, leftLabels, rightLabels);
  if (!imageIsLeft && !imageIsRight) return undefined;
  const [image, labels, weights, weightLabels] = imageIsLeft
    ? ([left, leftLabels, right, rightLabels] as const)
    : ([right, rightLabels, left, leftLabels] as const);
  const axes = positions.map((label) => labels.indexOf(label));
  const spread = dilated(
    image,
    axes,
    windows.map(({ stride }) => stride),
  );
  // the last axis first: its zeros are stored, and what is outside of the others is skipped
  const padded = windows.reduceRight((wider, window, k) => {
    const margin = windowSpan(window) - 1;
    const axis = at(axes, k, 'data gradient');
    // what no window reaches at the end of x̄
    const rest = Number(shape[window.axis]) - Number(spread.shape[axis]) - margin;
    return pad(wider, axis, margin, margin + rest);
  }, spread);
  const backwards = windowed(
    padded,
    windows.map((window, k) => ({
      ...window,
      axis: at(axes, k, 'data gradient'),
      stride: 1,
      dilation: -window.dilation,
    })),
  );
  return contract(backwards, [...labels, ...taps], weights, weightLabels, output.slice(0, shape.length));
};

/** A reshape that joins axes of something computed: pulling through it would need a division of indices. */
const joined = (expr: Expr): Expr | undefined =>
  expr.node.op === 'reshape' &&
  expr.node.operand.shape.length > expr.shape.length &&
  !isConstantOrLeaf(expr.node.operand)
    ? expr.node.operand
    : undefined;

/**
 * f(reshape x, y) = reshape f(x, reshape⁻¹ y): pointwise work is done before axes are joined, where it can be part of
 * the kernel that computes x; the reshape itself then costs nothing.
 */
export const hoistReshape = ({ fn, operands }: NodeOf<'map'>, self: Expr): Expr | undefined => {
  const inner = operands.flatMap((operand) => joined(operand) ?? [])[0];
  if (inner === undefined) return undefined;
  return reshape(map(fn, ...operands.map((operand) => reshape(operand, inner.shape))), self.shape);
};
