/**
 * Preconditioned conjugate gradients for (G + ρI) Δθ = −m̂ from Δθ = 0 (Gargiani et al. 2020, algorithm 2), as
 * init / step / status on expressions. The whole solve is one `iterate`: no vector and no decision leaves the target.
 */
import {
  abs,
  add,
  broadcast,
  constant,
  div,
  dot,
  type Expr,
  equal,
  finite,
  iterate,
  less,
  maximum,
  mul,
  neg,
  select,
  sub,
} from '../dsl/index.js';

/** A flat vector [d] as an expression. */
export type Vector = Expr<[number]>;

/** A scalar as an expression. */
export type Scalar = Expr<[]>;

/** A linear map on flat vectors: a curvature, a preconditioner. */
export type LinearMap = (vector: Vector) => Vector;

/** The codes of `CgState.status`. */
const codes = { running: 0, converged: 1, maxIterations: 2, nonPositiveCurvature: 3, nonFinite: 4 } as const;

/** Why CG stopped. */
export type StopReason =
  /** max|r| ≤ tolerance. */
  | { readonly _tag: 'Converged' }
  /** The limit was reached. */
  | { readonly _tag: 'MaxIterations' }
  /** pᵀ(G + ρI)p was not positive (or too small to divide by): the solution is the one before it. */
  | { readonly _tag: 'NonPositiveCurvature' }
  /** NaN or an infinity in r, y, p or pᵀ(G + ρI)p. */
  | { readonly _tag: 'NonFinite' };

/** The reason behind a status code of a solve that has ended; anything that is no such code counts as NonFinite. */
export const stopReason = (code: number): StopReason => {
  switch (code) {
    case codes.converged:
      return { _tag: 'Converged' };
    case codes.maxIterations:
      return { _tag: 'MaxIterations' };
    case codes.nonPositiveCurvature:
      return { _tag: 'NonPositiveCurvature' };
    default:
      return { _tag: 'NonFinite' };
  }
};

/** One solve in progress. A type alias, so that it is a record of expressions to `iterate`. */
export type CgState = {
  /** Δθ [d]. */
  readonly solution: Vector;
  /** r = (G + ρI)Δθ + m̂ [d]. */
  readonly residual: Vector;
  /** p [d]. */
  readonly direction: Vector;
  /** rᵀy with y = Mr. */
  readonly residualProduct: Scalar;
  /** pᵀ(G + ρI)p of the last iteration; 0 before the first. */
  readonly curvature: Scalar;
  /** Completed iterations. */
  readonly iteration: Scalar;
  /** One of `codes`. */
  readonly status: Scalar;
};

/** When to stop. */
export interface CgLimits {
  readonly tolerance: Scalar;
  readonly iterations: Scalar;
}

/** What is solved: (G + ρI) Δθ = −m̂, preconditioned by M ≈ (G + ρI)⁻¹. */
export interface CgSystem {
  /** m̂ [d]. */
  readonly gradient: Vector;
  /** v ↦ Gv. */
  readonly curvature: LinearMap;
  readonly damping: Scalar;
  /** r ↦ Mr. */
  readonly preconditioner: LinearMap;
}

// Far above float32's smallest normal number 1.2e-38: nothing smaller is divided by.
const tiny = 1e-30;

/** Where a solve with this residual stands. */
const statusAt = (
  { residual, residualProduct, iteration }: Pick<CgState, 'residual' | 'residualProduct' | 'iteration'>,
  limits: CgLimits,
): Scalar => {
  const unconverged = select(less(iteration, limits.iterations), codes.running, codes.maxIterations);
  const status = select(less(limits.tolerance, maximum(abs(residual))), unconverged, codes.converged);
  return select(finite(residualProduct), status, codes.nonFinite);
};

/** Before the first iteration: Δθ = 0, r = m̂, y = Mr, p = −y. */
const init = ({ gradient, preconditioner }: CgSystem, limits: CgLimits): CgState => {
  const preconditioned = preconditioner(gradient);
  const start = {
    solution: broadcast(constant(0), gradient.shape),
    residual: gradient,
    direction: neg(preconditioned),
    residualProduct: dot(gradient, preconditioned),
    curvature: constant(0),
    iteration: constant(0),
  };
  return { ...start, status: statusAt(start, limits) };
};

/** One iteration; α and β are 0 where their denominators are too small to divide by. */
const step = (state: CgState, system: CgSystem, limits: CgLimits): CgState => {
  // (G + ρI) p
  const product = add(system.curvature(state.direction), mul(system.damping, state.direction));
  const curvature = dot(state.direction, product);
  const positive = less(tiny, curvature);
  // α = rᵀy / pᵀ(G + ρI)p
  const stepLength = select(positive, div(state.residualProduct, select(positive, curvature, 1)), 0);
  const residual = add(state.residual, mul(stepLength, product));
  const preconditioned = system.preconditioner(residual);
  const residualProduct = dot(residual, preconditioned);
  // β = r⁺ᵀy⁺ / rᵀy
  const divisible = less(tiny, state.residualProduct);
  const conjugation = select(divisible, div(residualProduct, select(divisible, state.residualProduct, 1)), 0);
  const next = {
    solution: add(state.solution, mul(stepLength, state.direction)),
    residual,
    direction: sub(mul(conjugation, state.direction), preconditioned),
    residualProduct,
    curvature,
    iteration: add(state.iteration, positive),
  };
  const usable = select(positive, statusAt(next, limits), codes.nonPositiveCurvature);
  return { ...next, status: select(finite(curvature), usable, codes.nonFinite) };
};

/** 1 while there is more to do, else 0. */
const proceed = (state: CgState): Scalar => equal(state.status, codes.running);

/** The state in which the solve ends. */
const solve = (system: CgSystem, limits: CgLimits): CgState =>
  iterate({ initial: init(system, limits), step: (state) => step(state, system, limits), proceed });

/** Conjugate gradients. */
export const cg = { init, step, proceed, solve };
