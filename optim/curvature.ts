/** Curvature of a problem's loss as a linear map on flat directions [d]. */
import { ggnVectorProduct } from '../compiler/index.js';
import { bindParameters, type Expr, flattenParameters, splitParameters, typed } from '../dsl/index.js';
import type { LinearMap, Vector } from './cg.js';
import type { Problem } from './problem.js';

/** The curvature at θ [d], as v ↦ Gv. */
export type Curvature = (problem: Problem, theta: Vector) => LinearMap;

/** The first of the roots, with the parameters bound to views of a flat vector. */
export const bound = ({ parameters }: Problem, theta: Vector, root: Expr): Expr =>
  bindParameters(parameters, theta, [root])[0] ?? root;

/** Generalized Gauss-Newton: G = (1/N) Σ J_fᵀ H_{ℓ∘o} J_f (eq. 13). Nothing but θ and the batch enters J and H. */
export const ggn: Curvature = (problem, theta) => {
  const { output, parameters, loss } = problem;
  const model = { output, parameters: parameters.entries.map(({ parameter }) => parameter) };
  const product = ggnVectorProduct(model, loss);
  return (vector) => {
    const pieces = product(splitParameters(parameters, vector));
    return typed(bound(problem, theta, flattenParameters(parameters, pieces)));
  };
};
