/**
 * Reverse mode, by transposition: an expression that is linear in some variables is turned into the expression of its
 * adjoint. A primitive needs a rule where it is linear in an operand; a non-linear use is an error that names it.
 */
import * as E from 'fp-ts/lib/Either.js';
import { unsupportedError } from '../../dsl/error.js';
import { invalid, postorder } from '../../dsl/expr.js';
import { at, internal, zip } from '../../dsl/internal.js';
import { misfit } from '../../dsl/misfit.js';
import type { Expr, NodeOf, Op } from '../../dsl/node.js';
import {
  broadcastTo,
  contract,
  map,
  pad,
  transpose as permute,
  reduce,
  reshape,
  slice,
  windowAdjoint,
  windowed,
  zeros,
} from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import { sameShape } from '../../dsl/shape.js';
import { operandsOf } from '../../dsl/structure.js';
import { type Each, each } from '../../dsl/tuple.js';
import { dependents } from './dependents.js';

/** Contributions to the cotangents of the operands, in order; `undefined` where there is none. */
type Contributions = readonly (Expr | undefined)[];

/**
 * Given the node, the cotangent of its value, and which operands depend on the variables: the contributions, or
 * `undefined` if the node is not linear in those operands.
 */
type TransposeRule<O extends Op> = (
  node: NodeOf<O>,
  cotangent: Expr,
  depends: readonly boolean[],
  rules: ReverseRules,
) => Contributions | undefined;

const nonlinear = (): undefined => undefined;
const leaf = (): Contributions => [];

type ScalarTranspose = (
  operands: readonly Expr[],
  cotangent: Expr,
  depends: readonly boolean[],
) => Contributions | undefined;

/** A transpose rule for every scalar function that is linear in some operand. */
export type ScalarTransposes = { readonly [F in ScalarFunction]?: ScalarTranspose };

const operand = (operands: readonly Expr[], i: number): Expr => at(operands, i, 'transpose');

/** The scalar functions that are linear in some operand. */
export const scalarTransposes: ScalarTransposes = {
  neg: (_, ct) => [map('neg', ct)],
  add: (_, ct, [left, right]) => [left ? ct : undefined, right ? ct : undefined],
  sub: (_, ct, [left, right]) => [left ? ct : undefined, right ? map('neg', ct) : undefined],
  mul: (operands, ct, [left, right]) =>
    left && right
      ? undefined
      : [
          left ? map('mul', operand(operands, 1), ct) : undefined,
          right ? map('mul', operand(operands, 0), ct) : undefined,
        ],
  div: (operands, ct, [, right]) => (right ? undefined : [map('div', ct, operand(operands, 1)), undefined]),
  select: (operands, ct, [condition, left, right]) => {
    if (condition) return undefined;
    const [c, zero] = [operand(operands, 0), zeros(ct.shape)];
    return [undefined, left ? map('select', c, ct, zero) : undefined, right ? map('select', c, zero, ct) : undefined];
  },
};

const contractRule: TransposeRule<'contract'> = (node, ct, [left, right]) =>
  left && right
    ? undefined
    : [
        left ? contract(ct, node.output, node.right, node.rightLabels, node.leftLabels) : undefined,
        right ? contract(node.left, node.leftLabels, ct, node.output, node.rightLabels) : undefined,
      ];

const inverse = (permutation: readonly number[]): readonly number[] =>
  permutation.map((_, i) => permutation.indexOf(i));

const without = (rank: number, axes: readonly number[]): readonly number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));

/** The size along an axis that is cut or joined, which shape rules let be a number only. */
const extentOf = ({ shape }: Expr, axis: number): number => {
  const extent = at(shape, axis, 'transpose');
  return typeof extent === 'number' ? extent : internal('transpose', `a part of the symbolic dimension ${extent}`);
};

const concatRule: TransposeRule<'concat'> = ({ operands, axis }, ct, depends) => {
  let start = 0;
  return operands.map((piece, i) => {
    const from = start;
    start += extentOf(piece, axis);
    return depends[i] ? slice(ct, axis, from, start) : undefined;
  });
};

/** A transpose rule for every primitive. */
export type TransposeRules = { readonly [O in Op]: TransposeRule<O> };

/** The rules of reverse mode. */
export interface ReverseRules {
  readonly scalar: ScalarTransposes;
  readonly primitive: TransposeRules;
  /** The cotangent of what is used more than once, from what its uses give. */
  readonly accumulate: (sum: Expr, contribution: Expr) => Expr;
}

