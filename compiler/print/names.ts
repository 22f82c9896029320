/**
 * Names of the values of a forward pass, from the parameters that they use: with the weights `W1`, a contraction with
 * W1 plus its bias is z₁, the activation of z₁ is a₁, what a pool makes of that is pool₁. Pure, and independent of the
 * order in which the expressions were made.
 */
import { postorder } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { operandsOf } from '../../dsl/structure.js';
import { type Name, nameOf, showName } from './name.js';

/** Names by expression. */
export type Names = ReadonlyMap<Expr, Name>;

const viewOps: ReadonlySet<string> = new Set([
  'broadcast',
  'transpose',
  'reshape',
  'slice',
  'pad',
  'window',
  'stopGradient',
]);

/** The operand that a view shows; `undefined` for anything else. */
export const viewed = ({ node }: Expr): Expr | undefined => (viewOps.has(node.op) ? operandsOf(node)[0] : undefined);

/** An input, a parameter or a loop's variable, or a view of one. */
export const showsLeaf = (expr: Expr): boolean => {
  const { op } = expr.node;
  const inner = viewed(expr);
  return inner === undefined ? op === 'input' || op === 'parameter' || op === 'variable' : showsLeaf(inner);
};

/** Numbers, sizes and what is made of nothing else: they never deserve a name. */
export const isConstant = (expr: Expr): boolean => {
  const inner = viewed(expr);
  if (inner !== undefined) return isConstant(inner);
  if (expr.node.op === 'map') return expr.node.operands.every(isConstant);
  return expr.node.op === 'literal' || expr.node.op === 'size' || expr.node.op === 'iota';
};

/** What a value of the forward pass is: the result of an affine map, of an activation on it, or of a pool. */
interface Role {
  readonly base: 'z' | 'a' | 'pool';
  readonly index: string;
}

/** The name of the parameter that an expression shows through views. */
const parameterBelow = (expr: Expr, given: Names): Name | undefined => {
  const { node } = expr;
  const name = given.get(expr);
  if (name !== undefined) return name;
  if (node.op === 'parameter') return nameOf(node.name);
  const inner = viewed(expr);
  return inner === undefined ? undefined : parameterBelow(inner, given);
};

const layerOf = ({ index, base }: Name): string => (index === '' ? base : index);

/** Gives the second and later of equal names a letter. */
export const distinctNames = (names: Names): Names => {
  const taken = new Set<string>();
  const distinct = (name: Name, attempt = 0): Name => {
    const suffix = attempt === 0 ? '' : String.fromCodePoint(0x61 + attempt);
    const candidate = { ...name, index: `${name.index}${suffix}` };
    const text = showName(candidate, 'text');
    if (taken.has(text)) return distinct(name, attempt + 1);
    taken.add(text);
    return candidate;
  };
  return new Map([...names].map(([expr, name]) => [expr, distinct(name)]));
};

/**
 * Names the values of a forward pass below `roots`. `given` names leaves, or expressions that stand for leaves
 * (views of θ); nothing below them is looked at.
 */
export const forwardNames = (roots: readonly Expr[], given: Names): Names => {
  const order = postorder(roots, (expr) => given.has(expr));
  const roles = new Map<Expr, Role>();
  const roleOf = (expr: Expr): Role | undefined => {
    const inner = viewed(expr);
    return roles.get(expr) ?? (inner === undefined || given.has(expr) ? undefined : roleOf(inner));
  };
  const isParameter = (expr: Expr): boolean => parameterBelow(expr, given) !== undefined;
  const affine = (expr: Expr): Role | undefined => {
    const operands = operandsOf(expr.node);
    const weights = operands.flatMap((operand) => parameterBelow(operand, given) ?? [])[0];
    if (weights === undefined || operands.every(isParameter)) return undefined;
    if (expr.node.op === 'contract') return { base: 'z', index: layerOf(weights) };
    const role = operands.flatMap((operand) => roleOf(operand) ?? [])[0];
    const bias = expr.node.op === 'map' && expr.node.fn === 'add' && role?.base === 'z';
    return bias ? role : undefined;
  };
  const pointwise = (expr: Expr): Role | undefined => {
    if (expr.node.op !== 'map') return undefined;
    const found = expr.node.operands.flatMap((operand) => roleOf(operand) ?? []);
    const [first] = found;
    const fixed = expr.node.operands.filter((operand) => roleOf(operand) === undefined);
    const alone =
      found.every(({ index }) => index === first?.index) && fixed.every((e) => isConstant(e) || isParameter(e));
    if (first === undefined || !alone) return undefined;
    return found.some(({ base }) => base === 'pool') ? { ...first, base: 'pool' } : { ...first, base: 'a' };
  };
  const pool = ({ node }: Expr): Role | undefined => {
    const role = node.op === 'reduce' ? roleOf(node.operand) : undefined;
    return role && { base: 'pool', index: role.index };
  };
  const last = new Map<string, readonly [Expr, Name]>();
  for (const expr of order) {
    if (given.has(expr)) continue;
    const role = affine(expr) ?? pointwise(expr) ?? pool(expr);
    if (role === undefined) continue;
    roles.set(expr, role);
    last.set(`${role.base} ${role.index}`, [expr, { ...role, accent: 'none' }]);
  }
  return new Map(last.values());
};
