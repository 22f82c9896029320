/**
 * One step of SGN, composed of its parts. A loss that is not finite at a trial is a step rejected: the line search shrinks
 * α, and the trust region raises ρ.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Executable } from '../runtime/target.js';
import { nextCgLimit } from './cgLimit.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import { backtrack, finiteTrial, type LineSearchResult, type Trial } from './lineSearch.js';
import type { DeviceVector, OptimizerError, Stepped, StepReport } from './optimizer.js';
import { scheduleValue } from './schedule.js';
import {
  type Linearized,
  type Origin,
  runLinearize,
  runSolve,
  runTrial,
  type SgnState,
  type Solved,
  type ThetaTrial,
} from './sgnStages.js';
import { nextDamping, reductionRatio } from './trustRegion.js';

/** What one step of SGN reports. */
export interface SgnReport extends StepReport {
  readonly rho: number;
  readonly cgIterations: number;
  readonly stopReason: Solved['stopReason'];
  /** ‖g‖₂. */
  readonly gradientNorm: number;
  /** ‖Δθ‖₂. */
  readonly directionNorm: number;
  /** L(θ + αΔθ) on the batch, L(θ) where the step was rejected. */
  readonly trialLoss: number;
  /** (L(θ + Δθ) − L(θ)) / (½ (r + g)ᵀΔθ), as `reductionRatio` has it; none without the trust region. */
  readonly ratio: O.Option<number>;
  /** How often the line search shrank α, and whether the loss fell enough in the end. */
  readonly shrinks: number;
  readonly accepted: boolean;
}

type Result<A> = TE.TaskEither<OptimizerError, A>;

/** Where a step ends: θ, the α that leads there and the loss there. */
type StepEnd = Trial & Pick<SgnState, 'theta'>;

/** ρ of step t = 1, 2, … where it follows a schedule: s(t/K), so that step K is the first with ρ_min. */
export const scheduledDamping = (settings: SgnHyperparameters, step: number): number =>
  scheduleValue(
    {
      kind: settings.dampingSchedule,
      initial: settings.damping,
      final: settings.minDamping,
      steps: settings.dampingScheduleSteps,
      factor: 1,
    },
    step,
  );

/** Where the step went, and how well the model foretold the loss of the full one. */
interface Moved {
  readonly search: LineSearchResult<ThetaTrial>;
  readonly ratio: O.Option<number>;
}

/**
 * From a solved direction to the next θ. The trust region asks for the loss at α = 1, the first trial is at
 * `stepSize`; where these are the same, one trial serves both. A step without a trial whose loss is finite has the
 * ratio −∞, whatever the loss at α = 1.
 */
const move = (
  settings: SgnHyperparameters,
  stepSize: number,
  loss: number,
  { slope, predicted }: Solved,
  trial: (stepSize: number) => Result<ThetaTrial>,
): Result<Moved> => {
  const { trustRegion, lineSearch, sufficientDecrease, shrink, maxLineSearchIterations } = settings;
  const full = trustRegion ? pipe(trial(1), TE.map(O.some)) : TE.right<OptimizerError, O.Option<ThetaTrial>>(O.none);
  const search = (first: ThetaTrial): Result<LineSearchResult<ThetaTrial>> =>
    lineSearch
      ? backtrack({ sufficientDecrease, shrink, maxIterations: maxLineSearchIterations }, { loss, slope }, first, trial)
      : TE.right({ trial: finiteTrial(first), shrinks: 0, accepted: O.isSome(finiteTrial(first)) });
  return pipe(
    full,
    TE.bindTo('full'),
    TE.bind('first', (at) => (O.isSome(at.full) && stepSize === 1 ? TE.right(at.full.value) : trial(stepSize))),
    TE.bind('search', ({ first }) => search(first)),
    TE.map((at) => ({
      search: at.search,
      ratio: O.map((trialled: ThetaTrial) =>
        O.isNone(at.search.trial)
          ? Number.NEGATIVE_INFINITY
          : reductionRatio({ loss, actual: trialled.loss - loss, predicted }),
      )(at.full),
    })),
  );
};

/**
 * Steps from one θ that may be rejected: by then ρ is 4e17 times what it was, or α 1e30 times smaller, and there is no
 * step left to shorten. (A bound as Ceres Solver's `max_num_consecutive_invalid_steps`.)
 */
const maxRejections = 100;

/** Is there something that makes the next step shorter after one that was rejected: the line search or the trust region? */
const canReact = ({ trustRegion, lineSearch }: SgnHyperparameters, rejections: number): boolean =>
  (trustRegion || lineSearch) && rejections < maxRejections;

/** α of the first trial: the line search goes on shrinking where the last step from here was rejected. */
const firstStepSize = ({ lineSearch, stepSize, shrink }: SgnHyperparameters, { rejections }: SgnState): number =>
  lineSearch ? stepSize * shrink ** rejections : stepSize;

/** ρ after a step of a ratio, which there is with the trust region, or by the schedule. */
const dampingAfter = (settings: SgnHyperparameters, step: number, damping: number, ratio: O.Option<number>): number =>
  pipe(
    ratio,
    O.match(
      () => scheduledDamping(settings, step + 1),
      (value) => nextDamping(damping, settings.minDamping, value),
    ),
  );

