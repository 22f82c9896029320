/**
 * Simplification: algebraic identities, constant folding and sharing, bottom-up and to a fixed point. Every rule keeps
 * the value for finite operands, and none makes a number of what is not finite; none moves a computation across a
 * rounding that log-sum-exp style stability needs. The sign of a zero is not kept.
 */
import { rewrite } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { dataGradientAsConvolution, hoistReshape } from './convolution.js';
import { simplifyContract, simplifyReduce } from './folds.js';
import {
  simplifyBroadcast,
  simplifyConcat,
  simplifyPad,
  simplifyReshape,
  simplifySlice,
  simplifyTranspose,
  simplifyWindow,
  simplifyWindowAdjoint,
} from './movement.js';
import { simplifyMap } from './pointwise.js';

/** One simplification of one expression over simplified operands, or `undefined`. */
const simplifyOnce = (expr: Expr): Expr | undefined => {
  const { node } = expr;
  switch (node.op) {
    case 'map':
      return simplifyMap(node, expr) ?? hoistReshape(node, expr);
    case 'contract':
      return simplifyContract(node, expr);
    case 'reduce':
      return simplifyReduce(node, expr);
    case 'broadcast':
      return simplifyBroadcast(node, expr);
    case 'transpose':
      return simplifyTranspose(node, expr);
    case 'reshape':
      return simplifyReshape(node, expr);
    case 'slice':
      return simplifySlice(node, expr);
    case 'pad':
      return simplifyPad(node, expr);
    case 'concat':
      return simplifyConcat(node, expr);
    case 'window':
      return simplifyWindow(node, expr);
    case 'windowAdjoint':
      return simplifyWindowAdjoint(node, expr) ?? dataGradientAsConvolution(node);
    default:
      return undefined;
  }
};

/** Simplifies expressions together; one that cannot be simplified keeps its identity. */
export const simplify = (roots: readonly Expr[]): readonly Expr[] => {
  let current = roots;
  for (;;) {
    const next = rewrite(current, (expr) => simplifyOnce(expr) ?? expr);
    if (next.every((expr, i) => expr === current[i])) return current;
    current = next;
  }
};
