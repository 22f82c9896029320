/** Preconditioners M ≈ (G + ρI)⁻¹ of CG, as linear maps on flat vectors [d]. */
import { add, div, max, mul, pow, square } from '../dsl/index.js';
import type { LinearMap, Scalar, Vector } from './cg.js';
import type { SgnHyperparameters } from './hyperparameters.js';

/** What a preconditioner may be made from. */
interface Parts {
  /** m̂ [d]. */
  readonly gradient: Vector;
  readonly damping: Scalar;
  /** a. */
  readonly exponent: number;
  /** diag(G) [d], derived where it is needed. */
  readonly ggnDiagonal: () => Vector;
}

type Kind = SgnHyperparameters['preconditioner'];

/** M = 1 / (diagonal + ρ)^a. */
const scaling = (diagonal: Vector, { damping, exponent }: Parts): LinearMap => {
  const scales = div(1, pow(add(diagonal, damping), exponent));
  return (vector) => mul(scales, vector);
};

const preconditioners: { readonly [K in Kind]: (parts: Parts) => LinearMap } = {
  // M = I
  none: () => (vector) => vector,
  // M = 1 / (m̂² + ρ)^a
  diagonal: (parts) => scaling(square(parts.gradient), parts),
  // M = 1 / (diag(G) + ρ)^a; rounding must not make an entry of diag(G) negative
  jacobi: (parts) => scaling(max(parts.ggnDiagonal(), 0), parts),
};

/** The preconditioner of a kind. */
export const preconditioner = (kind: Kind, parts: Parts): LinearMap => preconditioners[kind](parts);
