/**
 * What every walk over expressions needs to know of each primitive: its operands, how to rebuild it over others, and
 * its shape rule. One row per primitive; the table is a mapped type over the union, so a missing row does not compile.
 */

import * as E from 'fp-ts/lib/Either.js';
import { type DslError, nameError, shapeError } from './error.js';
import { at, lookup, only, zip } from './internal.js';
import { misfit } from './misfit.js';
import type { Expr, Node, NodeOf, Op, WindowAxis } from './node.js';
import { scalarRow } from './scalar.js';
import { type Dim, type Shape, sameElementCount, sameShape } from './shape.js';

interface StructureRow<O extends Op> {
  readonly operands: (node: NodeOf<O>) => readonly Expr[];
  /** The same node over other operands, as many and in the same order. */
  readonly rebuild: (node: NodeOf<O>, operands: readonly Expr[]) => Node;
  readonly shape: (node: NodeOf<O>) => E.Either<DslError, Shape>;
}

const leaf = <O extends Op>(shape: (node: NodeOf<O>) => Shape): StructureRow<O> => ({
  operands: () => [],
  rebuild: (node) => node,
  shape: (node) => E.right(shape(node)),
});

type OneOperand = NodeOf<
  'reduce' | 'broadcast' | 'transpose' | 'reshape' | 'slice' | 'pad' | 'window' | 'windowAdjoint' | 'stopGradient'
>;

const single = <N extends OneOperand>(shape: (node: N, operand: Shape) => E.Either<DslError, Shape>) => ({
  operands: (node: N): readonly Expr[] => [node.operand],
  rebuild: (node: N, operands: readonly Expr[]): Node => ({ ...node, operand: only(operands, 'rebuild') }),
  shape: (node: N) => shape(node, node.operand.shape),
});

const isAxis = (axis: number, rank: number): boolean => Number.isInteger(axis) && axis >= 0 && axis < rank;

/** The elements that a window reaches over, from its first tap to its last. */
export const windowSpan = ({ size, dilation }: Pick<WindowAxis, 'size' | 'dilation'>): number =>
  Math.abs(dilation) * (size - 1) + 1;

/** The element, relative to the window's first, that tap 0 reads: the last one if the window is read backwards. */
export const windowStart = ({ size, dilation }: Pick<WindowAxis, 'size' | 'dilation'>): number =>
  dilation < 0 ? -dilation * (size - 1) : 0;

/** The number of window positions along an axis of `extent` elements; 0 or less where the window does not fit. */
export const windowPositions = (extent: number, { size, stride, dilation }: Omit<WindowAxis, 'axis'>): number =>
  Math.floor((extent - windowSpan({ size, dilation })) / stride) + 1;

const windowShape = (shape: Shape, windows: readonly WindowAxis[]): E.Either<DslError, Shape> => {
  const positions = shape.slice();
  if (new Set(windows.map(({ axis }) => axis)).size !== windows.length)
    return E.left(shapeError('window', `one window per axis, not axes [${windows.map(({ axis }) => axis)}]`, shape));
  for (const window of windows) {
    const extent = shape[window.axis];
    if (typeof extent !== 'number')
      return E.left(shapeError('window', `a literal size along axis ${window.axis}`, shape));
    if (![window.size, window.stride, Math.abs(window.dilation)].every((n) => Number.isInteger(n) && n >= 1))
      return E.left(shapeError('window', 'size, stride and |dilation| to be whole numbers of at least 1', shape));
    const count = windowPositions(extent, window);
    if (count < 1) {
      return E.left(shapeError('window', `at least ${windowSpan(window)} elements along axis ${window.axis}`, shape));
    }
    positions[window.axis] = count;
  }
  return E.right([...positions, ...windows.map(({ size }) => size)]);
};

const isIncreasing = (axes: readonly number[]): boolean =>
  axes.slice(1).every((axis, i) => axis > at(axes, i, 'isIncreasing'));

