/**
 * Float64 evaluation of expressions, one plain rule per primitive and nothing shared with the rest of the compiler:
 * what derivations, simplification and lowering are checked against.
 */

import * as E from 'fp-ts/lib/Either.js';
import { type DslError, nameError } from '../dsl/error.js';
import { postorder } from '../dsl/expr.js';
import { at, internal, lookup, zip } from '../dsl/internal.js';
import type { Expr, NodeOf, Op, WindowAxis } from '../dsl/node.js';
import { scalarRow } from '../dsl/scalar.js';
import type { Dim, Shape, Sizes } from '../dsl/shape.js';
import { windowStart } from '../dsl/structure.js';

/** Values of inputs and parameters by name, or of any leaf by the leaf itself; row-major. */
export type Environment = ReadonlyMap<Expr | string, ArrayLike<number>>;

interface Context {
  readonly sizes: Sizes;
  readonly environment: Environment;
  readonly value: (expr: Expr) => Float64Array;
}

type EvaluateRule<O extends Op> = (node: NodeOf<O>, self: Expr, context: Context) => ArrayLike<number>;

/** The size of a dimension; NaN for a symbolic one that is not bound. */
export const bindDim = (dim: Dim, sizes: Sizes): number => (typeof dim === 'number' ? dim : (sizes[dim] ?? Number.NaN));

/** A shape with its symbolic dimensions bound. */
export const bindShape = (shape: Shape, sizes: Sizes): readonly number[] => shape.map((dim) => bindDim(dim, sizes));

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** Row-major strides. */
export const stridesOf = (extents: readonly number[]): readonly number[] =>
  extents.map((_, i) => product(extents.slice(i + 1)));

// an element, or a place in an index, that should be there; inline, because these are the innermost loops
const outside = (): never => internal('evaluate', 'an index outside of its array');

/** Every index of an array of the given extents, in row-major order; the index is reused between visits. */
const forEachIndex = (
  extents: readonly number[],
  visit: (index: readonly number[], position: number) => void,
): void => {
  const index = extents.map(() => 0);
  const total = product(extents);
  for (let position = 0; position < total; position++) {
    visit(index, position);
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? outside()) + 1;
      index[axis] = next < (extents[axis] ?? outside()) ? next : 0;
      if (index[axis] !== 0) break;
    }
  }
};

const flat = (index: readonly number[], strides: readonly number[]): number =>
  strides.reduce((sum, stride, axis) => sum + stride * (index[axis] ?? outside()), 0);

/** Pull: each element of the result is the operand's element at `source(index)`, or 0 where that is undefined. */
const gather =
  <O extends Op>(
    operand: (node: NodeOf<O>) => Expr,
    source: (index: readonly number[], node: NodeOf<O>) => readonly number[] | undefined,
  ): EvaluateRule<O> =>
  (node, self, { sizes, value }) => {
    const from = value(operand(node));
    const strides = stridesOf(bindShape(operand(node).shape, sizes));
    const extents = bindShape(self.shape, sizes);
    const out = new Float64Array(product(extents));
    forEachIndex(extents, (index, position) => {
      const source_ = source(index, node);
      out[position] = source_ === undefined ? 0 : (from[flat(source_, strides)] ?? outside());
    });
    return out;
  };

const leaf =
  <O extends 'input' | 'parameter' | 'variable'>(name: (node: NodeOf<O>) => string): EvaluateRule<O> =>
  (node, self, { environment }) =>
    environment.get(self) ?? lookup(environment, name(node), 'evaluate');

const contractRule: EvaluateRule<'contract'> = (node, self, { sizes, value }) => {
  const [left, right] = [value(node.left), value(node.right)];
  const [leftShape, rightShape] = [bindShape(node.left.shape, sizes), bindShape(node.right.shape, sizes)];
  const labels = [...new Set([...node.output, ...node.leftLabels, ...node.rightLabels])];
  const along = (own: readonly number[], extents: readonly number[]) => (label: number) =>
    own.includes(label) ? at(stridesOf(extents), own.indexOf(label), 'contract') : 0;
  const extents = new Map([
    ...zip(node.leftLabels, leftShape, 'contract'),
    ...zip(node.rightLabels, rightShape, 'contract'),
  ]);
  const outShape = bindShape(self.shape, sizes);
  const strides = [
    labels.map(along(node.leftLabels, leftShape)),
    labels.map(along(node.rightLabels, rightShape)),
    labels.map(along(node.output, outShape)),
  ] as const;
  const out = new Float64Array(product(outShape));
  const extentOf = (label: number): number => lookup(extents, label, 'contract');
  forEachIndex(labels.map(extentOf), (index) => {
    const to = flat(index, strides[2]);
    const term = (left[flat(index, strides[0])] ?? outside()) * (right[flat(index, strides[1])] ?? outside());
    out[to] = (out[to] ?? outside()) + term;
  });
  return out;
};

