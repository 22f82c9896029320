/** What a planted mistake is, and small ways to be wrong. */
import type { Tangent } from '../../../compiler/differentiate/tangents.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import type { Expr } from '../../../dsl/index.js';
import { primitives } from '../../../dsl/index.js';
import type { Law } from '../../../runtime/check/certificate.js';
import type { CheckOptions } from '../../../runtime/check/model.js';

/** One mistake, and how it has to be reported. */
export interface Mutation {
  readonly name: string;
  /** A model that uses what is wrong. */
  readonly model: InspectedModel;
  readonly options: CheckOptions;
  /** A law that has to fail. */
  readonly law: Law;
  /** The operation that has to be named, where the mistake is one of an operation. */
  readonly operation?: string;
}

const { literal, map } = primitives;

/** Something done to a tangent that is there. */
export const through = (t: Tangent, apply: (t: Expr) => Expr): Tangent => (t === undefined ? undefined : apply(t));
/** 2 x. */
export const twice = (expr: Expr): Expr => map('mul', literal(2), expr);
/** −x. */
export const negative = (expr: Expr): Expr => map('neg', expr);
/** The operand at a position. */
export const operand = (operands: readonly Expr[], i: number): Expr => {
  const found = operands[i];
  if (found === undefined) throw new Error(`no operand ${i}`);
  return found;
};

/** The law that a wrong transpose breaks. */
export const adjoint: Law = '⟨u, J v⟩ = ⟨Jᵀ u, v⟩';
