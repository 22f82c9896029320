/**
 * Forward mode: the Jacobian-vector product of every primitive, and of whole expressions.
 *
 * `jvp` maps an expression `y(x)` and tangents ẋ of chosen subexpressions to the expression of `ẏ = (∂y/∂x) ẋ`.
 * The result is linear in the tangents. Zero tangents are absent, they never become nodes.
 */

import { freshVariable, invalid, make, postorder } from '../../dsl/expr.js';
import { at, zip } from '../../dsl/internal.js';
import { misfit } from '../../dsl/misfit.js';
import type { Expr, NodeOf, Op } from '../../dsl/node.js';
import {
  broadcastTo,
  concat,
  contract,
  iota,
  map,
  pad,
  reduce,
  reshape,
  size,
  slice,
  transpose,
  windowAdjoint,
  windowed,
  zeros,
} from '../../dsl/primitives.js';
import type { Shape } from '../../dsl/shape.js';
import { sameShape } from '../../dsl/shape.js';
import { operandsOf } from '../../dsl/structure.js';
import { type Each, each } from '../../dsl/tuple.js';
import { dependents } from './dependents.js';
import { addTangents, type Tangent, type TangentRules, tangentRules } from './tangents.js';

/** Tangents by expression. */
export type Tangents = ReadonlyMap<Expr, Tangent>;

/** What a rule may know of the walk that it is applied in. */
export interface Walk {
  /** What each expression met so far changes by, altogether. */
  readonly tangents: Tangents;
  /** What the chosen expressions change by of their own. */
  readonly seeds: ReadonlyMap<Expr, Expr>;
  readonly rules: ForwardRules;
}

type JvpRule<O extends Op> = (node: NodeOf<O>, y: Expr, walk: Walk) => Tangent;

/** A JVP rule for every primitive. */
export type JvpRules = { readonly [O in Op]: JvpRule<O> };

/** The rules of forward mode. */
export interface ForwardRules {
  readonly scalar: TangentRules;
  readonly primitive: JvpRules;
}

const none = (): Tangent => undefined;

// A linear primitive is its own derivative.
const linear =
  <O extends Op>(operand: (node: NodeOf<O>) => Expr, apply: (node: NodeOf<O>, tangent: Expr) => Expr): JvpRule<O> =>
  (node, _, { tangents }) => {
    const tangent = tangents.get(operand(node));
    return tangent === undefined ? undefined : apply(node, tangent);
  };

/**
 * 1 where an element of `operand` is the first of the largest along `axes`, else 0: the derivative of the maximum.
 */
const winners = (operand: Expr, axes: readonly number[]): Expr => {
  const { shape } = operand;
  const extent = (axis: number) => at(shape, axis, 'winners');
  const kept = shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  // position of an element within the reduced axes, row-major: Σ_k iota_k · Π_{l > k} size_l
  const position = axes.reduce<Expr | undefined>((sum, axis, k) => {
    const stride = axes
      .slice(k + 1)
      .reduce<Expr>((product, later) => map('mul', product, size(extent(later))), size(1));
    const index = broadcastTo(map('mul', iota(extent(axis)), stride), shape, [axis]);
    return sum === undefined ? index : map('add', sum, index);
  }, undefined);
  const winner = broadcastTo(reduce('argmax', operand, axes), shape, kept);
  // the only element of a fold over no axes is at position 0
  return map('equal', winner, position ?? zeros(shape));
};

// d max x = Σ winner ⊙ dx
const reduceRule: JvpRule<'reduce'> = ({ kind, operand, axes }, _, { tangents }) => {
  const tangent = tangents.get(operand);
  if (tangent === undefined || kind === 'argmax') return undefined;
  return reduce('sum', kind === 'sum' ? tangent : map('mul', winners(operand, axes), tangent), axes);
};

// d(l · r) = dl · r + l · dr
const contractRule: JvpRule<'contract'> = (node, _, { tangents }) => {
  const [left, right] = [tangents.get(node.left), tangents.get(node.right)];
  const product = (l: Expr, r: Expr) => contract(l, node.leftLabels, r, node.rightLabels, node.output);
  return addTangents(left && product(left, node.right), right && product(node.left, right));
};

const zeroIfAbsent = (tangent: Tangent, shape: Shape): Expr => tangent ?? zeros(shape);

