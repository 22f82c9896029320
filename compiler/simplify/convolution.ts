/**
 * What makes convolutional networks cheap: the derivative of a convolution is a convolution, and pointwise work is done
 * on the windows of a pool before they are put back into an image.
 */
import type { Expr, NodeOf } from '../../dsl/node.js';
import { contract, map, pad, reshape, windowed } from '../../dsl/primitives.js';
import { windowSpan } from '../../dsl/structure.js';
import { isConstantOrLeaf } from './uniform.js';

/**
 * The data gradient of a convolution. With ȳ at the positions p and weights w at the taps k,
 * `x̄[i] = Σ_{p + d·k = i} ȳ[p] w[k]` is a sum over windows of the zero-padded ȳ, read backwards:
 * `x̄[i] = Σ_k ȳ[i − d·k] w[k]`. The array of all products ȳ[p] w[k] is never formed. Stride 1 only.
 */
export const dataGradientAsConvolution = ({ operand, windows, shape }: NodeOf<'windowAdjoint'>): Expr | undefined => {
  const { node } = operand;
  if (node.op !== 'contract' || windows.some(({ stride }) => stride !== 1)) return undefined;
  const positions = windows.map(({ axis }) => node.output[axis] ?? -1);
  const taps = node.output.slice(shape.length);
  const only = (labels: readonly number[], own: readonly number[], other: readonly number[]) =>
    labels.every((label) => own.includes(label) && !other.includes(label));
  const imageIsLeft =
    only(positions, node.leftLabels, node.rightLabels) && only(taps, node.rightLabels, node.leftLabels);
  const imageIsRight =
    only(positions, node.rightLabels, node.leftLabels) && only(taps, node.leftLabels, node.rightLabels);
  if (!imageIsLeft && !imageIsRight) return undefined;
  const [image, labels, weights, weightLabels] = imageIsLeft
    ? ([node.left, node.leftLabels, node.right, node.rightLabels] as const)
    : ([node.right, node.rightLabels, node.left, node.leftLabels] as const);
  const axisOf = (k: number): number => labels.indexOf(positions[k] ?? -1);
  const padded = windows.reduce((wider, window, k) => {
    const margin = windowSpan(window) - 1;
    return pad(wider, axisOf(k), margin, margin);
  }, image);
  const backwards = windowed(
    padded,
    windows.map((window, k) => ({ ...window, axis: axisOf(k), dilation: -window.dilation })),
  );
  return contract(backwards, [...labels, ...taps], weights, weightLabels, node.output.slice(0, shape.length));
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
