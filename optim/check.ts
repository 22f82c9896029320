/** Certificates for a problem: its derivatives, and the curvatures that optimizers take of it. */
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { typed } from '../dsl/index.js';
import {
  type Certificate,
  type CheckError,
  type CheckedCurvature,
  type CheckOptions,
  checkModel,
} from '../runtime/index.js';
import { type CurvatureName, curvatures } from './curvature.js';
import type { Problem } from './problem.js';

/** What each curvature has to be. */
const matrices: { readonly [Name in CurvatureName]: CheckedCurvature['matrix'] } = {
  ggn: 'ggn',
  hessian: 'hessian',
  fisher: 'symmetric',
  empiricalFisher: 'symmetric',
};

const curvatureNames: readonly CurvatureName[] = ['ggn', 'hessian', 'fisher', 'empiricalFisher'];

/** The curvatures of a problem as its optimizers use them, for a check. */
export const checkedCurvatures = (problem: Problem): readonly CheckedCurvature[] =>
  curvatureNames.map((name) => ({
    name,
    matrix: matrices[name],
    product: (theta, v) => curvatures[name](problem, typed(theta))(typed(v)),
  }));

/** Checks a problem as `checkModel` does, with the curvatures that optimizers use. */
export const checkProblem = (
  problem: Problem,
  options: CheckOptions = {},
): TE.TaskEither<CheckError, readonly Certificate[]> =>
  checkModel(problem, { curvatures: checkedCurvatures(problem), ...options });
