/** Curvatures of a problem's loss as linear maps on flat directions [d]. */
import { ggnVectorProduct, grad, hessianVectorProduct, jvp, vjp } from '../compiler/index.js';
import {
  bindParameters,
  type DslError,
  div,
  type Expr,
  flattenParameters,
  invalid,
  mul,
  primitives,
  size,
  splitParameters,
  typed,
  unsupportedError,
} from '../dsl/index.js';
import { only, zip } from '../dsl/internal.js';
import type { LinearMap, Vector } from './cg.js';
import { coupledLoss, couplingError } from './coupling.js';
import { exprGiven } from './given.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import type { Problem } from './problem.js';

/** The curvature at θ [d], as v ↦ Gv. */
export type Curvature = (problem: Problem, theta: Vector) => LinearMap;

/** The name of a curvature. */
export type CurvatureName = SgnHyperparameters['curvature'];

/** The root, with the parameters bound to views of a flat vector. */
export const bound = ({ parameters }: Problem, theta: Vector, root: Expr): Expr =>
  only(bindParameters(parameters, theta, [root]), 'bound');

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
  const seeds = new Map(zip(leaves, pieces, 'a direction per parameter'));
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

/** A curvature that there is not, of any direction. */
const refused =
  (error: DslError): Curvature =>
  () =>
  () =>
    typed(invalid(error));

/** The Fisher matrix of a problem is asked for, whose loss says no likelihood. */
export const unknownLikelihood = (name: string): DslError =>
  unsupportedError(
    'curvature fisher',
    'a loss that says of which likelihood it is the negative logarithm: one of the library, or withLikelihood(loss, likelihoods.categorical)',
    `the loss of ${name}, which does not say`,
  );

/**
 * The Fisher information F = (1/N) Σ J_fᵀ F_z J_f of the likelihood p(y | z) that the loss carries, whatever is measured:
 * F_z = E[∇ ln p (∇ ln p)ᵀ] over y ~ p(y | z). Where ∂² ln p/∂z² does not depend on y, as for every loss of the library, a
 * loss −c ln p per sample has G = c F (Martens 2020, section 9): G = F for softmax cross-entropy, F/T over T positions;
 * G = F/K for sigmoid cross-entropy over K outputs, 2F/K for the mean squared error. Refused for a loss without a
 * likelihood.
 */
export const fisher: Curvature = (problem, theta) => {
  const { likelihood, name } = problem;
  if (likelihood === undefined) return refused(unknownLikelihood(name))(problem, theta);
  return curvatureOf((_, pieces) =>
    throughOutput(problem, pieces, (tangent) =>
      div(
        exprGiven(`the Fisher matrix of ${name}`, () => likelihood.fisher(problem.output, tangent)),
        size(problem.batch),
      ),
    ),
  )(problem, theta);
};

/**
 * The empirical Fisher (1/N) Σ gᵢgᵢᵀ of the samples' gradients gᵢ = J_fᵀ∇ℓᵢ (Kunstner et al. 2019), none of which is
 * formed: ∇_z L has the rows ∇ℓᵢ/N, so that Σ gᵢ (gᵢᵀv)/N is Jᵀ of ∇_z L ⊙ N (∇_z L · Jv per sample). Refused for a loss
 * that is no mean of what samples give.
 */
export const empiricalFisher: Curvature = (problem, theta) => {
  const coupled = coupledLoss(problem);
  if (coupled !== undefined)
    return refused(couplingError('curvature empiricalFisher', coupled, 'choose curvature ggn'))(problem, theta);
  const gradient = only(grad(problem.loss(problem.output), [problem.output]), 'the gradient of the output');
  return curvatureOf((_, pieces) =>
    throughOutput(problem, pieces, (tangent) =>
      mul(gradient, mul(size(problem.batch), perSample(mul(gradient, tangent)))),
    ),
  )(problem, theta);
};

/** The curvatures by name. */
export const curvatures: { readonly [Name in CurvatureName]: Curvature } = { ggn, hessian, fisher, empiricalFisher };

/** Can vᵀGv be negative? */
export const isIndefinite = (name: CurvatureName): boolean => name === 'hessian';