const contractShape = (node: NodeOf<'contract'>): E.Either<DslError, Shape> => {
  const dims = new Map<number, Dim>();
  const sides = [
    { labels: node.leftLabels, shape: node.left.shape },
    { labels: node.rightLabels, shape: node.right.shape },
  ];
  const mismatch = (expected: string) => E.left(misfit('contract', expected, node.left, node.right));
  for (const { labels, shape } of sides) {
    if (labels.length !== shape.length || new Set(labels).size !== labels.length)
      return mismatch('one distinct label per axis');
    for (const [label, dim] of zip(labels, shape, 'contractShape')) {
      const known = dims.get(label);
      if (known !== undefined && known !== dim) return mismatch(`equal sizes along the shared axis (${known}, ${dim})`);
      dims.set(label, dim);
    }
  }
  const inBoth = (label: number) => node.leftLabels.includes(label) && node.rightLabels.includes(label);
  if ([...dims.keys()].some((label) => !inBoth(label) && !node.output.includes(label)))
    return mismatch('every axis of one operand alone to be in the output');
  if (node.output.some((label) => !dims.has(label)) || new Set(node.output).size !== node.output.length)
    return mismatch('output labels from the operands, each once');
  return E.right(node.output.map((label) => lookup(dims, label, 'contractShape')));
};

const concatShape = ({ operands, axis }: NodeOf<'concat'>): E.Either<DslError, Shape> => {
  const shapes = operands.map(({ shape }) => shape);
  const first = shapes[0];
  if (first === undefined || !isAxis(axis, first.length))
    return E.left(misfit('concat', `operands with an axis ${axis}`, ...operands));
  const others = (shape: Shape) => shape.filter((_, i) => i !== axis);
  const sizes = shapes.map((shape) => shape[axis]);
  if (!shapes.every((shape) => sameShape(others(shape), others(first))))
    return E.left(misfit('concat', `equal sizes along all axes but ${axis}`, ...operands));
  const total = sizes.reduce<number>((sum, size) => sum + (typeof size === 'number' ? size : Number.NaN), 0);
  return Number.isNaN(total)
    ? E.left(misfit('concat', `literal sizes along axis ${axis}`, ...operands))
    : E.right(first.map((dim, i) => (i === axis ? total : dim)));
};

const mapShape = ({ fn, operands }: NodeOf<'map'>): E.Either<DslError, Shape> => {
  const first = operands[0];
  const shapes = operands.map(({ shape }) => shape);
  if (first === undefined || operands.length !== scalarRow(fn).arity)
    return E.left(misfit(fn, `${scalarRow(fn).arity} operands`, ...operands));
  return shapes.every((shape) => sameShape(shape, first.shape))
    ? E.right(first.shape)
    : E.left(misfit(fn, 'operands of one shape', ...operands));
};

const iterateShape = (node: NodeOf<'iterate'>): E.Either<DslError, Shape> => {
  const { variables, initial, next } = node;
  if (initial.length !== variables.length || next.length !== variables.length)
    return E.left(
      nameError(
        'iterate',
        `a start and a next value of each of ${variables.length} variables`,
        `${initial.length} and ${next.length}`,
      ),
    );
  for (const [i, [variable, [start, after]]] of zip(variables, zip(initial, next, 'iterate'), 'iterate').entries())
    if (!sameShape(variable.shape, start.shape) || !sameShape(variable.shape, after.shape))
      return E.left(shapeError('iterate', `variable ${i} to keep its shape`, variable.shape, start.shape, after.shape));
  return node.proceed.shape.length === 0 ? E.right([]) : E.left(misfit('iterate', 'a scalar condition', node.proceed));
};

