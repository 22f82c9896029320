/**
 * Loops apart: a variable is bound by one loop only. A transformation that rebuilds a loop over another body (its
 * derivative, a binding of parameters at two points) leaves it the variables that it had, and so does `evaluate`, which
 * gives each loop a scope of its own. Everything after this asks of a variable in which loop it lives.
 */
import { freshVariable, make, rewrite, substitute } from '../dsl/expr.js';
import { internal, only } from '../dsl/internal.js';
import type { Expr, NodeOf } from '../dsl/node.js';
import { dependents } from './differentiate/dependents.js';

const fresh = (variable: Expr): Expr =>
  variable.node.op === 'variable'
    ? freshVariable(variable.node.name, variable.shape)
    : internal('separateLoops', `a loop binds ${String(variable)}`);

/** The variables of a loop, and of every loop inside it that is another one once they are renamed. */
const boundWith = ({ variables, next, proceed }: NodeOf<'iterate'>): ReadonlySet<Expr> => {
  const bound = new Set(variables);
  for (let size = 0; size < bound.size; ) {
    size = bound.size;
    for (const { node } of dependents([...next, proceed], bound))
      if (node.op === 'iterate') for (const variable of node.variables) bound.add(variable);
  }
  return bound;
};

/** The same loop over new variables. What it starts from is outside of it and stays. */
const renamed = (node: NodeOf<'iterate'>): Expr => {
  const names = new Map([...boundWith(node)].map((variable) => [variable, fresh(variable)] as const));
  const inside = (exprs: readonly Expr[]): readonly Expr[] => substitute(exprs, names);
  return make({
    ...node,
    variables: inside(node.variables),
    next: inside(node.next),
    proceed: only(inside([node.proceed]), 'separateLoops'),
  });
};

/** Expressions of the same values in which no two loops share a variable; where none did, they keep their identity. */
export const separateLoops = (roots: readonly Expr[]): readonly Expr[] => {
  const taken = new Set<Expr>();
  return rewrite(roots, (expr) => {
    const { node } = expr;
    if (node.op !== 'iterate') return expr;
    if (node.variables.some((variable) => taken.has(variable))) return renamed(node);
    for (const variable of node.variables) taken.add(variable);
    return expr;
  });
};
