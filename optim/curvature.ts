/** Curvatures of a problem's loss as linear maps on flat directions [d]. */
import { ggnVectorProduct, grad, hessianVectorProduct, jvp, vjp } from '../compiler/index.js';
import {
  bindParameters,
  div,
  type Expr,
  flattenParameters,
  mul,
  primitives,
  size,
  softmax,
  splitParameters,
  sub,
  typed,
} from '../dsl/index.js';
import type { LinearMap, Vector } from './cg.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import type { Metric, Problem } from './problem.js';

/** The curvature at θ [d], as v ↦ Gv. */
export type Curvature = (problem: Problem, theta: Vector) => LinearMap;

/** The name of a curvature. */
export type CurvatureName = SgnHyperparameters['curvature'];

/** The first of the roots, with the parameters bound to views of a flat vector. */
export const bound = ({ parameters }: Problem, theta: Vector, root: Expr): Expr =>
  bindParameters(parameters, theta, [root])[0] ?? root;

const leavesOf = ({ parameters }: Problem): readonly Expr[] => parameters.entries.map(({ parameter }) => parameter);

/** A curvature by its products with one array per parameter. */
const curvatureOf =
  (product: (problem: Problem, pieces: readonly Expr[]) => readonly Expr[]): Curvature =>
  (problem, theta) =>
  (vector) => {
    const pieces = product(problem, splitParameters(problem.parameters, vector));
    return typed(bound(problem, theta, flattenParameters(problem.parameters, pieces)));
  };

/** Generalized Gauss-Newton: G = (1/N) Σ J_fᵀ H_{ℓ∘o} J_f (eq. 13). Nothing but θ and the batch enters J and H. */
export const ggn: Curvature = curvatureOf((problem, pieces) =>
  ggnVectorProduct({ output: problem.output, parameters: leavesOf(problem) }, problem.loss)(pieces),
);

/** The exact Hessian ∇²L (Martens 2010), which need not be positive semi-definite. */
export const hessian: Curvature = curvatureOf((problem, pieces) =>
  hessianVectorProduct(problem.loss(problem.output), leavesOf(problem), pieces),
);

/** Jᵀ c(J v) for a map c of tangents of the output z. */
const throughOutput = (problem: Problem, pieces: readonly Expr[], outer: (tangent: Expr) => Expr): readonly Expr[] => {
  const leaves = leavesOf(problem);
  const seeds = new Map(leaves.flatMap((leaf, i) => pieces.slice(i, i + 1).map((piece) => [leaf, piece] as const)));
  return vjp(problem.output, leaves, outer(jvp(problem.output, seeds)));
};

/** Sums over all axes but the first, repeated along them again: [batch, …] → [batch, …]. */
const perSample = (values: Expr): Expr => {
  const sums = primitives.reduce(
    'sum',
    values,
    values.shape.slice(1).map((_, i) => i + 1),
  );
  return primitives.broadcastTo(sums, values.shape, [0]);
};

/**
 * u ↦ F_z u, the Fisher matrix of a sample's output z in its predictive distribution. The metric says what z means:
 * logits of a class (diag(p) − ppᵀ), or the mean of a Gaussian of unit variance (I).
 */
const outputFisher: { readonly [M in Metric]: (output: Expr, tangent: Expr) => Expr } = {
  accuracy: (output, tangent) => {
    const probabilities = softmax(output);
    const weighted = mul(probabilities, tangent);
    return sub(weighted, mul(probabilities, perSample(weighted)));
  },
  loss: (_, tangent) => tangent,
};

/**
 * The Fisher information F = (1/N) Σ J_fᵀ F_z J_f. It equals the GGN for softmax cross-entropy, and K/2 times it for
 * the mean squared error over K outputs (Martens 2020, section 9).
 */
export const fisher: Curvature = curvatureOf((problem, pieces) =>
  throughOutput(problem, pieces, (tangent) =>
    div(outputFisher[problem.metric](problem.output, tangent), size(problem.batch)),
  ),
);

/**
 * The empirical Fisher (1/N) Σ gᵢgᵢᵀ of the samples' gradients gᵢ = J_fᵀ∇ℓᵢ (Kunstner et al. 2019), none of which is
 * formed: ∇_z L has the rows ∇ℓᵢ/N, so that Σ gᵢ (gᵢᵀv)/N is Jᵀ of ∇_z L ⊙ N (∇_z L · Jv per sample).
 */
export const empiricalFisher: Curvature = curvatureOf((problem, pieces) => {
  const [gradient = problem.output] = grad(problem.loss(problem.output), [problem.output]);
  return throughOutput(problem, pieces, (tangent) =>
    mul(gradient, mul(size(problem.batch), perSample(mul(gradient, tangent)))),
  );
});

/** The curvatures by name. */
export const curvatures: { readonly [Name in CurvatureName]: Curvature } = { ggn, hessian, fisher, empiricalFisher };

/** Can vᵀGv be negative? */
export const isIndefinite = (name: CurvatureName): boolean => name === 'hessian';