const reduceRule: EvaluateRule<'reduce'> = ({ kind, operand, axes }, self, { sizes, value }) => {
  const from = value(operand);
  const extents = bindShape(operand.shape, sizes);
  const outShape = bindShape(self.shape, sizes);
  const outStrides = stridesOf(outShape);
  const kept = extents.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const within = stridesOf(axes.map((axis) => at(extents, axis, 'reduce')));
  const out = new Float64Array(product(outShape));
  const largest = new Float64Array(out.length).fill(Number.NEGATIVE_INFINITY);
  forEachIndex(extents, (index, position) => {
    const to = flat(
      kept.map((axis) => index[axis] ?? outside()),
      outStrides,
    );
    const [element, best] = [from[position] ?? outside(), largest[to] ?? outside()];
    if (kind === 'sum') out[to] = (out[to] ?? outside()) + element;
    else if (element > best || (Number.isNaN(element) && !Number.isNaN(best))) {
      largest[to] = element;
      out[to] = flat(
        axes.map((axis) => index[axis] ?? outside()),
        within,
      );
    }
  });
  return kind === 'max' ? largest : out;
};

/**
 * The element that an index [positions, taps] of windows over an array of `rank` axes reads: the position itself along
 * an axis without windows.
 */
const windowIndex = (windows: readonly WindowAxis[], rank: number, index: readonly number[]): readonly number[] => {
  const read = index.slice(0, rank);
  for (const [k, window] of windows.entries()) {
    const [position, tap] = [index[window.axis] ?? outside(), index[rank + k] ?? outside()];
    read[window.axis] = window.stride * position + window.dilation * tap + windowStart(window);
  }
  return read;
};

const windowAdjointRule: EvaluateRule<'windowAdjoint'> = ({ operand, windows, shape }, _, { sizes, value }) => {
  const from = value(operand);
  const extents = bindShape(shape, sizes);
  const strides = stridesOf(extents);
  const out = new Float64Array(product(extents));
  forEachIndex(bindShape(operand.shape, sizes), (index, position) => {
    const to = flat(windowIndex(windows, extents.length, index), strides);
    out[to] = (out[to] ?? outside()) + (from[position] ?? outside());
  });
  return out;
};

const concatRule: EvaluateRule<'concat'> = ({ operands, axis }, self, { sizes, value }) => {
  const extents = bindShape(self.shape, sizes);
  const out = new Float64Array(product(extents));
  const strides = stridesOf(extents);
  let start = 0;
  for (const operand of operands) {
    const from = value(operand);
    const shape = bindShape(operand.shape, sizes);
    const base = start * at(strides, axis, 'concat');
    forEachIndex(shape, (index, position) => {
      out[base + flat(index, strides)] = from[position] ?? outside();
    });
    start += at(shape, axis, 'concat');
  }
  return out;
};

const evaluateRules: { readonly [O in Exclude<Op, 'iterate' | 'result' | 'invalid'>]: EvaluateRule<O> } = {
  literal: ({ value }) => [value],
  size: ({ dim }, _, { sizes }) => [bindDim(dim, sizes)],
  iota: ({ dim }, _, { sizes }) => Float64Array.from({ length: bindDim(dim, sizes) }, (__, i) => i),
  input: leaf(({ name }) => name),
  parameter: leaf(({ name }) => name),
  variable: leaf(({ name }) => name),
  map: ({ fn, operands }, self, { sizes, value }) => {
    const { evaluate } = scalarRow(fn);
    const arrays = operands.map(value);
    const length = product(bindShape(self.shape, sizes));
    return Float64Array.from({ length }, (_, i) => evaluate(...arrays.map((array) => array[i] ?? outside())));
  },
  contract: contractRule,
  reduce: reduceRule,
  broadcast: gather(
    ({ operand }) => operand,
    (index, { axes }) => axes.map((axis) => index[axis] ?? outside()),
  ),
  transpose: gather(
    ({ operand }) => operand,
    (index, { permutation }) => permutation.map((_, axis) => index[permutation.indexOf(axis)] ?? outside()),
  ),
  reshape: ({ operand }, _, { value }) => value(operand),
  slice: gather(
    ({ operand }) => operand,
    (index, { axis, start }) => index.map((i, a) => (a === axis ? i + start : i)),
  ),
  pad: gather(
    ({ operand }) => operand,
    (index, { axis, before, operand }) => {
      const [i, extent] = [(index[axis] ?? outside()) - before, operand.shape[axis]];
      return i < 0 || (typeof extent === 'number' && i >= extent)
        ? undefined
        : index.map((n, a) => (a === axis ? i : n));
    },
  ),
  concat: concatRule,
  window: gather(
    ({ operand }) => operand,
    (index, { operand, windows }) => windowIndex(windows, operand.shape.length, index),
  ),
  windowAdjoint: windowAdjointRule,
  stopGradient: ({ operand }, _, { value }) => value(operand),
};

