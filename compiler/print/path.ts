/** Where in a user's expression something is: the names on the way from the outside to it. */
import { postorder } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { operandsOf } from '../../dsl/structure.js';
import { nameOf, showName } from './name.js';
import { forwardNames, type Names } from './names.js';

/** For every expression below a root, one that uses it, on the way to that root. */
const parentsBelow = (root: Expr): ReadonlyMap<Expr, Expr> => {
  const parents = new Map<Expr, Expr>();
  for (const expr of postorder([root]).toReversed())
    for (const operand of operandsOf(expr.node)) if (!parents.has(operand)) parents.set(operand, expr);
  return parents;
};

const leafName = ({ node }: Expr): string | undefined =>
  node.op === 'input' || node.op === 'parameter' || node.op === 'variable'
    ? showName(nameOf(node.name), 'text')
    : undefined;

/**
 * The path to an expression below one of some named outputs: the output's name, the values by layer (`a2`, `z2`) that it
 * is inside of, and its own name, outermost first. Empty if it is below none of them. `given` names what stands for
 * leaves, such as views of θ.
 */
export const pathTo = (
  outputs: Readonly<Record<string, Expr>>,
  target: Expr,
  given: Names = new Map(),
): readonly string[] => {
  for (const [output, root] of Object.entries(outputs)) {
    const parents = parentsBelow(root);
    if (target !== root && !parents.has(target)) continue;
    const names = forwardNames([root], given);
    const way: Expr[] = [];
    for (let at: Expr | undefined = target; at !== undefined; at = parents.get(at)) way.unshift(at);
    const named = way.flatMap((expr) => {
      const name = names.get(expr);
      return name === undefined ? (leafName(expr) ?? []) : showName(name, 'text');
    });
    return [output, ...named.filter((name, i) => name !== (i === 0 ? output : named[i - 1]))];
  }
  return [];
};
