/**
 * One SGN step as one program of three stages. The compiler computes every expression in the first stage that knows
 * its inputs: activations and loss Hessian in `linearize`, so that the CG iterations of `solve` run no forward pass.
 *
 * - `linearize` (θ, batch, m): loss, g, m, m̂ at θ.
 * - `solve` (ρ, CG limits): Δθ, the whole of CG in one loop on the target.
 * - `trial` (α): θ + αΔθ and its loss on the batch; run again for every α of the line search.
 */
import { grad } from '../compiler/index.js';
import { add, dot, type Expr, flattenParameters, input, mul, typed } from '../dsl/index.js';
import { only } from '../dsl/internal.js';
import type { CgLimits, CgState, CgSystem, CgVariant, LinearMap, Scalar, Vector } from './cg.js';
import { both, lowestLoss, relativeProgress, solveWatched, unwatched } from './cgWatch.js';
import { bound, curvatures, isIndefinite } from './curvature.js';
import {
  curvatureCount,
  curvatureDimension,
  curvatureLeaves,
  curvatureOnItsBatch,
  hasOwnBatch,
  onCurvatureBatch,
} from './curvatureBatch.js';
import { ggnDiagonal } from './ggnDiagonal.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import { preconditioner } from './preconditioner.js';
import type { Problem } from './problem.js';
import type { ProgramDefinition } from './programs.js';

/** L at θ, the mean loss over the batch. */
export const lossAt = (problem: Problem, theta: Vector): Scalar =>
  typed(bound(problem, theta, problem.loss(problem.output)));

/** g = ∇L at θ [d]. */
export const gradientAt = (problem: Problem, theta: Vector): Vector => {
  const { output, parameters, loss } = problem;
  const pieces = grad(
    loss(output),
    parameters.entries.map(({ parameter }) => parameter),
  );
  return typed(bound(problem, theta, flattenParameters(parameters, pieces)));
};

// m ← βm + (1 − β)g and m̂ = m / (1 − βᵗ); m̂ = g where β = 0. `momentumCorrection` is 1 / (1 − βᵗ).
const momentumOf = (beta: number, gradient: Vector, length: number) => {
  if (beta === 0) return { inputs: [], outputs: {}, corrected: gradient };
  const previous = input('momentum', [length]);
  const correction = input('momentumCorrection', []);
  const momentum = add(mul(beta, previous), mul(1 - beta, gradient));
  return { inputs: [previous, correction], outputs: { momentum }, corrected: mul(correction, momentum) };
};

/** Products with the curvature, and the diagonal of the GGN, on the samples that the settings say. */
const curvatureOf = (
  problem: Problem,
  settings: SgnHyperparameters,
  theta: Vector,
): { readonly inputs: readonly Expr[]; readonly product: LinearMap; readonly ggnDiagonal: () => Vector } => {
  const product = curvatures[settings.curvature](problem, theta);
  const diagonal = () => ggnDiagonal(problem, theta);
  if (!hasOwnBatch(settings)) return { inputs: [], product, ggnDiagonal: diagonal };
  const { input: samples, target } = curvatureLeaves(problem);
  return {
    inputs: [samples, target],
    product: curvatureOnItsBatch(problem, product),
    ggnDiagonal: () => typed(only(onCurvatureBatch(problem, [diagonal()]), 'ggnDiagonal')),
  };
};

/** The state in which the inner solver ends, watched as the settings say. */
const solveAsSet = (
  settings: SgnHyperparameters,
  system: CgSystem,
  limits: CgLimits,
  variant: CgVariant,
  lossOf: (direction: Vector) => Scalar,
): CgState => {
  const { cgProgressTolerance: epsilon, cgBacktracking, minCgIterations, maxCgIterations } = settings;
  const progress = relativeProgress(system.gradient, epsilon, Math.max(minCgIterations, maxCgIterations));
  const lowest = lowestLoss(lossOf);
  if (epsilon > 0 && cgBacktracking) return solveWatched(system, limits, variant, both(progress, lowest));
  if (epsilon > 0) return solveWatched(system, limits, variant, progress);
  return cgBacktracking
    ? solveWatched(system, limits, variant, lowest)
    : solveWatched(system, limits, variant, unwatched);
};

/**
 * The program for a problem. Scalars that leave its stages: `loss`, `gradientNorm2` = gᵀg; `iterations`, `status` (see
 * `stopReason`), `residualProduct` = rᵀMr, `curvature` = the last
 * pᵀ(G + ρI)p, `directionNorm2` = ΔθᵀΔθ, `slope` = m̂ᵀΔθ, `predicted` = ½ (r + g)ᵀΔθ;
 * `trialLoss`. Arrays: `momentum` [d] if β > 0, `direction` = Δθ [d] where CG starts warm, `thetaNext` = θ + αΔθ [d].
 */
export const sgnProgram = (problem: Problem, hyperparameters: SgnHyperparameters): ProgramDefinition => {
  const { length } = problem.parameters;
  const theta = input('theta', [length]);
  const gradient = gradientAt(problem, theta);
  const momentum = momentumOf(hyperparameters.gradientMomentum, gradient, length);
  const { corrected } = momentum;
  const curvature = curvatureOf(problem, hyperparameters, theta);

  const damping = input('damping', []);
  const tolerance = input('cgTolerance', []);
  const iterations = input('cgIterations', []);
  const last = input('lastDirection', [length]);
  const warm = hyperparameters.warmStart > 0;
  const solved = solveAsSet(
    hyperparameters,
    {
      gradient: corrected,
      curvature: curvature.product,
      damping,
      preconditioner: preconditioner(hyperparameters.preconditioner, {
        gradient: corrected,
        damping,
        exponent: hyperparameters.preconditionerExponent,
        ggnDiagonal: curvature.ggnDiagonal,
      }),
    },
    { tolerance, iterations },
    {
      conjugate: hyperparameters.innerSolver === 'cg',
      guard: hyperparameters.negativeCurvatureGuard || isIndefinite(hyperparameters.curvature),
      start: warm ? mul(hyperparameters.warmStart, last) : undefined,
    },
    (step) => lossAt(problem, add(theta, step)),
  );
  const direction = solved.solution;

  const stepSize = input('stepSize', []);
  const thetaNext = add(theta, mul(stepSize, direction));

  const stages = [
    {
      name: 'linearize',
      inputs: [theta, problem.input, problem.target, ...curvature.inputs, ...momentum.inputs],
      outputs: { loss: lossAt(problem, theta), gradientNorm2: dot(gradient, gradient), ...momentum.outputs },
    },
    {
      name: 'solve',
      inputs: [damping, tolerance, iterations, ...(warm ? [last] : [])],
      outputs: {
        iterations: solved.iteration,
        status: solved.status,
        residualProduct: solved.residualProduct,
        curvature: solved.curvature,
        directionNorm2: dot(direction, direction),
        slope: dot(corrected, direction),
        predicted: mul(0.5, dot(add(solved.residual, gradient), direction)),
        ...(warm ? { direction } : {}),
      },
    },
    { name: 'trial', inputs: [stepSize], outputs: { trialLoss: lossAt(problem, thetaNext), thetaNext } },
  ];
  return {
    name: `${problem.name}.sgn`,
    batch: problem.batch,
    sizes: (count) =>
      hasOwnBatch(hyperparameters) ? { [curvatureDimension]: curvatureCount(hyperparameters, count) } : {},
    stages,
  };
};
