/** Rewrites that leave lowering fewer primitives: what has done its duty or is a combination of others goes. */
import { rewrite } from '../dsl/expr.js';
import type { Expr } from '../dsl/node.js';
import { map, pad } from '../dsl/primitives.js';

/** After differentiation `stopGradient` is the identity. */
export const dropStopGradient = (roots: readonly Expr[]): readonly Expr[] =>
  rewrite(roots, (expr) => (expr.node.op === 'stopGradient' ? expr.node.operand : expr));

// [a, b] = pad(a) + pad(b), along an inner axis; along the outermost it is one array after the other in memory
const concatAsPads = (operands: readonly Expr[], axis: number): Expr | undefined => {
  const extents = operands.map(({ shape }) => shape[axis]).map((extent) => (typeof extent === 'number' ? extent : 0));
  const total = extents.reduce((a, b) => a + b, 0);
  const before = extents.map((_, i) => extents.slice(0, i).reduce((a, b) => a + b, 0));
  return operands
    .map((operand, i) => pad(operand, axis, before[i] ?? 0, total - (before[i] ?? 0) - (extents[i] ?? 0)))
    .reduce<Expr | undefined>((sum, padded) => (sum === undefined ? padded : map('add', sum, padded)), undefined);
};

/** Concatenation along an inner axis becomes a sum of pads. */
export const innerConcatAsPads = (roots: readonly Expr[]): readonly Expr[] =>
  rewrite(roots, (expr) =>
    expr.node.op === 'concat' && expr.node.axis > 0 ? (concatAsPads(expr.node.operands, expr.node.axis) ?? expr) : expr,
  );
