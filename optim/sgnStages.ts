/** Running the stages of an SGN step: their inputs, and their results with every NaN and infinity refused by name. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { DeviceArray, Executable, StageInput } from '../runtime/target.js';
import { type StopReason, stopReason } from './cg.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import type { Trial } from './lineSearch.js';
import type { DeviceVector, OptimizerError, OptimizerState } from './optimizer.js';
import { arrayOf, finiteScalars, nonFinite, scalarOf } from './results.js';

type Result<A> = TE.TaskEither<OptimizerError, A>;

/** Where SGN stands. */
export interface SgnState extends OptimizerState {
  /** ρ of the next step. */
  readonly damping: number;
  /** m [d], where the gradient has momentum. */
  readonly momentum: O.Option<DeviceVector>;
  /** The limit of CG iterations in the next step. */
  readonly cgIterations: number;
  /** Δθ [d] of the last step, 0 before the first and after one that was rejected, where CG starts warm. */
  readonly direction: O.Option<DeviceVector>;
  /** How often steps from this θ were found too long: rejected, or shrunk ahead of being taken back. */
  readonly rejections: number;
  /** Where the step to this θ was made, to go back to if there is no going on from here. */
  readonly origin: O.Option<Origin>;
}

/** A θ that a step was made from. */
export interface Origin extends Pick<SgnState, 'theta' | 'damping' | 'rejections'> {}

/** The linearisation point. */
export interface Linearized {
  /** L(θ). */
  readonly loss: number;
  /** ‖g‖₂. */
  readonly gradientNorm: number;
  /** m after this step's gradient. */
  readonly momentum: O.Option<DeviceArray>;
}

/** What CG found. */
export interface Solved {
  readonly iterations: number;
  readonly stopReason: StopReason['_tag'];
  /** m̂ᵀΔθ. */
  readonly slope: number;
  /** ½ (r + g)ᵀΔθ. */
  readonly predicted: number;
  /** ‖Δθ‖₂. */
  readonly directionNorm: number;
  /** Δθ [d], where the next step starts from it. */
  readonly direction: O.Option<DeviceArray>;
}

/** A trial with where it led. */
export interface ThetaTrial extends Trial {
  /** θ + αΔθ. */
  readonly theta: DeviceArray;
}

/** L(θ), g and m at the state's θ on a batch. */
export const runLinearize = (
  executable: Executable,
  settings: SgnHyperparameters,
  state: SgnState,
  batch: Readonly<Record<string, StageInput>>,
): Result<Linearized> => {
  const step = state.step + 1;
  const momentum: Readonly<Record<string, StageInput>> = O.isSome(state.momentum)
    ? { momentum: state.momentum.value, momentumCorrection: 1 / (1 - settings.gradientMomentum ** step) }
    : {};
  return pipe(
    executable.run('linearize', { theta: state.theta, ...batch, ...momentum }),
    TE.flatMapEither((result) =>
      pipe(
        finiteScalars(step, result, { loss: 'the loss L(θ)', gradientNorm2: 'the squared gradient norm gᵀg' }),
        E.map((scalar) => ({
          loss: scalar('loss'),
          gradientNorm: Math.sqrt(scalar('gradientNorm2')),
          momentum: O.map(() => arrayOf(result, 'momentum'))(state.momentum),
        })),
      ),
    ),
  );
};

/** Δθ by CG; it stays on the target. */
export const runSolve = (executable: Executable, settings: SgnHyperparameters, state: SgnState): Result<Solved> => {
  const step = state.step + 1;
  const { damping, cgIterations } = state;
  const last: Readonly<Record<string, StageInput>> = O.isSome(state.direction)
    ? { lastDirection: state.direction.value }
    : {};
  return pipe(
    executable.run('solve', { damping, cgTolerance: settings.cgTolerance, cgIterations, ...last }),
    TE.flatMapEither((result) =>
      pipe(
        // float64 on the interpreter, and no part of a state
        finiteScalars(step, result, { curvature: 'pᵀ(G + ρI)p of CG', residualProduct: 'rᵀMr of CG' }, Number.isFinite),
        E.flatMap(() =>
          finiteScalars(step, result, {
            directionNorm2: 'the squared norm of the direction ΔθᵀΔθ',
            slope: 'the slope m̂ᵀΔθ',
            predicted: 'the predicted reduction ½(r + g)ᵀΔθ',
            iterations: 'the number of CG iterations',
            status: 'the status of CG',
          }),
        ),
        E.filterOrElse(
          (scalar) => stopReason(scalar('status'))._tag !== 'NonFinite',
          (scalar) => nonFinite(step, 'an inner product of CG (by its status)', scalar('status')),
        ),
        E.map((scalar) => ({
          iterations: scalar('iterations'),
          stopReason: stopReason(scalar('status'))._tag,
          slope: scalar('slope'),
          predicted: scalar('predicted'),
          directionNorm: Math.sqrt(scalar('directionNorm2')),
          direction: O.map(() => arrayOf(result, 'direction'))(state.direction),
        })),
      ),
    ),
  );
};

/** θ + αΔθ and its loss on the batch, which need not be finite. */
export const runTrial = (executable: Executable, stepSize: number): Result<ThetaTrial> =>
  pipe(
    executable.run('trial', { stepSize }),
    TE.map((result) => ({
      stepSize,
      loss: scalarOf(result, 'trialLoss'),
      theta: arrayOf(result, 'thetaNext'),
    })),
  );