/** The structure of every primitive. */
export const structure: { readonly [O in Op]: StructureRow<O> } = {
  literal: leaf(() => []),
  size: leaf(() => []),
  iota: leaf(({ dim }) => [dim]),
  input: leaf(({ shape }) => shape),
  parameter: leaf(({ shape }) => shape),
  variable: leaf(({ shape }) => shape),
  map: {
    operands: ({ operands }) => operands,
    rebuild: (node, operands) => ({ ...node, operands }),
    shape: mapShape,
  },
  contract: {
    operands: ({ left, right }) => [left, right],
    rebuild: (node, operands) => ({ ...node, left: at(operands, 0, 'rebuild'), right: at(operands, 1, 'rebuild') }),
    shape: contractShape,
  },
  reduce: single(({ axes, kind, operand }, shape) =>
    isIncreasing(axes) && axes.every((axis) => isAxis(axis, shape.length))
      ? E.right(shape.filter((_, i) => !axes.includes(i)))
      : E.left(misfit(kind, `increasing axes among ${shape.length}, not [${axes}]`, operand)),
  ),
  broadcast: single(({ axes, shape, operand }, from) =>
    axes.length === from.length && isIncreasing(axes) && axes.every((axis, i) => shape[axis] === from[i])
      ? E.right(shape)
      : E.left(misfit('broadcast', 'a shape that repeats the operand', operand, shape)),
  ),
  transpose: single(({ permutation, operand }, shape) =>
    permutation.length === shape.length && shape.every((_, i) => permutation.includes(i))
      ? E.right(permutation.map((axis) => at(shape, axis, 'transpose')))
      : E.left(misfit('transpose', `a permutation of ${shape.length} axes, not [${permutation}]`, operand)),
  ),
  reshape: single(({ shape, operand }, from) =>
    sameElementCount(shape, from)
      ? E.right(shape)
      : E.left(misfit('reshape', 'the same number of elements', operand, shape)),
  ),
  slice: single(({ axis, start, stop, operand }, shape) => {
    const extent = shape[axis];
    return typeof extent === 'number' && Number.isInteger(start) && start >= 0 && start < stop && stop <= extent
      ? E.right(shape.map((dim, i) => (i === axis ? stop - start : dim)))
      : E.left(misfit('slice', `a range within axis ${axis}, not ${start}…${stop}`, operand));
  }),
  pad: single(({ axis, before, after, operand }, shape) => {
    const extent = shape[axis];
    return typeof extent === 'number' && [before, after].every((n) => Number.isInteger(n) && n >= 0)
      ? E.right(shape.map((dim, i) => (i === axis ? before + extent + after : dim)))
      : E.left(misfit('pad', `a literal size along axis ${axis} and amounts ≥ 0`, operand));
  }),
  concat: {
    operands: ({ operands }) => operands,
    rebuild: (node, operands) => ({ ...node, operands }),
    shape: concatShape,
  },
  window: single(({ windows }, shape) => windowShape(shape, windows)),
  windowAdjoint: single(({ windows, shape }, operand) => {
    const forward = windowShape(shape, windows);
    return E.isRight(forward) && !sameShape(forward.right, operand)
      ? E.left(shapeError('windowAdjoint', `windows of shape [${forward.right.join(', ')}]`, operand))
      : E.map(() => shape)(forward);
  }),
  stopGradient: single((_, shape) => E.right(shape)),
  iterate: {
    operands: ({ variables, initial, next, proceed }) => [...variables, ...initial, ...next, proceed],
    rebuild: (node, operands) => {
      const n = node.variables.length;
      return {
        op: 'iterate',
        variables: operands.slice(0, n),
        initial: operands.slice(n, 2 * n),
        next: operands.slice(2 * n, 3 * n),
        proceed: at(operands, 3 * n, 'rebuild'),
      };
    },
    shape: iterateShape,
  },
  result: {
    operands: ({ iterate }) => [iterate],
    rebuild: (node, operands) => ({ ...node, iterate: only(operands, 'rebuild') }),
    shape: ({ iterate, index }) => {
      const variable = iterate.node.op === 'iterate' ? iterate.node.variables[index] : undefined;
      return variable === undefined
        ? E.left(nameError('result', 'a variable of an iterate', `index ${index} of ${iterate.node.op}`))
        : E.right(variable.shape);
    },
  },
  invalid: { operands: () => [], rebuild: (node) => node, shape: ({ error }) => E.left(error) },
};

/**
 * The row of a node's primitive. TypeScript cannot follow that `structure[node.op]` accepts exactly `node`
 * (a correlated union), so it is told here; every other rule table says so in one place of its own.
 */
const rowOf = (node: Node): StructureRow<Op> => structure[node.op] as unknown as StructureRow<Op>;

/** The operands of a node, in order. */
export const operandsOf = (node: Node): readonly Expr[] => rowOf(node).operands(node);

/** The node over other operands. */
export const rebuild = (node: Node, operands: readonly Expr[]): Node => rowOf(node).rebuild(node, operands);

/** The shape of a node by its primitive's rule, or why it has none. */
export const shapeOf = (node: Node): E.Either<DslError, Shape> => rowOf(node).shape(node);