/** No part of a direction that led nowhere is a start for the next one. */
const forgotten = O.map(({ length }: DeviceVector): DeviceVector => new Float32Array(length));

/** A state with Δθ at its θ. */
interface Directed {
  readonly from: SgnState;
  readonly at: Linearized;
  readonly solved: Solved;
  /** Was the step before taken back for it? */
  readonly withdrawn: boolean;
}

/** The state before the step that led to a θ from which no step is finite: that step is rejected after all. */
const withdraw = (settings: SgnHyperparameters, state: SgnState, origin: Origin): SgnState => ({
  ...state,
  ...origin,
  damping: settings.trustRegion
    ? nextDamping(origin.damping, settings.minDamping, Number.NEGATIVE_INFINITY)
    : state.damping,
  direction: forgotten(state.direction),
  rejections: origin.rejections + 1,
  origin: O.none,
});

/**
 * The gradient and Δθ. Where the loss at θ is finite, but not its gradient or what CG makes of it (or where the loss of
 * this batch is not), the step to θ is taken back, if it may be made shorter.
 */
const direct = (
  executable: Executable,
  settings: SgnHyperparameters,
  state: SgnState,
  batch: Readonly<Record<string, Float32Array>>,
): Result<Directed> => {
  const directAt = (from: SgnState, withdrawn: boolean): Result<Directed> =>
    pipe(
      runLinearize(executable, settings, from, batch),
      TE.bindTo('at'),
      TE.bind('solved', () => runSolve(executable, settings, from)),
      TE.map((found) => ({ from, withdrawn, ...found })),
    );
  return pipe(
    directAt(state, false),
    TE.orElse((error) =>
      error._tag === 'NonFiniteError' && O.isSome(state.origin) && canReact(settings, state.origin.value.rejections)
        ? pipe(
            directAt(withdraw(settings, state, state.origin.value), true),
            TE.mapLeft((again) => (again._tag === 'NonFiniteError' ? error : again)),
          )
        : TE.left(error),
    ),
  );
};

/** What the settings leave to do where no step is finite. */
const remedyOf = ({ trustRegion, lineSearch }: SgnHyperparameters): string =>
  trustRegion || lineSearch
    ? 'start from other parameters, or scale the data: the loss is not finite around these'
    : 'turn lineSearch or trustRegion on, lower stepSize, or raise damping';

/** Where a step ends: at a trial, or where it began, if no trial has a finite loss and the next step can be shorter. */
const endOf = (
  settings: SgnHyperparameters,
  { from, at }: Directed,
  { trial, shrinks }: LineSearchResult<ThetaTrial>,
): E.Either<OptimizerError, StepEnd & Pick<SgnState, 'rejections' | 'origin'>> => {
  const { step, theta, damping, rejections } = from;
  if (O.isSome(trial))
    return E.right({
      ...trial.value,
      rejections: 0,
      origin: O.some({ theta, damping, rejections: rejections + shrinks }),
    });
  if (canReact(settings, rejections))
    return E.right({ stepSize: 0, loss: at.loss, theta, rejections: rejections + 1, origin: from.origin });
  const stepSize = firstStepSize(settings, from) * settings.shrink ** shrinks;
  const remedy = remedyOf(settings);
  return E.left({
    _tag: 'NoFiniteStepError',
    step: step + 1,
    trials: shrinks + 1,
    stepSize,
    damping,
    rejections,
    remedy,
  });
};

/** One whole step on an executable that nobody else uses meanwhile, in the order of the paper. */
export const stepOn = (
  executable: Executable,
  settings: SgnHyperparameters,
  state: SgnState,
  batch: Readonly<Record<string, Float32Array>>,
): Result<Stepped<SgnState, SgnReport>> => {
  const step = state.step + 1;
  return pipe(
    direct(executable, settings, state, batch),
    TE.bindTo('directed'),
    TE.bind('moved', ({ directed: { from, at, solved } }) =>
      move(settings, firstStepSize(settings, from), at.loss, solved, (stepSize) => runTrial(executable, stepSize)),
    ),
    TE.bind('end', ({ directed, moved }) => TE.fromEither(endOf(settings, directed, moved.search))),
    TE.map(({ directed: { from, at, solved, withdrawn }, moved: { search, ratio }, end }) => {
      const { theta, stepSize, rejections, origin } = end;
      const rejected = O.isNone(search.trial);
      return {
        state: {
          step,
          theta,
          momentum: at.momentum,
          damping: dampingAfter(settings, step, from.damping, ratio),
          cgIterations: nextCgLimit(settings, step + 1, from.cgIterations, ratio),
          direction: rejected ? forgotten(from.direction) : solved.direction,
          rejections,
          origin,
        },
        report: {
          step,
          loss: at.loss,
          stepSize,
          ...(rejected ? { rejected: true as const } : {}),
          ...(withdrawn ? { withdrawn: true as const } : {}),
          rho: from.damping,
          cgIterations: solved.iterations,
          stopReason: solved.stopReason,
          gradientNorm: at.gradientNorm,
          directionNorm: solved.directionNorm,
          trialLoss: end.loss,
          ratio,
          shrinks: search.shrinks,
          accepted: search.accepted,
        },
      };
    }),
  );
};
