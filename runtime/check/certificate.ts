/** What a check finds, as data. */

/** The laws that a model's derivatives are checked against. */
export const laws = [
  'J v is the finite difference of z',
  '⟨g, v⟩ is the finite difference of the loss',
  'H u is the finite difference of ∂loss/∂z',
  '⟨u, J v⟩ = ⟨Jᵀ u, v⟩',
  '⟨w, G v⟩ = ⟨v, G w⟩',
  '⟨v, G v⟩ ≥ 0',
  'the target agrees with float64',
] as const;

/** One law. */
export type Law = (typeof laws)[number];

/** The smallest subexpression that breaks a law. */
export interface Culprit {
  /** The operation whose rule is wrong, for example `tanh`. */
  readonly operation: string;
  /** The subexpression, written with its operands. */
  readonly expression: string;
  /** The names on the way to it, outermost first. */
  readonly path: readonly string[];
  /** How far the rule is off at that operation alone, relative to the values. */
  readonly error: number;
}

/** One law at one point. */
export interface Certificate {
  readonly law: Law;
  /** The point of θ: `random 1`, `zero`, … */
  readonly point: string;
  readonly verdict:
    | { readonly _tag: 'Held' }
    /** A kink: the differences from the left and the right disagree, so that there is nothing to compare with. */
    | { readonly _tag: 'NotDifferentiable' }
    /** The error outgrows what the values themselves can hold (overflow, NaN). */
    | { readonly _tag: 'NotFinite' }
    | { readonly _tag: 'Failed'; readonly culprit?: Culprit };
  /** How far the two sides are apart, relative to their size. */
  readonly error: number;
  readonly tolerance: number;
}

/** Did every law hold, where there was something to check? */
export const allHold = (certificates: readonly Certificate[]): boolean =>
  certificates.every(({ verdict }) => verdict._tag === 'Held' || verdict._tag === 'NotDifferentiable');
