/**
 * Loops apart: a variable is bound by one loop only. A transformation that rebuilds a loop over another body (its
 * derivative, a binding of parameters at two points) leaves it the variables that it had, and so does `evaluate`, which
 * gives each loop a scope of its own. Everything after this asks of a variable in which loop it lives.
 */
import { freshVariable, make, postorder, rewrite, substitute } from '../dsl/expr.js';
import { internal } from '../dsl/internal.js';
import type { Expr, NodeOf } from '../dsl/node.js';

const fresh = (variable: Expr): Expr =>
  variable.node.op === 'variable'
    ? freshVariable(variable.node.name, variable.shape)
    : internal('separateLoops', `a loop binds ${String(variable)}`);

/**
 * Replaces variables where they are free. In a loop that binds one of them itself it is another one; a loop in which
 * something is replaced is another loop, and gets variables of its own.
 */
const substituteFree = (exprs: readonly Expr[], names: ReadonlyMap<Expr, Expr>): readonly Expr[] => {
  const table = new Map(names);
  for (const loop of postorder(exprs)) {
    const { node } = loop;
    if (node.op !== 'iterate') continue;
    const body = [...node.next, node.proceed];
    const free = new Map([...names].filter(([variable]) => !node.variables.includes(variable)));
    const initial = substitute(node.initial, table);
    const same =
      initial.every((start, i) => start === node.initial[i]) && !postorder(body).some((expr) => free.has(expr));
    table.set(loop, same ? loop : rebound({ ...node, initial }, free));
  }
  return substitute(exprs, table);
};

/** The same loop over new variables, with others replaced in its body. What it starts from is outside of it and stays. */
const rebound = (node: NodeOf<'iterate'>, free: ReadonlyMap<Expr, Expr> = new Map()): Expr => {
  const own = new Map(node.variables.map((variable) => [variable, fresh(variable)] as const));
  const body = substituteFree([node.proceed, ...node.next], new Map([...free, ...own]));
  const [proceed = internal('separateLoops', 'a loop without a condition'), ...next] = body;
  return make({ ...node, variables: [...own.values()], next, proceed });
};

/** Expressions of the same values in which no two loops share a variable; where none did, they keep their identity. */
export const separateLoops = (roots: readonly Expr[]): readonly Expr[] => {
  const taken = new Set<Expr>();
  return rewrite(roots, (expr) => {
    const { node } = expr;
    if (node.op !== 'iterate') return expr;
    if (node.variables.some((variable) => taken.has(variable))) return rebound(node);
    for (const variable of node.variables) taken.add(variable);
    return expr;
  });
};
