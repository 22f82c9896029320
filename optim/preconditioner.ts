/** Preconditioners M ≈ (G + ρI)⁻¹ of CG, as linear maps on flat vectors [d]. */
import { add, div, mul, pow, square } from '../dsl/index.js';
import type { LinearMap, Scalar, Vector } from './cg.js';
import type { SgnHyperparameters } from './hyperparameters.js';

/** What a preconditioner may be made from. */
interface Parts {
  /** m̂ [d]. */
  readonly gradient: Vector;
  readonly damping: Scalar;
  /** a. */
  readonly exponent: number;
}

type Kind = SgnHyperparameters['preconditioner'];

const preconditioners: { readonly [K in Kind]: (parts: Parts) => LinearMap } = {
  // M = I
  none: () => (vector) => vector,
  // M = 1 / (m̂² + ρ)^a
  diagonal: ({ gradient, damping, exponent }) => {
    const diagonal = div(1, pow(add(square(gradient), damping), exponent));
    return (vector) => mul(diagonal, vector);
  },
};

/** The preconditioner of a kind. */
export const preconditioner = (kind: Kind, parts: Parts): LinearMap => preconditioners[kind](parts);