// The tangent of a loop is the loop over (variables, tangents of the variables).
const iterateRule = (node: NodeOf<'iterate'>, { tangents, seeds, rules }: Walk): Expr | undefined => {
  const dots = node.variables.map((v) => freshVariable('tangent', v.shape));
  // tangents of what the body takes from outside stay; all that depends on the variables has new ones
  const inside = dependents(node.next, new Set(node.variables));
  const outside = new Map([...tangents].filter(([expr]) => !inside.has(expr)));
  const own = new Map([...[...seeds].filter(([x]) => inside.has(x)), ...zip(node.variables, dots, 'jvp of iterate')]);
  const next = tangentsOf(node.next, own, rules, outside);
  return make({
    op: 'iterate',
    variables: [...node.variables, ...dots],
    initial: [...node.initial, ...node.initial.map((e) => zeroIfAbsent(tangents.get(e), e.shape))],
    next: [...node.next, ...node.next.map((e) => zeroIfAbsent(next.get(e), e.shape))],
    proceed: node.proceed,
  });
};

/** The JVP rule of every primitive. */
export const jvpRules: JvpRules = {
  literal: none,
  size: none,
  iota: none,
  input: none,
  parameter: none,
  variable: none,
  map: (node, y, { tangents, rules }) =>
    rules.scalar[node.fn](
      node.operands,
      y,
      node.operands.map((operand) => tangents.get(operand)),
    ),
  contract: contractRule,
  reduce: reduceRule,
  broadcast: linear(
    ({ operand }) => operand,
    ({ shape, axes }, t) => broadcastTo(t, shape, axes),
  ),
  transpose: linear(
    ({ operand }) => operand,
    ({ permutation }, t) => transpose(t, permutation),
  ),
  reshape: linear(
    ({ operand }) => operand,
    ({ shape }, t) => reshape(t, shape),
  ),
  slice: linear(
    ({ operand }) => operand,
    ({ axis, start, stop }, t) => slice(t, axis, start, stop),
  ),
  pad: linear(
    ({ operand }) => operand,
    ({ axis, before, after }, t) => pad(t, axis, before, after),
  ),
  concat: ({ operands, axis }, _, { tangents }) =>
    operands.every((operand) => tangents.get(operand) === undefined)
      ? undefined
      : concat(
          operands.map((operand) => zeroIfAbsent(tangents.get(operand), operand.shape)),
          axis,
        ),
  window: linear(
    ({ operand }) => operand,
    ({ windows }, t) => windowed(t, windows),
  ),
  windowAdjoint: linear(
    ({ operand }) => operand,
    ({ windows, shape }, t) => windowAdjoint(t, windows, shape),
  ),
  stopGradient: none,
  // the tangent of the loop itself is kept under the loop's node, for its `result`s to read
  iterate: (node, _, walk) =>
    operandsOf(node).some((operand) => walk.tangents.get(operand) !== undefined) ? iterateRule(node, walk) : undefined,
  result: ({ iterate, index }, _, { tangents }) => {
    const loop = tangents.get(iterate);
    return loop !== undefined && iterate.node.op === 'iterate'
      ? make({ op: 'result', iterate: loop, index: iterate.node.variables.length + index })
      : undefined;
  },
  invalid: none,
};

/** The rules of forward mode. */
export const forwardRules: ForwardRules = { scalar: tangentRules, primitive: jvpRules };

// TypeScript cannot follow that the row of `node.op` takes `node` (a correlated union): it is told here.
const ruleOf = (rules: JvpRules, op: Op): JvpRule<Op> => rules[op] as unknown as JvpRule<Op>;

/**
 * The tangents of everything below the roots. Each of `seeds` is a perturbation of its own: what it says is added to
 * what the expression changes by because of the others, so that with h = h(w), `{ w: ẇ, h: ḣ }` gives h the tangent
 * ḣ + (∂h/∂w) ẇ. Nothing is looked for below what is `known`.
 */
export const tangentsOf = (
  roots: readonly Expr[],
  seeds: ReadonlyMap<Expr, Expr>,
  rules: ForwardRules = forwardRules,
  known: Tangents = new Map(),
): Tangents => {
  const tangents = new Map(known);
  const walk: Walk = { tangents, seeds, rules };
  for (const expr of postorder(roots, (e) => known.has(e)))
    if (!known.has(expr))
      tangents.set(expr, addTangents(seeds.get(expr), ruleOf(rules.primitive, expr.node.op)(expr.node, expr, walk)));
  return tangents;
};

/** Jacobian-vector products of outputs by given rules; see `Derivations`. */
export const jvpAllBy =
  (rules: ForwardRules) =>
  <const Y extends readonly Expr[]>(outputs: Y, seeds: ReadonlyMap<Expr, Expr>): Each<Y, Expr> => {
    const unfit = [...seeds].find(([x, tangent]) => !sameShape(x.shape, tangent.shape));
    const error = unfit && invalid(misfit('jvp', 'a tangent of the shape of its expression', ...unfit));
    const tangents = error === undefined ? tangentsOf(outputs, seeds, rules) : new Map<Expr, Tangent>();
    return each(outputs, (y) => error ?? (y.node.op === 'invalid' ? y : zeroIfAbsent(tangents.get(y), y.shape)));
  };
