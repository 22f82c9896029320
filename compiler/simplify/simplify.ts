/**
 * Simplification: algebraic identities, constant folding and sharing, bottom-up and to a fixed point. Every rule keeps
 * the value for finite operands, and none makes a number of what is not finite; none moves a computation across a
 * rounding that log-sum-exp style stability needs. The sign of a zero is not kept.
 */
import { rewrite } from '../../dsl/expr.js';
import type { Expr, NodeOf, Op } from '../../dsl/node.js';
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
import { mapRules, scalarIdentities } from './pointwise.js';

type SimplifyRule<O extends Op> = (node: NodeOf<O>, self: Expr) => Expr | undefined;

/** Rules of each primitive, in the order in which they are tried: a simpler expression, or `undefined`. */
export type SimplifyRules = { readonly [O in Op]?: readonly SimplifyRule<O>[] };

/** The rules of the compiler. */
export const simplifyRules: SimplifyRules = {
  map: [...mapRules(scalarIdentities), hoistReshape],
  contract: [simplifyContract],
  reduce: [simplifyReduce],
  broadcast: [simplifyBroadcast],
  transpose: [simplifyTranspose],
  reshape: [simplifyReshape],
  slice: [simplifySlice],
  pad: [simplifyPad],
  concat: [simplifyConcat],
  window: [simplifyWindow],
  windowAdjoint: [simplifyWindowAdjoint, dataGradientAsConvolution],
};

// TypeScript cannot follow that the row of `node.op` takes `node` (a correlated union): it is told here.
const rulesOf = (rules: SimplifyRules, op: Op): readonly SimplifyRule<Op>[] =>
  (rules[op] ?? []) as unknown as readonly SimplifyRule<Op>[];

/** One simplification of one expression over simplified operands; the expression where no rule applies. */
const simplifyOnce = (rules: SimplifyRules, expr: Expr): Expr => {
  for (const rule of rulesOf(rules, expr.node.op)) {
    const simpler = rule(expr.node, expr);
    if (simpler !== undefined) return simpler;
  }
  return expr;
};

/** Simplification by given rules; see `simplify`. */
export const simplifyBy =
  (rules: SimplifyRules) =>
  (roots: readonly Expr[]): readonly Expr[] => {
    let current = roots;
    for (;;) {
      const next = rewrite(current, (expr) => simplifyOnce(rules, expr));
      if (next.every((expr, i) => expr === current[i])) return current;
      current = next;
    }
  };

/** Simplifies expressions together; one that cannot be simplified keeps its identity. */
export const simplify = simplifyBy(simplifyRules);
