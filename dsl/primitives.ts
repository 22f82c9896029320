/**
 * Untyped constructors of the primitives, one per node kind: what the typed operators and the compiler build with.
 * They never throw; operands that do not fit give an `invalid` expression (see `make`).
 */

import { shapeError } from './error.js';
import { invalid, make, typed } from './expr.js';
import { mistakeIn, strange } from './given.js';
import type { Expr, Reduction, WindowAxis } from './node.js';
import { type ScalarFunction, scalarFunctions } from './scalar.js';
import { type Dim, type Shape, sameShape } from './shape.js';

/** A scalar constant. */
export const literal = (value: number): Expr<[]> =>
  typed(typeof value === 'number' ? make({ op: 'literal', value }) : strange('constant', 'a number', value));

/** The size of a dimension as a scalar: a constant for a literal dimension. */
export const size = (dim: Dim): Expr =>
  typeof dim === 'number' ? literal(dim) : (mistakeIn('size', [], [[dim]]) ?? make({ op: 'size', dim }));

/** `0, 1, …, n − 1`. */
export const iota = (dim: Dim): Expr => mistakeIn('iota', [], [[dim]]) ?? make({ op: 'iota', dim });

/** A function of scalars applied element by element; operands of shape `[]` are repeated to the others' shape. */
export const map = (fn: ScalarFunction, ...operands: readonly Expr[]): Expr => {
  if (typeof fn !== 'string' || !Object.hasOwn(scalarFunctions, fn))
    return strange('map', 'the name of a function of scalars', fn);
  const bad = mistakeIn(fn, operands);
  if (bad !== undefined) return bad;
  const shape = operands.find((operand) => operand.shape.length > 0)?.shape ?? [];
  const spread = (operand: Expr) => (operand.shape.length === 0 ? broadcastTo(operand, shape, []) : operand);
  return make({ op: 'map', fn, operands: operands.map(spread) });
};

/**
 * Two-operand einsum with an arbitrary numbering of the axes, for example `contract(x, [0, 1], w, [1, 2], [0, 2])`
 * for a matrix product. Labels of one operand alone that are not in the output are summed first.
 */
export const contract = (
  left: Expr,
  leftLabels: readonly number[],
  right: Expr,
  rightLabels: readonly number[],
  output: readonly number[],
): Expr => {
  const bad = mistakeIn('contract', [left, right], [leftLabels, rightLabels, output]);
  if (bad !== undefined) return bad;
  const lone = (mine: readonly number[], other: readonly number[]) =>
    mine.flatMap((label, i) => (other.includes(label) || output.includes(label) ? [] : [i]));
  const [leftLone, rightLone] = [lone(leftLabels, rightLabels), lone(rightLabels, leftLabels)];
  const kept = (labels: readonly number[], gone: readonly number[]) => labels.filter((_, i) => !gone.includes(i));
  const [leftKept, rightKept] = [kept(leftLabels, leftLone), kept(rightLabels, rightLone)];
  const numbering = new Map([...leftKept, ...rightKept].map((label) => [label, 0]));
  for (const [i, label] of [...numbering.keys()].entries()) numbering.set(label, i);
  const renumber = (labels: readonly number[]) => labels.map((label) => numbering.get(label) ?? label);
  return make({
    op: 'contract',
    left: reduce('sum', left, leftLone),
    right: reduce('sum', right, rightLone),
    leftLabels: renumber(leftKept),
    rightLabels: renumber(rightKept),
    output: renumber(output),
  });
};

const reductions: readonly Reduction[] = ['sum', 'max', 'argmax'];

/** A fold over `axes`; none of them gives the operand itself. */
export const reduce = (kind: Reduction, operand: Expr, axes: readonly number[]): Expr => {
  if (!reductions.includes(kind)) return strange('reduce', reductions.join(' or '), kind);
  const bad = mistakeIn(kind, [operand], [axes]);
  if (bad !== undefined) return bad;
  return axes.length === 0 && kind !== 'argmax'
    ? operand
    : make({ op: 'reduce', kind, operand, axes: axes.slice().sort((a, b) => a - b) });
};

/** Repetition to `shape`: operand axis i becomes output axis `axes[i]`. */
export const broadcastTo = (operand: Expr, shape: Shape, axes: readonly number[]): Expr =>
  mistakeIn('broadcast', [operand], [shape, axes]) ??
  (axes.length === shape.length && sameShape(operand.shape, shape)
    ? operand
    : make({ op: 'broadcast', operand, shape, axes }));

/** Output axis i is operand axis `permutation[i]`. */
export const transpose = (operand: Expr, permutation: readonly number[]): Expr =>
  mistakeIn('transpose', [operand], [permutation]) ??
  (permutation.every((axis, i) => axis === i) && permutation.length === operand.shape.length
    ? operand
    : make({ op: 'transpose', operand, permutation }));

/** The same elements in row-major order under another shape. */
export const reshape = (operand: Expr, shape: Shape): Expr =>
  mistakeIn('reshape', [operand], [shape]) ??
  (sameShape(operand.shape, shape) ? operand : make({ op: 'reshape', operand, shape }));

/** Elements `start ≤ i < stop` along `axis`. */
export const slice = (operand: Expr, axis: number, start: number, stop: number): Expr =>
  mistakeIn('slice', [operand], [[axis, start, stop]]) ??
  (start === 0 && stop === operand.shape[axis] ? operand : make({ op: 'slice', operand, axis, start, stop }));

/** Zeros before and after along `axis`. */
export const pad = (operand: Expr, axis: number, before: number, after: number): Expr =>
  mistakeIn('pad', [operand], [[axis, before, after]]) ??
  (before === 0 && after === 0 ? operand : make({ op: 'pad', operand, axis, before, after }));

/** Operands one after the other along `axis`. */
export const concat = (operands: readonly Expr[], axis: number): Expr => {
  if (!Array.isArray(operands)) return strange('concat', 'a list of expressions', operands);
  const bad = mistakeIn('concat', operands, [[axis]]);
  if (bad !== undefined) return bad;
  const [first] = operands;
  if (first === undefined) return invalid(shapeError('concat', 'at least one operand'));
  return operands.length === 1 ? first : make({ op: 'concat', operands, axis });
};

/** The fields of windows as lists, which `mistakeIn` looks at. */
const fieldsOf = (windows: readonly WindowAxis[]): readonly unknown[] =>
  Array.isArray(windows)
    ? windows.map((window: Partial<WindowAxis>) => [window?.axis, window?.size, window?.stride, window?.dilation])
    : [windows];

/** Sliding windows along some axes; see the `window` node. */
export const windowed = (operand: Expr, windows: readonly WindowAxis[]): Expr =>
  mistakeIn('window', [operand], fieldsOf(windows)) ?? make({ op: 'window', operand, windows });

/** The adjoint of `windowed`, back to `shape`. */
export const windowAdjoint = (operand: Expr, windows: readonly WindowAxis[], shape: Shape): Expr =>
  mistakeIn('windowAdjoint', [operand], [shape, ...fieldsOf(windows)]) ??
  make({ op: 'windowAdjoint', operand, windows, shape });

/** The operand, with derivative zero. */
export const stopGradient = (operand: Expr): Expr => make({ op: 'stopGradient', operand });

/** Zeros of a shape. */
export const zeros = (shape: Shape): Expr => broadcastTo(literal(0), shape, []);
