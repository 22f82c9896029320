/**
 * One SGN step as one program of three stages. The compiler computes every expression in the first stage that knows
 * its inputs: activations and loss Hessian in `linearize`, so that the CG iterations of `solve` run no forward pass.
 *
 * - `linearize` (θ, batch, m): loss, g, m, m̂ at θ.
 * - `solve` (ρ, CG limits): Δθ, the whole of CG in one loop on the target.
 * - `trial` (α): θ + αΔθ and its loss on the batch; run again for every α of the line search.
 */
import { grad } from '../compiler/index.js';
import { add, dot, flattenParameters, input, mul, typed } from '../dsl/index.js';
import { cg, type Scalar, type Vector } from './cg.js';
import { bound, ggn } from './curvature.js';
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

/**
 * The program for a problem. Scalars that leave its stages: `loss`, `gradientNorm2` = gᵀg; `iterations`, `status` (see
 * `stopReason`), `residualProduct` = rᵀMr, `curvature` = the last
 * pᵀ(G + ρI)p, `directionNorm2` = ΔθᵀΔθ, `slope` = m̂ᵀΔθ, `predicted` = ½ (r + g)ᵀΔθ;
 * `trialLoss`. Arrays: `momentum` [d] if β > 0, `thetaNext` = θ + αΔθ [d].
 */
export const sgnProgram = (problem: Problem, hyperparameters: SgnHyperparameters): ProgramDefinition => {
  const { length } = problem.parameters;
  const theta = input('theta', [length]);
  const gradient = gradientAt(problem, theta);
  const momentum = momentumOf(hyperparameters.gradientMomentum, gradient, length);
  const { corrected } = momentum;

  const damping = input('damping', []);
  const tolerance = input('cgTolerance', []);
  const iterations = input('cgIterations', []);
  const exponent = hyperparameters.preconditionerExponent;
  const solved = cg.solve(
    {
      gradient: corrected,
      curvature: ggn(problem, theta),
      damping,
      preconditioner: preconditioner(hyperparameters.preconditioner, { gradient: corrected, damping, exponent }),
    },
    { tolerance, iterations },
  );
  const direction = solved.solution;

  const stepSize = input('stepSize', []);
  const thetaNext = add(theta, mul(stepSize, direction));

  const stages = [
    {
      name: 'linearize',
      inputs: [theta, problem.input, problem.target, ...momentum.inputs],
      outputs: { loss: lossAt(problem, theta), gradientNorm2: dot(gradient, gradient), ...momentum.outputs },
    },
    {
      name: 'solve',
      inputs: [damping, tolerance, iterations],
      outputs: {
        iterations: solved.iteration,
        status: solved.status,
        residualProduct: solved.residualProduct,
        curvature: solved.curvature,
        directionNorm2: dot(direction, direction),
        slope: dot(corrected, direction),
        predicted: mul(0.5, dot(add(solved.residual, gradient), direction)),
      },
    },
    { name: 'trial', inputs: [stepSize], outputs: { trialLoss: lossAt(problem, thetaNext), thetaNext } },
  ];
  return { name: `${problem.name}.sgn`, batch: problem.batch, stages };
};
