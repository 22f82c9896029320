/**
 * What is a number whatever the inputs are: 0 · x is 0 only where x is neither NaN nor infinite, so that a rewrite hides
 * neither. Inputs, parameters and all that a loop carries can be anything.
 */
import { internal } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import type { Dim } from '../../dsl/shape.js';

/** The largest magnitude that an expression can have, or ∞ where it may be infinite or NaN. */
type Bound = number;

/** Far below the largest float32, so that no rounding on the way reaches it. */
const largestFinite = 1e30;

/** No array is longer along one axis. */
const longest = 2 ** 31;

// how many operations deep the analysis looks: constants, counters and masks are near the surface
const depthOfAnalysis = 6;

const extent = (dim: Dim): number => (typeof dim === 'number' ? dim : longest);
const elements = (dims: readonly Dim[]): number => dims.reduce<number>((product, dim) => product * extent(dim), 1);

const ofNumbers = (a: Bound): Bound => (a < Number.POSITIVE_INFINITY ? 1 : a);

const missing = (): never => internal('scalarBounds', 'an operand is missing');

const unary =
  (bound: (a: Bound) => Bound) =>
  (a: Bound = missing()): Bound =>
    bound(a);

const binary =
  (bound: (a: Bound, b: Bound) => Bound) =>
  (a: Bound = missing(), b: Bound = missing()): Bound =>
    bound(a, b);

/** Bounds of the scalar functions by those of their operands; what has none here can be infinite. */
const scalarBounds: { readonly [F in ScalarFunction]?: (...operands: readonly Bound[]) => Bound } = {
  neg: unary((a) => a),
  abs: unary((a) => a),
  exp: unary(Math.exp),
  // of NaN they are NaN
  tanh: unary(ofNumbers),
  sigmoid: unary(ofNumbers),
  softplus: unary((a) => a + 1),
  // truth values, of NaN as well
  isFinite: () => 1,
  less: () => 1,
  equal: () => 1,
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a + b),
  mul: binary((a, b) => a * b),
  max: Math.max,
  min: Math.max,
  select: (_, ...chosen) => Math.max(...chosen),
};

const contractBound = ({ left, right, leftLabels, output }: NodeOf<'contract'>, depth: number): Bound => {
  const summed = left.shape.filter((_, axis) => !output.some((label) => label === leftLabels[axis]));
  return boundOf(left, depth) * boundOf(right, depth) * elements(summed);
};

const boundOf = (expr: Expr, depth: number): Bound => {
  const { node } = expr;
  const within = (operand: Expr): Bound => boundOf(operand, depth - 1);
  if (depth === 0) return Number.POSITIVE_INFINITY;
  switch (node.op) {
    case 'literal':
      return Number.isFinite(node.value) ? Math.abs(node.value) : Number.POSITIVE_INFINITY;
    case 'size':
    case 'iota':
      return extent(node.dim);
    case 'map': {
      const bound = scalarBounds[node.fn];
      return bound === undefined ? Number.POSITIVE_INFINITY : bound(...node.operands.map(within));
    }
    case 'contract':
      return contractBound(node, depth - 1);
    case 'reduce': {
      const count = elements(node.operand.shape.filter((_, axis) => node.axes.includes(axis)));
      return node.kind === 'argmax' ? count : within(node.operand) * (node.kind === 'sum' ? count : 1);
    }
    case 'windowAdjoint':
      return within(node.operand) * elements(node.operand.shape);
    case 'concat':
      return Math.max(...node.operands.map(within));
    case 'broadcast':
    case 'transpose':
    case 'reshape':
    case 'slice':
    case 'pad':
    case 'window':
    case 'stopGradient':
      return within(node.operand);
    default:
      return Number.POSITIVE_INFINITY;
  }
};

/** Is every element a number, neither NaN nor infinite, whatever the inputs are? */
export const isAlwaysFinite = (expr: Expr): boolean => boundOf(expr, depthOfAnalysis) <= largestFinite;
