/** What runs reach, and how they end: what a failed run reached is never lost, and never mistaken for a result. */
import * as E from 'fp-ts/lib/Either.js';
import type { Generator } from '../dsl/index.js';
import {
  type DeviceVector,
  type OptimizerError,
  type OptimizerState,
  type StepReport,
  showOptimizerError,
} from './optimizer.js';

/** One line of a run's history. */
export interface EpochRecord {
  /** Epochs completed so far; a fraction where the run ended inside one. */
  readonly epoch: number;
  /** Mean over the epoch's steps of the batch's loss before the step. */
  readonly trainLoss: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** The same metric on the training samples that are held out, where some are. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Seconds of training from the start of the run: steps only, neither compiling before them nor measuring after them. */
  readonly seconds: number;
  /** ρ, α (or the learning rate; 0 where the step was rejected), CG iterations and why CG stopped, in the last step of the epoch. */
  readonly rho?: number;
  readonly stepSize: number;
  readonly cgIterations?: number;
  readonly stopReason?: NonNullable<StepReport['stopReason']>;
  /** Steps that were rejected in the epoch, if any: no trial had a finite loss, or no next step from where they led. */
  readonly rejected?: number;
}

/** What a run has reached: all that is needed to go on from there. */
export interface Progress<State> {
  readonly state: State;
  readonly generator: Generator;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
  /** θ [d] after the epoch that is best on the validation data; absent where none are held out. */
  readonly best?: Float32Array;
}

/** The parameters θ [d] that a run keeps: the best on the validation data, or the last. */
export const keptTheta = ({ best, state }: Progress<OptimizerState>): DeviceVector => best ?? state.theta;

/** Why a run ended that did not fail. */
export type Ending = { readonly _tag: 'Epochs' } | { readonly _tag: 'Seconds' } | { readonly _tag: 'Interrupted' };

/** What a run reached, and why it ended there. */
export interface TrainResult<State> {
  readonly progress: Progress<State>;
  readonly ending: Ending;
}

/** A run that failed, with all that it had reached before. */
export interface RunFailed<State> {
  readonly _tag: 'RunFailed';
  readonly error: OptimizerError;
  /** The state is the last good one; its history ends with the last epoch that was completed. */
  readonly progress: Progress<State>;
}

/** A run that was refused, or could not be prepared, before its first step. */
export interface RunRefused {
  readonly _tag: 'RunRefused';
  readonly error: OptimizerError;
}

/** Why there is no result. What a run reached that failed is in `RunFailed.progress`. */
export type RunFailure<State> = RunRefused | RunFailed<State>;

/** One line for people. */
export const showRunFailure = (failure: RunFailure<OptimizerState>): string => {
  const what = showOptimizerError(failure.error);
  return failure._tag === 'RunRefused' ? what : `${what}; what was reached before is kept`;
};

/** What a run came to, failed or not, for those who keep and show either. */
export interface Outcome<State> {
  readonly progress: Progress<State>;
  readonly ending: Ending | { readonly _tag: 'Failed'; readonly error: OptimizerError };
}

/** The outcome of a run that began; Left for one that did not. */
export const outcomeOf = <State>(
  ended: E.Either<RunFailure<State>, TrainResult<State>>,
): E.Either<RunRefused, Outcome<State>> => {
  if (E.isRight(ended)) return ended;
  const failure = ended.left;
  return failure._tag === 'RunRefused'
    ? E.left(failure)
    : E.right({ progress: failure.progress, ending: { _tag: 'Failed', error: failure.error } });
};
