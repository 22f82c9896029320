/** Rewrites that leave lowering fewer primitives: what has done its duty or is a combination of others goes. */

import { rewrite } from '../dsl/expr.js';
import { at, internal, zip } from '../dsl/internal.js';
import type { Expr } from '../dsl/node.js';
import { map, pad } from '../dsl/primitives.js';

/** After differentiation `stopGradient` is the identity. */
export const dropStopGradient = (roots: readonly Expr[]): readonly Expr[] =>
  rewrite(roots, (expr) => (expr.node.op === 'stopGradient' ? expr.node.operand : expr));

// [a, b] = pad(a) + pad(b), along an inner axis; along the outermost it is one array after the other in memory
const concatAsPads = (operands: readonly Expr[], axis: number): Expr => {
  const extents = operands.map(({ shape }) => {
    const extent = at(shape, axis, 'concatAsPads');
    return typeof extent === 'number' ? extent : internal('concatAsPads', `axis ${axis} is ${extent} long`);
  });
  const total = extents.reduce((a, b) => a + b, 0);
  let end = 0;
  return zip(operands, extents, 'concatAsPads')
    .map(([operand, extent]) => {
      const before = end;
      end += extent;
      return pad(operand, axis, before, total - end);
    })
    .reduce((sum, padded) => map('add', sum, padded));
};

/** Concatenation along an inner axis becomes a sum of pads. */
export const innerConcatAsPads = (roots: readonly Expr[]): readonly Expr[] =>
  rewrite(roots, (expr) =>
    expr.node.op === 'concat' && expr.node.axis > 0 ? concatAsPads(expr.node.operands, expr.node.axis) : expr,
  );