/** The transpose rule of every primitive; that of `map` is its function's. */
export const transposeRules: TransposeRules = {
  literal: leaf,
  size: leaf,
  iota: leaf,
  input: leaf,
  parameter: leaf,
  variable: leaf,
  invalid: leaf,
  map: (node, ct, depends, { scalar }) => scalar[node.fn]?.(node.operands, ct, depends),
  contract: contractRule,
  // (Σ)ᵀ repeats
  reduce: ({ kind, operand, axes }, ct) =>
    kind === 'sum' ? [broadcastTo(ct, operand.shape, without(operand.shape.length, axes))] : undefined,
  // repetitionᵀ sums
  broadcast: ({ shape, axes }, ct) => [reduce('sum', ct, without(shape.length, axes))],
  transpose: ({ permutation }, ct) => [permute(ct, inverse(permutation))],
  reshape: ({ operand }, ct) => [reshape(ct, operand.shape)],
  slice: ({ operand, axis, start, stop }, ct) => [pad(ct, axis, start, extentOf(operand, axis) - stop)],
  pad: ({ operand, axis, before }, ct) => [slice(ct, axis, before, before + extentOf(operand, axis))],
  concat: concatRule,
  window: ({ operand, windows }, ct) => [windowAdjoint(ct, windows, operand.shape)],
  windowAdjoint: ({ windows }, ct) => [windowed(ct, windows)],
  stopGradient: () => [undefined],
  iterate: nonlinear,
  result: nonlinear,
};

/** The rules of reverse mode. */
export const reverseRules: ReverseRules = {
  scalar: scalarTransposes,
  primitive: transposeRules,
  accumulate: (sum, contribution) => map('add', sum, contribution),
};

// TypeScript cannot follow that the row of `node.op` takes `node` (a correlated union): it is told here.
const ruleOf = (rules: TransposeRules, op: Op): TransposeRule<Op> => rules[op] as unknown as TransposeRule<Op>;

const mistakeIn = (outputs: readonly Expr[], cotangents: readonly Expr[]): Expr | undefined => {
  const bad = [...outputs, ...cotangents].find(({ node }) => node.op === 'invalid');
  if (bad !== undefined) return bad;
  const expected = 'a cotangent of the shape of the output';
  if (outputs.length !== cotangents.length) return invalid(misfit('transpose', expected, ...outputs, ...cotangents));
  const unfit = zip(outputs, cotangents, 'transpose').find(([y, cotangent]) => !sameShape(y.shape, cotangent.shape));
  return unfit && invalid(misfit('transpose', expected, ...unfit));
};

/**
 * Cotangents of everything below the outputs that depends on `variables`, by expression; what gets none is absent. A
 * variable passes its cotangent on to those that it depends on, as it passes on their perturbations.
 * Left: an `invalid` expression, as for `transpose`.
 */
export const cotangentsOf = (
  outputs: readonly Expr[],
  cotangents: readonly Expr[],
  variables: readonly Expr[],
  rules: ReverseRules = reverseRules,
): E.Either<Expr, ReadonlyMap<Expr, Expr>> => {
  const mistake = mistakeIn(outputs, cotangents);
  if (mistake !== undefined) return E.left(mistake);
  const depends = dependents(outputs, new Set(variables));
  const sums = new Map<Expr, Expr>();
  const contribute = (expr: Expr, cotangent: Expr): void => {
    const sum = sums.get(expr);
    if (depends.has(expr)) sums.set(expr, sum === undefined ? cotangent : rules.accumulate(sum, cotangent));
  };
  for (const [output, cotangent] of zip(outputs, cotangents, 'transpose')) contribute(output, cotangent);
  for (const expr of postorder(outputs, (e) => !depends.has(e)).toReversed()) {
    const cotangent = sums.get(expr);
    const operands = operandsOf(expr.node);
    const through = operands.map((operand) => depends.has(operand));
    if (cotangent === undefined || !through.includes(true)) continue;
    const contributions = ruleOf(rules.primitive, expr.node.op)(expr.node, cotangent, through, rules);
    if (contributions === undefined) {
      const operation = expr.node.op === 'map' ? expr.node.fn : expr.node.op;
      return E.left(invalid(unsupportedError('transpose', 'a linear map', `the non-linear operation ${operation}`)));
    }
    for (const [contribution, operand] of zip(contributions, operands, `transpose of ${expr.node.op}`))
      if (contribution !== undefined) contribute(operand, contribution);
  }
  return E.right(sums);
};

/** Adjoints of linear maps by given rules; see `Derivations`. */
export const transposeBy =
  (rules: ReverseRules) =>
  <const X extends readonly Expr[]>(
    outputs: readonly Expr[],
    cotangents: readonly Expr[],
    variables: X,
  ): Each<X, Expr> => {
    const table = cotangentsOf(outputs, cotangents, variables, rules);
    return each(variables, (variable) =>
      E.isLeft(table) ? table.left : (table.right.get(variable) ?? zeros(variable.shape)),
    );
  };
