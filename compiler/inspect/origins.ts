/**
 * Where derived expressions come from: the forward pass, the tangents of J v, the output Hessian H J v, or the
 * cotangents of Jᵀ. Differentiation is pure and expressions are hash-consed, so deriving again gives the very same
 * expressions, this time together with the tables of tangents and cotangents.
 */

import * as E from 'fp-ts/lib/Either.js';
import { freshVariable, postorder } from '../../dsl/expr.js';
import { zip } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import { literal } from '../../dsl/primitives.js';
import { grad } from '../differentiate/derive.js';
import { tangentsOf } from '../differentiate/jvp.js';
import { cotangentsOf } from '../differentiate/transpose.js';
import type { BoundModel } from './graphs.js';

/** The parts of a curvature product, and what a solver makes of it. */
export const lanes = ['primal', 'tangent', 'hessian', 'cotangent', 'solver'] as const;

/** The part that a value belongs to. */
export type Lane = (typeof lanes)[number];

/** Where one expression comes from. */
export interface Origin {
  readonly lane: Lane;
  /** The value of the forward pass whose tangent or cotangent it is; absent for a value of the forward pass. */
  readonly of?: Expr;
  /** `part`: an expression that the rule of `of` made on the way. */
  readonly role: 'value' | 'tangent' | 'cotangent' | 'part';
  /** The cotangent belongs to a curvature product rather than to the gradient. */
  readonly curvature: boolean;
}

/** Origins by expression. */
export type Origins = ReadonlyMap<Expr, Origin>;

/** One transformation's table: what it made for each expression that it met. */
interface Made {
  readonly lane: Lane;
  readonly role: 'tangent' | 'cotangent';
  readonly curvature: boolean;
  /** Pairs of a value of the forward pass and what was made for it, operands first. */
  readonly pairs: readonly (readonly [Expr, Expr])[];
}

const pairsOf = (table: ReadonlyMap<Expr, Expr | undefined>): readonly (readonly [Expr, Expr])[] =>
  [...table].flatMap(([expr, made]) => (made === undefined ? [] : [[expr, made] as const]));

const seeds = (wrt: readonly Expr[], tangents: readonly Expr[]): ReadonlyMap<Expr, Expr> =>
  new Map(zip(wrt, tangents, 'seeds'));

/** The cotangents of a forward pass: `∂output/∂wrt` transposed, by value of the forward pass. */
const reverse = (output: Expr, wrt: readonly Expr[], cotangent: Expr): readonly (readonly [Expr, Expr])[] => {
  const variables = wrt.map((x) => freshVariable('tangent', x.shape));
  const tangents = tangentsOf([output], seeds(wrt, variables));
  const tangent = tangents.get(output);
  if (tangent === undefined) return [];
  const cotangents = cotangentsOf([tangent], [cotangent], variables);
  if (E.isLeft(cotangents)) return [];
  // of several values with one tangent (z and z − constant), the first is the one that was differentiated
  const primals = new Map(
    pairsOf(tangents)
      .toReversed()
      .map(([primal, linear]) => [linear, primal] as const),
  );
  // reverse mode meets a value after its users: what it made comes in that order
  return [...cotangents.right].flatMap(([linear, made]) => {
    const primal = primals.get(linear);
    return primal === undefined ? [] : [[primal, made] as const];
  });
};

/** The directions in which a model's derivatives are taken, and where else it is run. */
export interface Directions {
  /** v, split like the parameters. */
  readonly tangents: readonly Expr[];
  /** u, of the shape of z. */
  readonly cotangent: Expr;
  /** The model at other points, forward only. */
  readonly others: readonly BoundModel[];
}

/** The origins of everything that the gradient, J v, Jᵀ u and G v of a model consist of. */
export const originsOf = (
  { output, loss, views }: BoundModel,
  lossOf: (output: Expr) => Expr,
  { tangents, cotangent, others }: Directions,
): Origins => {
  const forward = tangentsOf([output], seeds(views, tangents));
  const zDot = forward.get(output);
  const [outputGradient] = grad(lossOf(output), [output]);
  const hessian =
    zDot === undefined || outputGradient === undefined
      ? new Map<Expr, Expr>()
      : tangentsOf([outputGradient], new Map([[output, zDot]]));
  const HzDot = outputGradient === undefined ? undefined : hessian.get(outputGradient);
  const reversed = (seed: Expr | undefined, curvature: boolean, from = output, wrt = views): Made => ({
    lane: 'cotangent',
    role: 'cotangent',
    curvature,
    pairs: seed === undefined ? [] : reverse(from, wrt, seed),
  });
  const made: readonly Made[] = [
    { lane: 'tangent', role: 'tangent', curvature: true, pairs: pairsOf(forward) },
    { lane: 'hessian', role: 'tangent', curvature: true, pairs: pairsOf(hessian).filter(([y]) => y !== output) },
    reversed(HzDot, true),
    reversed(literal(1), false, loss),
    reversed(cotangent, false),
  ];
  const origins = new Map<Expr, Origin>();
  for (const expr of postorder([output, loss])) origins.set(expr, { lane: 'primal', role: 'value', curvature: false });
  // the point itself is the optimizer's: the forward pass begins at its views
  for (const other of others)
    for (const expr of postorder([other.output, other.loss], (e) => other.views.includes(e)))
      if (!origins.has(expr)) origins.set(expr, { lane: 'primal', role: 'value', curvature: false });
  // H J v is the cotangent of z that Jᵀ starts from
  if (HzDot !== undefined) origins.set(HzDot, { lane: 'hessian', of: output, role: 'cotangent', curvature: true });
  for (const { lane, role, curvature, pairs } of made) {
    for (const [of, expr] of pairs) if (!origins.has(expr)) origins.set(expr, { lane, of, role, curvature });
    for (const [of, expr] of pairs)
      for (const part of postorder([expr], (e) => e !== expr && origins.has(e)))
        if (!origins.has(part)) origins.set(part, { lane, of, role: 'part', curvature });
  }
  return origins;
};
