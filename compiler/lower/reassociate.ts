/**
 * Products in the order in which their factors become known: `m · (w · ẋ)` becomes `(m · w) · ẋ` where m and w are known
 * in an earlier stage, or outside the loop, and their product can be kept.
 */

import { rewrite } from '../../dsl/expr.js';
import { at } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import { map, transpose } from '../../dsl/primitives.js';
import { operandsOf } from '../../dsl/structure.js';
import type { Analysis } from './analysis.js';

const isProduct = ({ node }: Expr): boolean => node.op === 'map' && node.fn === 'mul';

/** When a value is known: by stage, then by loop depth. */
type Rank = readonly [stage: number, loopDepth: number];

// what is only followed, and no root needs, is never computed: any rank will do
const unneeded: Rank = [0, 0];

const rankIn = (analysis: Analysis, expr: Expr): Rank =>
  analysis.has(expr) ? [analysis.stageOf(expr), analysis.loopDepth(expr)] : unneeded;

const later = (a: Rank, b: Rank): number => a[0] - b[0] || a[1] - b[1];

/** Regroups the products below the roots; what becomes of `followed`, by default the roots themselves. */
export const groupFactors = (
  roots: readonly Expr[],
  analysis: Analysis,
  followed: readonly Expr[] = roots,
): readonly Expr[] => {
  const outputs = new Set(roots);
  // for rebuilt expressions, the ranks of what they stand for
  const ranks = new Map<Expr, Rank>();
  const rankOf = (expr: Expr): Rank => ranks.get(expr) ?? rankIn(analysis, expr);

  /** The one place that uses an expression, if there is one. */
  const onlyUser = (expr: Expr): Expr | undefined => {
    const [user, ...others] = analysis.users(expr);
    const once = user !== undefined && operandsOf(user.node).filter((operand) => operand === expr).length === 1;
    return once && others.length === 0 && !outputs.has(expr) ? user : undefined;
  };
  /** Is it a product that is nothing but a factor of another (perhaps transposed)? Then the other regroups it. */
  const isInner = (expr: Expr): boolean => {
    const user = onlyUser(expr);
    const beyond = user?.node.op === 'transpose' ? onlyUser(user) : user;
    return isProduct(expr) && beyond !== undefined && isProduct(beyond);
  };
  const inner = new Set<Expr>();

  /** The factors of a product, from left to right, through inner products and their transposes. */
  const factorsOf = (product: Expr): readonly Expr[] => {
    const found: Expr[] = [];
    const stack: { readonly expr: Expr; readonly move: readonly number[] }[] = [];
    const push = (expr: Expr, move: readonly number[]): void => {
      for (const operand of operandsOf(expr.node).toReversed()) stack.push({ expr: operand, move });
    };
    push(product, [...product.shape.keys()]);
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { expr, move } = top;
      const { node } = expr;
      if (inner.has(expr)) push(expr, move);
      else if (node.op === 'transpose' && inner.has(node.operand))
        push(
          node.operand,
          move.map((axis) => at(node.permutation, axis, 'factors')),
        );
      else {
        const moved = transpose(expr, move);
        ranks.set(moved, rankOf(expr));
        found.push(moved);
      }
    }
    return found;
  };

  return rewrite(followed, (expr, original) => {
    ranks.set(expr, rankOf(original));
    if (isInner(original) && isProduct(expr)) {
      inner.add(expr);
      return expr;
    }
    if (!isProduct(expr)) return expr;
    const sorted = factorsOf(expr).toSorted((a, b) => later(rankOf(a), rankOf(b)));
    const [first, second, ...others] = sorted;
    const last = others.at(-1);
    const worthwhile =
      first !== undefined && second !== undefined && last !== undefined && later(rankOf(second), rankOf(last)) < 0;
    if (!worthwhile) return expr;
    return sorted.slice(1).reduce((left, right) => {
      const both = map('mul', left, right);
      ranks.set(both, rankOf(right));
      return both;
    }, first);
  });
};
