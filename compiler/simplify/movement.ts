/** Identities of data movement: compositions merge, inverses cancel, and zeros stay zeros. */
import { at, internal } from '../../dsl/internal.js';
import type { Expr, NodeOf, WindowAxis } from '../../dsl/node.js';
import { broadcastTo, map, pad, reshape, slice, transpose, windowAdjoint } from '../../dsl/primitives.js';
import { type Dim, type Shape, sameShape } from '../../dsl/shape.js';
import { uniform, uniformValue } from './uniform.js';

type Rule<N> = (node: N, self: Expr) => Expr | undefined;

/** The size along an axis that is cut, joined or slid over, which shape rules let be a number only. */
const extentOf = ({ shape }: Expr, axis: number): number => {
  const extent = at(shape, axis, 'simplify');
  return typeof extent === 'number' ? extent : internal('simplify', `a part of the symbolic dimension ${extent}`);
};

const identityPermutation = (permutation: readonly number[]): boolean => permutation.every((axis, i) => axis === i);

/** repeat(repeat x) is one repetition. */
export const simplifyBroadcast: Rule<NodeOf<'broadcast'>> = ({ operand, shape, axes }) => {
  if (sameShape(operand.shape, shape)) return operand;
  return operand.node.op === 'broadcast'
    ? broadcastTo(
        operand.node.operand,
        shape,
        operand.node.axes.map((axis) => at(axes, axis, 'repetition of a repetition')),
      )
    : undefined;
};

/** Transposes merge, pass through repetitions, and are absorbed by contractions. */
export const simplifyTranspose: Rule<NodeOf<'transpose'>> = ({ operand, permutation }, self) => {
  if (identityPermutation(permutation)) return operand;
  const inner = operand.node;
  switch (inner.op) {
    case 'transpose':
      return transpose(
        inner.operand,
        permutation.map((axis) => at(inner.permutation, axis, 'transpose of a transpose')),
      );
    case 'broadcast': {
      // where the axes of the repeated operand go, in the order in which the transpose puts them
      const moved = permutation.flatMap((axis, i) => (inner.axes.includes(axis) ? [i] : []));
      const order = permutation.flatMap((axis) => (inner.axes.includes(axis) ? [inner.axes.indexOf(axis)] : []));
      return broadcastTo(transpose(inner.operand, order), self.shape, moved);
    }
    default:
      return undefined;
  }
};

const withoutOnes = (shape: Shape): readonly Dim[] => shape.filter((dim) => dim !== 1);

/** Reshapes merge; one that only adds or drops axes of size 1 is a repetition where it adds. */
export const simplifyReshape: Rule<NodeOf<'reshape'>> = ({ operand, shape }) => {
  if (sameShape(operand.shape, shape)) return operand;
  const inner = operand.node;
  if (inner.op === 'reshape') return reshape(inner.operand, shape);
  if (inner.op === 'broadcast' && inner.shape.every((dim, axis) => dim === 1 || inner.axes.includes(axis)))
    return reshape(inner.operand, shape);
  const value = uniformValue(operand);
  if (value !== undefined) return uniform(value, shape);
  const onlyAdds = operand.shape.every((dim) => dim !== 1) && sameShape(withoutOnes(shape), operand.shape);
  if (!onlyAdds) return undefined;
  const axes = shape.flatMap((dim, i) => (dim === 1 ? [] : [i]));
  return broadcastTo(operand, shape, axes);
};

/** Slices merge, undo pads and find their piece of a concatenation. */
export const simplifySlice: Rule<NodeOf<'slice'>> = ({ operand, axis, start, stop }, self) => {
  if (start === 0 && stop === operand.shape[axis]) return operand;
  const value = uniformValue(operand);
  if (value !== undefined) return uniform(value, self.shape);
  const inner = operand.node;
  if (inner.op === 'slice' && inner.axis === axis)
    return slice(inner.operand, axis, inner.start + start, inner.start + stop);
  if (inner.op === 'pad' && inner.axis === axis) {
    const extent = inner.operand.shape[axis];
    const inside = typeof extent === 'number' && start >= inner.before && stop <= inner.before + extent;
    return inside ? slice(inner.operand, axis, start - inner.before, stop - inner.before) : undefined;
  }
  if (inner.op === 'concat' && inner.axis === axis) {
    let offset = 0;
    for (const piece of inner.operands) {
      const length = extentOf(piece, axis);
      if (start >= offset && stop <= offset + length) return slice(piece, axis, start - offset, stop - offset);
      offset += length;
    }
  }
  return undefined;
};