/** The rule of a primitive; TypeScript cannot follow that it takes the node of its own `op` (a correlated union). */
const ruleOf = (op: keyof typeof evaluateRules): EvaluateRule<Op> => evaluateRules[op] as unknown as EvaluateRule<Op>;

const runLoop = (loop: NodeOf<'iterate'>, { sizes, environment, value }: Context): readonly Float64Array[] => {
  let state = loop.initial.map(value);
  for (;;) {
    const inner = new Map(environment);
    for (const [variable, values] of zip(loop.variables, state, 'iterate')) inner.set(variable, values);
    const [proceed, ...next] = evaluateAll([loop.proceed, ...loop.next], inner, sizes);
    if (proceed?.[0] === 0) return state;
    state = next;
  }
};

const evaluateAll = (roots: readonly Expr[], environment: Environment, sizes: Sizes): readonly Float64Array[] => {
  const values = new Map<Expr, Float64Array>();
  const loops = new Map<Expr, readonly Float64Array[]>();
  const value = (expr: Expr): Float64Array => lookup(values, expr, 'evaluate');
  const context: Context = { sizes, environment, value };
  // the body of a loop is evaluated in each round, not here
  const before = (expr: Expr): readonly Expr[] => (expr.node.op === 'iterate' ? expr.node.initial : []);
  const loopRoots = (expr: Expr): boolean => expr.node.op === 'iterate';
  const walk = (targets: readonly Expr[]): void => {
    for (const expr of postorder(targets, (e) => values.has(e) || loopRoots(e))) {
      const { node } = expr;
      if (values.has(expr) || node.op === 'invalid') continue;
      const given = environment.get(expr);
      if (node.op === 'iterate') {
        if (loops.has(expr)) continue;
        walk(before(expr));
        loops.set(expr, runLoop(node, context));
      } else if (node.op === 'result')
        values.set(expr, at(lookup(loops, node.iterate, 'evaluate'), node.index, 'results of a loop'));
      else if (given !== undefined) values.set(expr, Float64Array.from(given));
      else values.set(expr, Float64Array.from(ruleOf(node.op)(node, expr, context)));
    }
  };
  walk(roots);
  return roots.map(value);
};

const checkLeaves = (roots: readonly Expr[], environment: Environment, sizes: Sizes): DslError | undefined => {
  const bound = new Set(postorder(roots).flatMap(({ node }) => (node.op === 'iterate' ? node.variables : [])));
  for (const expr of postorder(roots)) {
    const { node } = expr;
    if (node.op === 'invalid') return node.error;
    if (node.op !== 'input' && node.op !== 'parameter' && node.op !== 'variable') continue;
    if (bound.has(expr)) continue;
    const given = environment.get(expr) ?? environment.get(node.name);
    const length = product(bindShape(expr.shape, sizes));
    if (given === undefined) return nameError('evaluate', `a value for ${node.op} ${node.name}`, 'nothing');
    if (given.length !== length)
      return nameError('evaluate', `${length} elements for ${node.op} ${node.name}`, `${given.length}`);
  }
  return undefined;
};

/**
 * Evaluates expressions in float64. The environment gives every input, parameter and free variable, by name or by
 * expression; `sizes` binds the symbolic dimensions. Left: an invalid expression, or a leaf without a fitting value.
 */
export const evaluate = (
  roots: readonly Expr[],
  environment: Environment,
  sizes: Sizes = {},
): E.Either<DslError, readonly Float64Array[]> => {
  const error = checkLeaves(roots, environment, sizes);
  return error === undefined ? E.right(evaluateAll(roots, environment, sizes)) : E.left(error);
};
