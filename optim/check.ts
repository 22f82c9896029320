/** Certificates for a problem: its derivatives, and the curvatures that optimizers take of it. */
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { type Expr, invalid, mean, mul, primitives, size, sum, typed } from '../dsl/index.js';
import {
  type Certificate,
  type CheckError,
  type CheckedCurvature,
  type CheckOptions,
  checkModel,
} from '../runtime/index.js';
import { type CurvatureName, curvatures, unknownLikelihood } from './curvature.js';
import { exprGiven } from './given.js';
import type { Problem } from './problem.js';

/** ⟨a, b⟩ sample by sample: [batch, …], [batch, …] → [batch]. */
const perSample = (a: Expr, b: Expr): Expr =>
  primitives.reduce('sum', primitives.map('mul', a, b), [...a.shape.keys()].slice(1));

/** What each curvature of a problem has to be; the forms ask for no derivative but J v and J w. */
const matricesOf = ({
  name,
  batch,
  likelihood,
}: Problem): { readonly [Name in CurvatureName]: CheckedCurvature['matrix'] } => ({
  ggn: 'ggn',
  hessian: 'hessian',
  // (1/N) Σ ⟨J w, F_z J v⟩
  fisher: ({ z, Jv, Jw }) =>
    likelihood === undefined
      ? invalid(unknownLikelihood(name))
      : mean(
          perSample(
            Jw,
            exprGiven(`the Fisher matrix of ${name}`, () => likelihood.fisher(z, Jv)),
          ),
        ),
  // (1/N) Σ ⟨∇ℓₙ, J v⟩ ⟨∇ℓₙ, J w⟩, where ∂loss/∂z has the rows ∇ℓₙ/N
  empiricalFisher: ({ gradient, Jv, Jw }) =>
    mul(size(batch), sum(mul(perSample(gradient, Jv), perSample(gradient, Jw)))),
});

const curvatureNames: readonly CurvatureName[] = ['ggn', 'hessian', 'fisher', 'empiricalFisher'];

/** The curvatures of a problem as its optimizers use them, for a check. */
export const checkedCurvatures = (problem: Problem): readonly CheckedCurvature[] =>
  curvatureNames.map((name) => ({
    name,
    matrix: matricesOf(problem)[name],
    product: (theta, v) => curvatures[name](problem, typed(theta))(typed(v)),
  }));

/** Checks a problem as `checkModel` does, with the curvatures that optimizers use. */
export const checkProblem = (
  problem: Problem,
  options: CheckOptions = {},
): TE.TaskEither<CheckError, readonly Certificate[]> =>
  checkModel(problem, { curvatures: checkedCurvatures(problem), ...options });
