/** Identities of reductions and contractions: work is moved to where there are fewer elements. */
import type { Expr, NodeOf } from '../../dsl/node.js';
import { broadcastTo, contract, map, reduce, size, transpose } from '../../dsl/primitives.js';
import { uniform, uniformValue } from './uniform.js';

const axesWithout = (rank: number, axes: readonly number[]): readonly number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));

// Σ over repeated axes = number of repetitions · Σ over the rest
const sumOfBroadcast = (operand: Expr, axes: readonly number[], self: Expr): Expr | undefined => {
  const { node } = operand;
  if (node.op !== 'broadcast') return undefined;
  const repeated = axes.filter((axis) => !node.axes.includes(axis));
  if (repeated.length === 0) return undefined;
  const count = repeated.reduce<Expr>((product, axis) => map('mul', product, size(operand.shape[axis] ?? 1)), size(1));
  const innerAxes = node.axes.flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
  const inner = map('mul', count, reduce('sum', node.operand, innerAxes));
  const kept = axesWithout(operand.shape.length, axes);
  const target = node.axes.flatMap((axis) => (axes.includes(axis) ? [] : [kept.indexOf(axis)]));
  return broadcastTo(inner, self.shape, target);
};

/** Simplifies one reduction. */
export const simplifyReduce = ({ kind, operand, axes }: NodeOf<'reduce'>, self: Expr): Expr | undefined => {
  const { node } = operand;
  if (kind === 'sum') {
    if (uniformValue(operand) === 0) return uniform(0, self.shape);
    const repeated = sumOfBroadcast(operand, axes, self);
    if (repeated !== undefined) return repeated;
    if (node.op === 'map' && node.fn === 'neg' && node.operands[0] !== undefined)
      return map('neg', reduce('sum', node.operands[0], axes));
    // Σ a ⊙ (repeat b) is a contraction, which need not repeat; without a repetition the product may have other uses
    const [a, b] = node.op === 'map' && node.fn === 'mul' ? node.operands : [];
    if (a !== undefined && b !== undefined && [a, b].some((factor) => factor.node.op === 'broadcast')) {
      const labels = axesWithout(operand.shape.length, []);
      return contract(a, labels, b, labels, axesWithout(operand.shape.length, axes));
    }
  }
  if (node.op === 'reduce' && node.kind === kind && kind !== 'argmax') {
    // folds of folds merge: the outer axes in terms of the innermost operand
    const kept = axesWithout(node.operand.shape.length, node.axes);
    return reduce(kind, node.operand, [...node.axes, ...axes.map((axis) => kept[axis] ?? 0)]);
  }
  return undefined;
};

/** An operand of a contraction without the movement that relabelling expresses. */
const absorb = (operand: Expr, labels: readonly number[]): readonly [Expr, readonly number[]] | undefined => {
  const { node } = operand;
  if (node.op === 'transpose') {
    const inner = node.permutation.map((_, axis) => labels[node.permutation.indexOf(axis)] ?? 0);
    return [node.operand, inner];
  }
  // repetition along an axis: the label goes, the sum over it becomes the other operand's
  return node.op === 'broadcast' ? [node.operand, node.axes.map((axis) => labels[axis] ?? 0)] : undefined;
};

const contractAbsorbing = (node: NodeOf<'contract'>, self: Expr): Expr | undefined => {
  const left = absorb(node.left, node.leftLabels);
  const right = absorb(node.right, node.rightLabels);
  if (left === undefined && right === undefined) return undefined;
  const [l, lLabels] = left ?? [node.left, node.leftLabels];
  const [r, rLabels] = right ?? [node.right, node.rightLabels];
  const known = (label: number) => lLabels.includes(label) || rLabels.includes(label);
  // a summed label that both operands repeated along: its size is a factor, left to `Σ repeat`
  const lost = node.leftLabels.some((label) => !known(label) && !node.output.includes(label));
  if (lost) return undefined;
  const output = node.output.filter(known);
  const product = contract(l, lLabels, r, rLabels, output);
  const axes = node.output.flatMap((label, i) => (known(label) ? [i] : []));
  return broadcastTo(product, self.shape, axes);
};

// Without a summed label, a contraction is a product element by element.
const contractAsProduct = (node: NodeOf<'contract'>, self: Expr): Expr | undefined => {
  if (node.leftLabels.some((label) => !node.output.includes(label))) return undefined;
  const spread = (operand: Expr, labels: readonly number[]): Expr => {
    const order = node.output.filter((label) => labels.includes(label));
    const aligned = transpose(
      operand,
      order.map((label) => labels.indexOf(label)),
    );
    return broadcastTo(
      aligned,
      self.shape,
      order.map((label) => node.output.indexOf(label)),
    );
  };
  return map('mul', spread(node.left, node.leftLabels), spread(node.right, node.rightLabels));
};

/** Simplifies one contraction. */
export const simplifyContract = (node: NodeOf<'contract'>, self: Expr): Expr | undefined => {
  if (uniformValue(node.left) === 0 || uniformValue(node.right) === 0) return uniform(0, self.shape);
  const minus = (operand: Expr) =>
    operand.node.op === 'map' && operand.node.fn === 'neg' ? operand.node.operands[0] : undefined;
  const [minusLeft, minusRight] = [minus(node.left), minus(node.right)];
  if (minusLeft !== undefined || minusRight !== undefined) {
    const product = contract(
      minusLeft ?? node.left,
      node.leftLabels,
      minusRight ?? node.right,
      node.rightLabels,
      node.output,
    );
    return minusLeft !== undefined && minusRight !== undefined ? product : map('neg', product);
  }
  return contractAbsorbing(node, self) ?? contractAsProduct(node, self);
};