/** Pads merge; padded zeros are zeros. */
export const simplifyPad: Rule<NodeOf<'pad'>> = ({ operand, axis, before, after }, self) => {
  if (before === 0 && after === 0) return operand;
  if (uniformValue(operand) === 0) return uniform(0, self.shape);
  return operand.node.op === 'pad' && operand.node.axis === axis
    ? pad(operand.node.operand, axis, operand.node.before + before, operand.node.after + after)
    : undefined;
};

/** Concatenations of one value everywhere are that value; of all pieces of one array, that array. */
export const simplifyConcat: Rule<NodeOf<'concat'>> = ({ operands, axis }, self) => {
  const [first] = operands;
  if (first === undefined) return undefined;
  const value = uniformValue(first);
  if (value !== undefined && operands.every((operand) => uniformValue(operand) === value))
    return uniform(value, self.shape);
  if (first.node.op !== 'slice') return undefined;
  const whole = first.node.operand;
  let offset = 0;
  for (const { node } of operands) {
    if (node.op !== 'slice' || node.operand !== whole || node.axis !== axis || node.start !== offset) return undefined;
    offset = node.stop;
  }
  return offset === whole.shape[axis] ? whole : undefined;
};

const disjoint = ({ size, stride, dilation }: WindowAxis): boolean => stride === size && dilation === 1;

// The axis permutation that moves each window axis (at the end) to just behind its position axis.
const interleaved = (rank: number, windows: readonly WindowAxis[]): readonly number[] =>
  Array.from({ length: rank }, (_, axis) => {
    const k = windows.findIndex((window) => window.axis === axis);
    return k < 0 ? [axis] : [axis, rank + k];
  }).flat();

/** Windows that neither overlap nor leave gaps are a reshape: `[n] → [positions, size]`. */
export const simplifyWindow: Rule<NodeOf<'window'>> = ({ operand, windows }, self) => {
  const value = uniformValue(operand);
  if (value !== undefined) return uniform(value, self.shape);
  if (!windows.every(disjoint)) return undefined;
  const rank = operand.shape.length;
  // a trailing rest that fills no window is dropped
  const whole = windows.reduce<Expr>((expr, { axis, size }) => {
    return slice(expr, axis, 0, extentOf(self, axis) * size);
  }, operand);
  const order = interleaved(rank, windows);
  const split = reshape(
    whole,
    order.map((axis) => at(self.shape, axis, 'windows that do not overlap')),
  );
  return transpose(
    split,
    self.shape.map((_, axis) => order.indexOf(axis)),
  );
};

/** Signs outwards; the adjoint of disjoint windows is the reverse reshape, with zeros where a rest was dropped. */
export const simplifyWindowAdjoint: Rule<NodeOf<'windowAdjoint'>> = ({ operand, windows, shape }, self) => {
  if (uniformValue(operand) === 0) return uniform(0, self.shape);
  const minus = operand.node.op === 'map' && operand.node.fn === 'neg' ? operand.node.operands[0] : undefined;
  if (minus !== undefined) return map('neg', windowAdjoint(minus, windows, shape));
  if (!windows.every(disjoint)) return undefined;
  const covered = shape.map((dim, axis) => {
    const window = windows.find((w) => w.axis === axis);
    return window === undefined ? dim : extentOf(operand, axis) * window.size;
  });
  const joined = reshape(transpose(operand, interleaved(shape.length, windows)), covered);
  return shape.reduce<Expr>((expr, dim, axis) => {
    const have = at(covered, axis, 'the adjoint of windows that do not overlap');
    return typeof dim === 'number' && typeof have === 'number' ? pad(expr, axis, 0, dim - have) : expr;
  }, joined);
};
