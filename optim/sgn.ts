/** Stochastic generalized Gauss-Newton (Gargiani et al. 2020): the optimizer, and its states as plain data. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import type { Target, TargetError } from '../runtime/target.js';
import { asSet } from './asSet.js';
import { batchInputs } from './batch.js';
import { firstCgLimit } from './cgLimit.js';
import { curvatureCount, curvatureInputs } from './curvatureBatch.js';
import { type SgnHyperparameters, sgnHyperparameters } from './hyperparameters.js';
import type { Optimizer } from './optimizer.js';
import type { Problem } from './problem.js';
import { programs } from './programs.js';
import { sgnProgram } from './sgnProgram.js';
import type { Origin, SgnState } from './sgnStages.js';
import { type SgnReport, scheduledDamping, stepOn } from './sgnStep.js';
import {
  optionSchema,
  readOptionalVector,
  readVector,
  type StateCodec,
  stateCodec,
  stepSchema,
  vectorSchema,
} from './state.js';

export type { SgnReport, SgnState };

const rejectionsSchema = z.int().min(0);

const readOrigin: (
  origin: O.Option<Origin>,
) => TE.TaskEither<TargetError, O.Option<Origin & { readonly theta: Float32Array }>> = O.traverse(TE.ApplicativePar)(
  ({ theta, damping, rejections }: Origin) =>
    pipe(
      readVector(theta),
      TE.map((read) => ({ theta: read, damping, rejections })),
    ),
);

const stateOf = (length: number): StateCodec<SgnState> =>
  stateCodec(
    z.strictObject({
      step: stepSchema,
      theta: vectorSchema(length),
      momentum: optionSchema(vectorSchema(length)),
      damping: z.number().positive(),
      cgIterations: z.int().positive(),
      direction: optionSchema(vectorSchema(length)),
      // states of earlier versions have neither
      rejections: rejectionsSchema.default(0),
      origin: optionSchema(
        z.strictObject({ theta: vectorSchema(length), damping: z.number().positive(), rejections: rejectionsSchema }),
      ).default(O.none),
    }),
    ({ step, theta, momentum, damping, cgIterations, direction, rejections, origin }: SgnState) =>
      pipe(
        TE.Do,
        TE.bind('theta', () => readVector(theta)),
        TE.bind('momentum', () => readOptionalVector(momentum)),
        TE.bind('direction', () => readOptionalVector(direction)),
        TE.bind('origin', () => readOrigin(origin)),
        TE.map((vectors) => ({ step, damping, cgIterations, rejections, ...vectors })),
      ),
  );

const sgnAsSet = (problem: Problem, settings: SgnHyperparameters, target: Target): Optimizer<SgnState, SgnReport> => {
  const executables = programs(target, sgnProgram(problem, settings));
  return {
    ...stateOf(problem.parameters.length),
    init: (theta) => ({
      step: 0,
      theta: theta.slice(),
      momentum: settings.gradientMomentum === 0 ? O.none : O.some(new Float32Array(theta.length)),
      damping: settings.trustRegion ? settings.damping : scheduledDamping(settings, 1),
      cgIterations: firstCgLimit(settings),
      direction: settings.warmStart === 0 ? O.none : O.some(new Float32Array(theta.length)),
      rejections: 0,
      origin: O.none,
    }),
    prepare: (count) =>
      pipe(
        executables(count),
        TE.map(() => undefined),
      ),
    ...(settings.curvatureBatch === 'independent'
      ? { curvatureSamples: (count: number) => curvatureCount(settings, count) }
      : {}),
    step: (state, batch) =>
      pipe(
        TE.fromEither(batchInputs(problem, batch)),
        TE.bindTo('inputs'),
        TE.bind('curvature', () => TE.fromEither(curvatureInputs(problem, settings, batch))),
        TE.bind('executable', () => executables(batch.count)),
        TE.flatMap(({ executable, inputs, curvature }) =>
          executable.exclusive(stepOn(executable, settings, state, { ...inputs, ...curvature })),
        ),
        TE.mapLeft((error) => ({ error, state })),
      ),
  };
};

/** SGN for a problem on a target; settings that are refused are an error of every step. */
export const sgn = (problem: Problem, given: SgnHyperparameters, target: Target): Optimizer<SgnState, SgnReport> =>
  asSet('sgn', sgnHyperparameters, given, (settings) => sgnAsSet(problem, settings, target));
