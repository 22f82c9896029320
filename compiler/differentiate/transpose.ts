/**
 * Reverse mode, by transposition: an expression that is linear in some variables is turned into the expression of its
 * adjoint. A primitive needs a rule where it is linear in an operand; a non-linear use is an error that names it.
 */
import * as E from 'fp-ts/lib/Either.js';
import { unsupportedError } from '../../dsl/error.js';
import { invalid, postorder } from '../../dsl/expr.js';
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
) => Contributions | undefined;

const nonlinear = (): undefined => undefined;
const leaf = (): Contributions => [];

type MapTranspose = (
  operands: readonly Expr[],
  cotangent: Expr,
  depends: readonly boolean[],
) => Contributions | undefined;

/** The scalar functions that are linear in some operand. */
const linearFunctions: { readonly [F in ScalarFunction]?: MapTranspose } = {
  neg: (_, ct) => [map('neg', ct)],
  add: (_, ct, [left, right]) => [left ? ct : undefined, right ? ct : undefined],
  sub: (_, ct, [left, right]) => [left ? ct : undefined, right ? map('neg', ct) : undefined],
  mul: ([a, b], ct, [left, right]) =>
    a === undefined || b === undefined || (left && right)
      ? undefined
      : [left ? map('mul', b, ct) : undefined, right ? map('mul', a, ct) : undefined],
  div: ([, b], ct, [, right]) => (b === undefined || right ? undefined : [map('div', ct, b)]),
  select: ([c], ct, [condition, left, right]) => {
    if (c === undefined || condition) return undefined;
    const zero = zeros(ct.shape);
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

const concatRule: TransposeRule<'concat'> = ({ operands, axis }, ct, depends) => {
  let start = 0;
  return operands.map((operand, i) => {
    const extent = operand.shape[axis];
    const from = start;
    start += typeof extent === 'number' ? extent : 0;
    return depends[i] ? slice(ct, axis, from, start) : undefined;
  });
};

/** The transpose rule of every primitive. */
const transposeRules: { readonly [O in Op]: TransposeRule<O> } = {
  literal: leaf,
  size: leaf,
  iota: leaf,
  input: leaf,
  parameter: leaf,
  variable: leaf,
  invalid: leaf,
  map: (node, ct, depends) => linearFunctions[node.fn]?.(node.operands, ct, depends),
  contract: contractRule,
  // (Σ)ᵀ repeats
  reduce: ({ kind, operand, axes }, ct) =>
    kind === 'sum' ? [broadcastTo(ct, operand.shape, without(operand.shape.length, axes))] : undefined,
  // repetitionᵀ sums
  broadcast: ({ shape, axes }, ct) => [reduce('sum', ct, without(shape.length, axes))],
  transpose: ({ permutation }, ct) => [permute(ct, inverse(permutation))],
  reshape: ({ operand }, ct) => [reshape(ct, operand.shape)],
  slice: ({ operand, axis, start, stop }, ct) => {
    const extent = operand.shape[axis];
    return [pad(ct, axis, start, (typeof extent === 'number' ? extent : stop) - stop)];
  },
  pad: ({ operand, axis, before }, ct) => {
    const extent = operand.shape[axis];
    return [slice(ct, axis, before, before + (typeof extent === 'number' ? extent : 0))];
  },
  concat: concatRule,
  window: ({ operand, windows }, ct) => [windowAdjoint(ct, windows, operand.shape)],
  windowAdjoint: ({ windows }, ct) => [windowed(ct, windows)],
  stopGradient: () => [undefined],
  iterate: nonlinear,
  result: nonlinear,
};

// TypeScript cannot follow that the row of `node.op` takes `node` (a correlated union): it is told here.
const ruleOf = (op: Op): TransposeRule<Op> => transposeRules[op] as unknown as TransposeRule<Op>;

/**
 * Cotangents of everything below the outputs that depends on `variables`, by expression; what gets none is absent.
 * Left: an `invalid` expression, as for `transpose`.
 */
export const cotangentsOf = (
  outputs: readonly Expr[],
  cotangents: readonly Expr[],
  variables: readonly Expr[],
): E.Either<Expr, ReadonlyMap<Expr, Expr>> => {
  const bad = [...outputs, ...cotangents].find(({ node }) => node.op === 'invalid');
  if (bad !== undefined) return E.left(bad);
  const unfit = outputs.findIndex((output, i) => !sameShape(output.shape, cotangents[i]?.shape ?? ['missing']));
  const wrong = outputs[unfit];
  if (wrong !== undefined) {
    const given = [wrong, cotangents[unfit] ?? []];
    return E.left(invalid(misfit('transpose', 'a cotangent of the shape of the output', ...given)));
  }
  const depends = dependents(outputs, new Set(variables));
  const sums = new Map<Expr, Expr>();
  const contribute = (expr: Expr, cotangent: Expr): void => {
    const sum = sums.get(expr);
    sums.set(expr, sum === undefined ? cotangent : map('add', sum, cotangent));
  };
  for (const [i, output] of outputs.entries()) {
    const cotangent = cotangents[i];
    if (depends.has(output) && cotangent !== undefined) contribute(output, cotangent);
  }
  for (const expr of postorder(outputs, (e) => !depends.has(e) || variables.includes(e)).toReversed()) {
    const cotangent = sums.get(expr);
    if (cotangent === undefined || variables.includes(expr)) continue;
    const operands = operandsOf(expr.node);
    const contributions = ruleOf(expr.node.op)(
      expr.node,
      cotangent,
      operands.map((operand) => depends.has(operand)),
    );
    if (contributions === undefined) {
      const operation = expr.node.op === 'map' ? expr.node.fn : expr.node.op;
      return E.left(invalid(unsupportedError('transpose', 'a linear map', `the non-linear operation ${operation}`)));
    }
    for (const [i, contribution] of contributions.entries()) {
      const operand = operands[i];
      if (operand !== undefined && contribution !== undefined && depends.has(operand))
        contribute(operand, contribution);
    }
  }
  return E.right(sums);
};

/**
 * The adjoint of a linear map: for outputs linear in `variables` and one cotangent per output, the cotangents
 * `Σ (∂output/∂variable)ᵀ cotangent` of the variables. Errors (`invalid`): a mistake in an output or cotangent;
 * a cotangent of another shape; an operation in which the outputs are not linear.
 */
export const transpose = (
  outputs: readonly Expr[],
  cotangents: readonly Expr[],
  variables: readonly Expr[],
): readonly Expr[] => {
  const table = cotangentsOf(outputs, cotangents, variables);
  return variables.map((variable) =>
    E.isLeft(table) ? table.left : (table.right.get(variable) ?? zeros(variable.shape)),
  );
};
