/** Which expressions depend on which. */
import { postorder } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { operandsOf } from '../../dsl/structure.js';

/** Everything below the roots that depends on one of the variables, the variables included. */
export const dependents = (roots: readonly Expr[], variables: ReadonlySet<Expr>): ReadonlySet<Expr> => {
  const found = new Set<Expr>();
  for (const expr of postorder(roots))
    if (variables.has(expr) || operandsOf(expr.node).some((operand) => found.has(operand))) found.add(expr);
  return found;
};
