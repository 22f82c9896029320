/** Identities of reductions and contractions: work is moved to where there are fewer elements. */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import { broadcastTo, contract, map, reduce, reshape, size, transpose } from '../../dsl/primitives.js';
import type { Shape } from '../../dsl/shape.js';
import { isAlwaysFinite } from './finite.js';
import { uniform, uniformValue } from './uniform.js';

const axesWithout = (rank: number, axes: readonly number[]): readonly number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));

// Σ over repeated axes = number of repetitions · Σ over the rest
const sumOfBroadcast = (operand: Expr, axes: readonly number[], self: Expr): Expr | undefined => {
  const { node } = operand;
  if (node.op !== 'broadcast') return undefined;
  const repeated = axes.filter((axis) => !node.axes.includes(axis));
  if (repeated.length === 0) return undefined;
  const count = repeated.reduce<Expr>(
    (product, axis) => map('mul', product, size(at(operand.shape, axis, 'sum of what is repeated'))),
    size(1),
  );
  const innerAxes = node.axes.flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
  const inner = map('mul', count, reduce('sum', node.operand, innerAxes));
  const kept = axesWithout(operand.shape.length, axes);
  const target = node.axes.flatMap((axis) => (axes.includes(axis) ? [] : [kept.indexOf(axis)]));
  return broadcastTo(inner, self.shape, target);
};

/** The operand axes that each axis of a reshape joins, if all that it does is to join axes. */
const joinedAxes = (operand: Shape, result: Shape): readonly (readonly number[])[] | undefined => {
  const groups: number[][] = [];
  let next = 0;
  for (const dim of result) {
    const group = [next];
    let product = operand[next++];
    while (product !== dim && typeof product === 'number' && next < operand.length) {
      const factor = operand[next];
      if (typeof factor !== 'number') return undefined;
      product *= factor;
      group.push(next++);
    }
    if (product !== dim) return undefined;
    groups.push(group);
  }
  return next === operand.length ? groups : undefined;
};

// Σ over moved or joined axes = Σ over the axes as they were before
const reduceOfMoved = ({ kind, operand, axes }: NodeOf<'reduce'>, self: Expr): Expr | undefined => {
  const { node } = operand;
  if (kind === 'argmax') return undefined;
  if (node.op === 'transpose') {
    const inner = axes.map((axis) => at(node.permutation, axis, 'fold of moved axes'));
    const rest = axesWithout(operand.shape.length, inner);
    const order = axesWithout(operand.shape.length, axes).map((axis) =>
      rest.indexOf(at(node.permutation, axis, 'fold of moved axes')),
    );
    return transpose(reduce(kind, node.operand, inner), order);
  }
  const groups = node.op === 'reshape' ? joinedAxes(node.operand.shape, operand.shape) : undefined;
  if (node.op !== 'reshape' || groups === undefined) return undefined;
  const inner = axes.flatMap((axis) => at(groups, axis, 'fold of joined axes'));
  return reshape(reduce(kind, node.operand, inner), self.shape);
};

/** A factor of a product, with its axes where the product has them. */
interface Factor {
  readonly moved: Expr;
  /** Is it repeated along some axes? */
  readonly repeated: boolean;
}

/** The factors of a product from left to right, through inner products and their transposes. */
const factorsOf = (expr: Expr, move: readonly number[]): readonly Factor[] => {
  const { node } = expr;
  if (node.op === 'map' && node.fn === 'mul') return node.operands.flatMap((operand) => factorsOf(operand, move));
  if (node.op === 'transpose')
    return factorsOf(
      node.operand,
      move.map((axis) => at(node.permutation, axis, 'factors of a product')),
    );
  return [{ moved: transpose(expr, move), repeated: node.op === 'broadcast' }];
};

const productOf = (factors: readonly Factor[]): Expr | undefined => {
  const [first, ...others] = factors.map(({ moved }) => moved);
  return first && others.reduce((product, factor) => map('mul', product, factor), first);
};

// Σ a ⊙ (repeat b) is a contraction, which need not repeat; without a repetition the product may have other uses
const sumOfProduct = (operand: Expr, axes: readonly number[]): Expr | undefined => {
  const labels = axesWithout(operand.shape.length, []);
  const factors = operand.node.op === 'map' ? factorsOf(operand, labels) : [];
  const found = factors.find(({ repeated }) => repeated);
  const rest = productOf(factors.filter((factor) => factor !== found));
  return found && rest && contract(rest, labels, found.moved, labels, axesWithout(operand.shape.length, axes));
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
    const product = sumOfProduct(operand, axes);
    if (product !== undefined) return product;
  }
  if (node.op === 'reduce' && node.kind === kind && kind !== 'argmax') {
    // folds of folds merge: the outer axes in terms of the innermost operand
    const kept = axesWithout(node.operand.shape.length, node.axes);
    return reduce(kind, node.operand, [...node.axes, ...axes.map((axis) => at(kept, axis, 'fold of a fold'))]);
  }
  return reduceOfMoved({ op: 'reduce', kind, operand, axes }, self);
};

/** An operand of a contraction without the movement that relabelling expresses. */
const absorb = (operand: Expr, labels: readonly number[]): readonly [Expr, readonly number[]] | undefined => {
  const { node } = operand;
  if (node.op === 'transpose') {
    const inner = node.permutation.map((_, axis) => at(labels, node.permutation.indexOf(axis), 'labels of moved axes'));
    return [node.operand, inner];
  }
  // repetition along an axis: the label goes, the sum over it becomes the other operand's
  return node.op === 'broadcast'
    ? [node.operand, node.axes.map((axis) => at(labels, axis, 'labels of what is repeated'))]
    : undefined;
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
  const zeroTimes = (zero: Expr, other: Expr): boolean => uniformValue(zero) === 0 && isAlwaysFinite(other);
  if (zeroTimes(node.left, node.right) || zeroTimes(node.right, node.left)) return uniform(0, self.shape);
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
