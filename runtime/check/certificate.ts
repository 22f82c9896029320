/** What a check finds, as data. */

/**
 * The laws that a model's derivatives, the optimizers' curvatures and the compiled program are checked against. No law
 * compares a function with itself: finite differences, adjoints and another definition of G are what they are held to.
 */
export const laws = [
  'J v is the finite difference of z',
  'the map that linearize gives takes v to J v',
  'its transpose takes u to Jᵀ u',
  '⟨u, J v⟩ = ⟨Jᵀ u, v⟩',
  '⟨g, v⟩ is the finite difference of the loss',
  'g = Jᵀ ∂loss/∂z',
  'H u is the finite difference of ∂loss/∂z',
  '∇²L v is the finite difference of g',
  '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  '⟨w, G v⟩ = ⟨v, G w⟩',
  '⟨v, G v⟩ ≥ 0',
  'a curvature of the optimizers is the matrix of its name',
  'a curvature of the optimizers is symmetric',
  'every pass keeps the values',
  'what is known in a stage is computed there',
  'the program agrees with the expressions',
  'the target agrees with float64',
] as const;

/** One law. */
export type Law = (typeof laws)[number];

/** The smallest subexpression that breaks a law. */
export interface Culprit {
  /** The operation whose rule or translation is wrong, for example `tanh`. */
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
  /** The point of θ: `random 1`, `zero`, …; `any` where a law is about no point. */
  readonly point: string;
  /** What the law is about, where it is about more than the model: a curvature, a stage. */
  readonly subject?: string;
  readonly verdict:
    | { readonly _tag: 'Held' }
    /** A kink: the differences from the left and the right disagree, so that there is nothing to compare with. */
    | { readonly _tag: 'NotDifferentiable' }
    /** The error outgrows what the values themselves can hold (overflow, NaN). */
    | { readonly _tag: 'NotFinite' }
    /** A derivative does not exist in the language, for example the transpose of a loop. */
    | { readonly _tag: 'NotDerived'; readonly reason: string }
    | { readonly _tag: 'Failed'; readonly culprit?: Culprit };
  /** How far the two sides are apart, relative to their size. */
  readonly error: number;
  readonly tolerance: number;
}

/** Did every law hold, where there was something to check? */
export const allHold = (certificates: readonly Certificate[]): boolean =>
  certificates.every(({ verdict }) => verdict._tag === 'Held' || verdict._tag === 'NotDifferentiable');
