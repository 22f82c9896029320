/** What all optimizers have in common: immutable states, one step at a time, errors as values. */
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { CompileError } from '../compiler/index.js';
import { type DslError, showDslError } from '../dsl/index.js';
import { showTargetError, type TargetError } from '../runtime/target.js';
import type { StopReason } from './cg.js';
import { type ConfigError, showConfigError } from './experiment.js';
import { type DeviceVector, type StateCodec, type StateError, showStateError } from './state.js';

export { type DeviceVector, readVector } from './state.js';

/** `count` samples: rows of inputs and rows of targets, row-major. */
export interface Samples {
  readonly count: number;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** The samples of a step. */
export interface Batch extends Samples {
  /** Others, drawn apart from them, for an optimizer that asks for such (see `Optimizer.curvatureSamples`). */
  readonly curvature?: Samples;
}

/** What every state holds. */
export interface OptimizerState {
  /** Completed steps. */
  readonly step: number;
  /** θ [d]. */
  readonly theta: DeviceVector;
}

/** What every step reports. */
export interface StepReport {
  /** The step's number, from 1. */
  readonly step: number;
  /** Mean loss of the batch before the step. */
  readonly loss: number;
  /** α, or the learning rate; 0 where the step was rejected. */
  readonly stepSize: number;
  /** True where no trial had a finite loss, so that θ stayed; absent otherwise. */
  readonly rejected?: true;
  /** True where the step before was taken back, as none was finite from where it led; absent otherwise. */
  readonly withdrawn?: true;
  /** ρ that the step was made with. */
  readonly rho?: number;
  readonly cgIterations?: number;
  readonly stopReason?: StopReason['_tag'];
}

/** What can go wrong in a step. The state it started from is untouched and can be stepped again. */
export type OptimizerError =
  /** NaN or an infinity; `quantity` names what, in the notation of the documentation. */
  | { readonly _tag: 'NonFiniteError'; readonly step: number; readonly quantity: string; readonly value: number }
  /** No trial had a finite loss, and nothing is left that would make the next step shorter. */
  | {
      readonly _tag: 'NoFiniteStepError';
      readonly step: number;
      /** How many α were tried in this step, and the smallest of them. */
      readonly trials: number;
      readonly stepSize: number;
      /** ρ of this step. */
      readonly damping: number;
      /** How often steps from the same θ were rejected before, or shrunk ahead of being taken back. */
      readonly rejections: number;
      /** What to do, as far as the settings tell. */
      readonly remedy: string;
    }
  /** A batch does not have the size that its arrays say. */
  | { readonly _tag: 'BatchError'; readonly expected: string; readonly actual: string }
  | StateError
  /** Settings that were given to an optimizer unchecked. */
  | ConfigError
  | DslError
  | CompileError
  | TargetError;

/** One line for people. */
export const showOptimizerError = (error: OptimizerError): string => {
  switch (error._tag) {
    case 'NonFiniteError':
      return `step ${error.step}: ${error.quantity} is ${error.value}`;
    case 'NoFiniteStepError': {
      const { step, trials, stepSize, damping, rejections, remedy } = error;
      const before = rejections === 0 ? '' : `, nor after ${rejections} rejections before`;
      return (
        `step ${step}: the loss L(θ + αΔθ) is finite for none of the α that were tried ` +
        `(${trials}, the smallest ${stepSize}) with ρ = ${damping}${before}; ${remedy}`
      );
    }
    case 'BatchError':
      return `batch: expected ${error.expected}, got ${error.actual}`;
    case 'ConfigError':
      return showConfigError(error);
    case 'StateError':
      return showStateError(error);
    case 'ShapeError':
    case 'NameError':
    case 'UnsupportedError':
    case 'SpecError':
      return showDslError(error);
    default:
      return showTargetError(error);
  }
};

/** A failed step with the last good state, from which one can go on otherwise. */
export interface StepFailure<State> {
  readonly error: OptimizerError;
  readonly state: State;
}

/** What a step gave. */
export interface Stepped<State, Report> {
  readonly state: State;
  readonly report: Report;
}

/** An optimizer of one problem on one target. States never change: one that was kept can be stepped again, to the same bits. */
export interface Optimizer<State extends OptimizerState, Report extends StepReport = StepReport>
  extends StateCodec<State> {
  /** The state before the first step, at θ [d] (copied). */
  readonly init: (theta: Float32Array) => State;
  /** Compiles what a step on `count` samples needs, so that the first step need not. */
  readonly prepare: (count: number) => TE.TaskEither<OptimizerError, void>;
  /** How many samples a step on `count` needs in `batch.curvature`; no step needs any where this is absent. */
  readonly curvatureSamples?: (count: number) => number;
  /** One step on one mini-batch. */
  readonly step: (state: State, batch: Batch) => TE.TaskEither<StepFailure<State>, Stepped<State, Report>>;
}
