/** Expressions whose elements are all one known number: literals and their repetitions. */
import type { Expr } from '../../dsl/node.js';
import { broadcastTo, literal } from '../../dsl/primitives.js';
import type { Shape } from '../../dsl/shape.js';

/** The number that every element of the expression is, if that is known. */
export const uniformValue = (expr: Expr): number | undefined => {
  const { node } = expr;
  if (node.op === 'literal') return node.value;
  return node.op === 'broadcast' && node.operand.node.op === 'literal' ? node.operand.node.value : undefined;
};

/** An expression of one number everywhere. */
export const uniform = (value: number, shape: Shape): Expr => broadcastTo(literal(value), shape, []);

/** Is the expression a constant, or data that is in memory already? */
export const isConstantOrLeaf = (expr: Expr): boolean =>
  uniformValue(expr) !== undefined || ['input', 'parameter', 'variable', 'result'].includes(expr.node.op);
