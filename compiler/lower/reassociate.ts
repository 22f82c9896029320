/**
 * Products in the order in which their factors become known: `m · (w · ẋ)` becomes `(m · w) · ẋ` where m and w are known
 * in an earlier stage, or outside the loop, and their product can be kept.
 */
import { rewrite } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { map, transpose } from '../../dsl/primitives.js';
import { operandsOf } from '../../dsl/structure.js';
import type { Analysis } from './analysis.js';

const isProduct = ({ node }: Expr): boolean => node.op === 'map' && node.fn === 'mul';

/** Regroups the products below the roots. */
export const groupFactors = (roots: readonly Expr[], analysis: Analysis): readonly Expr[] => {
  // when a value is known: by stage, then by loop depth; for rebuilt expressions, that of their operands
  const ranks = new Map<Expr, readonly [number, number]>();
  const rankOf = (expr: Expr): readonly [number, number] =>
    ranks.get(expr) ?? [analysis.stageOf(expr), analysis.loopDepth(expr)];
  const later = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0] || a[1] - b[1];

  /** The factors of a product, through inner products (and their transposes) that nothing else uses. */
  const factors = (expr: Expr): readonly Expr[] =>
    operandsOf(expr.node).flatMap((operand) => {
      if (isProduct(operand) && single.has(operand)) return factors(operand);
      const { node } = operand;
      if (node.op !== 'transpose' || !isProduct(node.operand) || !single.has(node.operand)) return [operand];
      return factors(node.operand).map((factor) => {
        const moved = transpose(factor, node.permutation);
        ranks.set(moved, rankOf(factor));
        return moved;
      });
    });
  const single = new Set<Expr>();

  return rewrite(roots, (expr, original) => {
    ranks.set(expr, rankOf(original));
    if (!isProduct(expr)) return expr;
    if (analysis.users(original).length === 1) single.add(expr);
    const all = factors(expr);
    if (all.length < 3) return expr;
    const sorted = all.toSorted((a, b) => later(rankOf(a), rankOf(b)));
    const [first, second] = sorted;
    const last = sorted.at(-1);
    const worthwhile =
      first !== undefined && second !== undefined && last !== undefined && later(rankOf(second), rankOf(last)) < 0;
    if (!worthwhile) return expr;
    const product = sorted.slice(1).reduce((left, right) => {
      const both = map('mul', left, right);
      ranks.set(both, rankOf(right));
      return both;
    }, first);
    if (analysis.users(original).length === 1) single.add(product);
    return product;
  });
};
