/** Stochastic generalized Gauss-Newton (Gargiani et al. 2020): the stepper, composed of its parts. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import type { Executable, Target } from '../runtime/target.js';
import { batchInputs } from './batch.js';
import { firstCgLimit, nextCgLimit } from './cgLimit.js';
import { curvatureCount, curvatureInputs } from './curvatureBatch.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import { backtrack, type LineSearchResult } from './lineSearch.js';
import type { Optimizer, OptimizerError, Stepped, StepReport } from './optimizer.js';
import type { Problem } from './problem.js';
import { programs } from './programs.js';
import { scheduleValue } from './schedule.js';
import { sgnProgram } from './sgnProgram.js';
import { runLinearize, runSolve, runTrial, type SgnState, type Solved, type ThetaTrial } from './sgnStages.js';
import {
  optionSchema,
  readOptionalVector,
  readVector,
  type StateCodec,
  stateCodec,
  stepSchema,
  vectorSchema,
} from './state.js';
import { nextDamping, reductionRatio } from './trustRegion.js';

export type { SgnState };

const stateOf = (length: number): StateCodec<SgnState> =>
  stateCodec(
    z.strictObject({
      step: stepSchema,
      theta: vectorSchema(length),
      momentum: optionSchema(vectorSchema(length)),
      damping: z.number().positive(),
      cgIterations: z.int().positive(),
      direction: optionSchema(vectorSchema(length)),
    }),
    ({ step, theta, momentum, damping, cgIterations, direction }: SgnState) =>
      pipe(
        TE.Do,
        TE.bind('theta', () => readVector(theta)),
        TE.bind('momentum', () => readOptionalVector(momentum)),
        TE.bind('direction', () => readOptionalVector(direction)),
        TE.map((vectors) => ({ step, damping, cgIterations, ...vectors })),
      ),
  );

/** What one step of SGN reports. */
export interface SgnReport extends StepReport {
  readonly rho: number;
  readonly cgIterations: number;
  readonly stopReason: Solved['stopReason'];
  /** ‖g‖₂. */
  readonly gradientNorm: number;
  /** ‖Δθ‖₂. */
  readonly directionNorm: number;
  /** L(θ + αΔθ) on the batch. */
  readonly trialLoss: number;
  /** (L(θ + Δθ) − L(θ)) / (½ (r + g)ᵀΔθ), as `reductionRatio` has it; none without the trust region. */
  readonly ratio: O.Option<number>;
  /** How often the line search shrank α, and whether the loss fell enough in the end. */
  readonly shrinks: number;
  readonly accepted: boolean;
}

type Result<A> = TE.TaskEither<OptimizerError, A>;

/** ρ of step t = 1, 2, … where it follows a schedule. */
const scheduledDamping = (settings: SgnHyperparameters, step: number): number =>
  scheduleValue(
    {
      kind: settings.dampingSchedule,
      initial: settings.damping,
      final: settings.minDamping,
      steps: settings.dampingScheduleSteps,
      factor: 1,
    },
    step - 1,
  );

/** Where the step went, and how well the model foretold the loss of the full one. */
interface Moved {
  readonly search: LineSearchResult<ThetaTrial>;
  readonly ratio: O.Option<number>;
}

/**
 * From a solved direction to the next θ. The trust region asks for the loss at α = 1, the line search starts at
 * `stepSize`; where these are the same, one trial serves both.
 */
const move = (
  settings: SgnHyperparameters,
  loss: number,
  { slope, predicted }: Solved,
  trial: (stepSize: number) => Result<ThetaTrial>,
): Result<Moved> => {
  const { trustRegion, lineSearch, stepSize, sufficientDecrease, shrink, maxLineSearchIterations } = settings;
  const full = trustRegion ? pipe(trial(1), TE.map(O.some)) : TE.right<OptimizerError, O.Option<ThetaTrial>>(O.none);
  const search = (first: ThetaTrial): Result<LineSearchResult<ThetaTrial>> =>
    lineSearch
      ? backtrack({ sufficientDecrease, shrink, maxIterations: maxLineSearchIterations }, { loss, slope }, first, trial)
      : TE.right({ trial: first, shrinks: 0, accepted: true });
  return pipe(
    full,
    TE.bindTo('full'),
    TE.bind('first', (at) => (O.isSome(at.full) && stepSize === 1 ? TE.right(at.full.value) : trial(stepSize))),
    TE.bind('search', ({ first }) => search(first)),
    TE.map((at) => ({
      search: at.search,
      ratio: O.map((trialled: ThetaTrial) => reductionRatio({ loss, actual: trialled.loss - loss, predicted }))(
        at.full,
      ),
    })),
  );
};

/** One whole step on an executable that nobody else uses meanwhile, in the order of the paper. */
const stepOn = (
  executable: Executable,
  settings: SgnHyperparameters,
  state: SgnState,
  batch: Readonly<Record<string, Float32Array>>,
): Result<Stepped<SgnState, SgnReport>> => {
  const step = state.step + 1;
  return pipe(
    runLinearize(executable, settings, state, batch),
    TE.bindTo('at'),
    TE.bind('solved', () => runSolve(executable, settings, state)),
    TE.bind('moved', ({ at, solved }) =>
      move(settings, at.loss, solved, (stepSize) => runTrial(executable, step, stepSize)),
    ),
    TE.map(({ at, solved, moved: { search, ratio } }) => ({
      state: {
        step,
        theta: search.trial.theta,
        momentum: at.momentum,
        damping: pipe(
          ratio,
          O.match(
            () => scheduledDamping(settings, step + 1),
            (value) => nextDamping(state.damping, settings.minDamping, value),
          ),
        ),
        cgIterations: nextCgLimit(settings, step + 1, state.cgIterations, ratio),
        direction: solved.direction,
      },
      report: {
        step,
        loss: at.loss,
        stepSize: search.trial.stepSize,
        rho: state.damping,
        cgIterations: solved.iterations,
        stopReason: solved.stopReason,
        gradientNorm: at.gradientNorm,
        directionNorm: solved.directionNorm,
        trialLoss: search.trial.loss,
        ratio,
        shrinks: search.shrinks,
        accepted: search.accepted,
      },
    })),
  );
};

/** SGN for a problem on a target. */
export const sgn = (problem: Problem, settings: SgnHyperparameters, target: Target): Optimizer<SgnState, SgnReport> => {
  const executables = programs(target, sgnProgram(problem, settings));
  return {
    ...stateOf(problem.parameters.length),
    init: (theta) => ({
      step: 0,
      theta: theta.slice(),
      momentum: settings.gradientMomentum === 0 ? O.none : O.some(new Float32Array(theta.length)),
      damping: settings.damping,
      cgIterations: firstCgLimit(settings),
      direction: settings.warmStart === 0 ? O.none : O.some(new Float32Array(theta.length)),
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
