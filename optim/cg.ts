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
export const codes = {
  running: 0,
  converged: 1,
  maxIterations: 2,
  nonPositiveCurvature: 3,
  nonFinite: 4,
  relativeProgress: 5,
} as const;

/** Why CG stopped. */
export type StopReason =
  /** max|r| ≤ tolerance, which is looked at after every iteration. */
  | { readonly _tag: 'Converged' }
  /** The limit was reached. */
  | { readonly _tag: 'MaxIterations' }
  /** pᵀ(G + ρI)p was not positive (or too small to divide by): the solution is the one before it. */
  | { readonly _tag: 'NonPositiveCurvature' }
  /** The quadratic model fell too little over the last iterations (see `relativeProgress`). */
  | { readonly _tag: 'RelativeProgress' }
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
    case codes.relativeProgress:
      return { _tag: 'RelativeProgress' };
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

/** What may be other than in the paper's algorithm 2. */
export interface CgVariant {
  /**
   * Conjugate directions, or each −y alone: gradient descent on the quadratic model (Schraudolph 2002), every step to
   * the model's minimum along it.
   */
  readonly conjugate: boolean;
  /**
   * Where the very first direction has no positive curvature: does the solve take it as it is, Δθ = p, a descent
   * direction (Nocedal & Wright 2006, algorithm 7.1), or end with what it has?
   */
  readonly guard: boolean;
  /** Δθ₀ [d] (Martens 2010, section 4.5), used if the quadratic model is lower there than at 0; 0 if absent. */
  readonly start: Vector | undefined;
}

/** Algorithm 2 as it stands. */
export const paperVariant: CgVariant = { conjugate: true, guard: false, start: undefined };

// Far above float32's smallest normal number 1.2e-38: nothing smaller is divided by.
const tiny = 1e-30;

/** Where a solve with this residual stands; `settled` is 1 where a small residual is enough to end it. */
const statusAt = (
  { residual, residualProduct, iteration }: Pick<CgState, 'residual' | 'residualProduct' | 'iteration'>,
  limits: CgLimits,
  settled: Scalar = constant(1),
): Scalar => {
  const unconverged = select(less(iteration, limits.iterations), codes.running, codes.maxIterations);
  const small = mul(settled, sub(1, less(limits.tolerance, maximum(abs(residual)))));
  return select(finite(residualProduct), select(small, codes.converged, unconverged), codes.nonFinite);
};

/** Δθ₀ and its residual r = (G + ρI)Δθ₀ + m̂. */
const begin = (
  { gradient, curvature, damping }: CgSystem,
  start: Vector | undefined,
): Pick<CgState, 'solution' | 'residual'> => {
  if (start === undefined) return { solution: broadcast(constant(0), gradient.shape), residual: gradient };
  const product = add(curvature(start), mul(damping, start));
  // A start below the model's value 0 at Δθ = 0 keeps every later Δθ a direction of descent.
  const used = less(add(dot(gradient, start), mul(0.5, dot(start, product))), 0);
  return { solution: mul(used, start), residual: add(gradient, mul(used, product)) };
};

/**
 * Before the first iteration: Δθ = Δθ₀, r = (G + ρI)Δθ₀ + m̂, y = Mr, p = −y. The algorithm looks at max|r| after an
 * iteration, so that there is always one. The exception is a small r whose rᵀMr is too small to divide by, as for r = 0:
 * α and β would be 0/0, and Δθ₀ is the solution.
 */
const init = (system: CgSystem, limits: CgLimits, { start }: CgVariant = paperVariant): CgState => {
  const { solution, residual } = begin(system, start);
  const preconditioned = system.preconditioner(residual);
  const state = {
    solution,
    residual,
    direction: neg(preconditioned),
    residualProduct: dot(residual, preconditioned),
    curvature: constant(0),
    iteration: constant(0),
  };
  return { ...state, status: statusAt(state, limits, less(state.residualProduct, tiny)) };
};

/** One iteration; α and β are 0 where their denominators are too small to divide by, except for the guard's α = 1. */
const step = (
  state: CgState,
  system: CgSystem,
  limits: CgLimits,
  { conjugate, guard }: CgVariant = paperVariant,
): CgState => {
  // (G + ρI) p
  const product = add(system.curvature(state.direction), mul(system.damping, state.direction));
  const curvature = dot(state.direction, product);
  const positive = less(tiny, curvature);
  // α = rᵀy / pᵀ(G + ρI)p
  const otherwise = guard ? equal(state.iteration, 0) : 0;
  const stepLength = select(positive, div(state.residualProduct, select(positive, curvature, 1)), otherwise);
  const residual = add(state.residual, mul(stepLength, product));
  const preconditioned = system.preconditioner(residual);
  const residualProduct = dot(residual, preconditioned);
  // β = r⁺ᵀy⁺ / rᵀy
  const divisible = less(tiny, state.residualProduct);
  const conjugation = select(divisible, div(residualProduct, select(divisible, state.residualProduct, 1)), 0);
  const next = {
    solution: add(state.solution, mul(stepLength, state.direction)),
    residual,
    direction: conjugate ? sub(mul(conjugation, state.direction), preconditioned) : neg(preconditioned),
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
const solve = (system: CgSystem, limits: CgLimits, variant: CgVariant = paperVariant): CgState =>
  iterate({ initial: init(system, limits, variant), step: (state) => step(state, system, limits, variant), proceed });

/** Conjugate gradients. */
export const cg = { init, step, proceed, solve };
