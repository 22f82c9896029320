/** Backtracking line search (Nocedal & Wright, Numerical Optimization (2006), algorithm 3.1). */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { isFiniteFloat } from './results.js';
import { tailRecTask } from './task.js';

/** How far to go back, and how often. */
export interface LineSearchSettings {
  /** c of the sufficient-decrease condition L(θ + αΔθ) ≤ L(θ) + c α m̂ᵀΔθ. */
  readonly sufficientDecrease: number;
  /** What α is multiplied by when the condition fails. */
  readonly shrink: number;
  /** Shrinks at most this often; then the last α with a finite loss is taken as it is. */
  readonly maxIterations: number;
}

/** A step length that was tried, with the loss it led to. */
export interface Trial {
  readonly stepSize: number;
  /** NaN or an infinity where the loss is none that float32 holds. */
  readonly loss: number;
}

/** Where the search ended. */
export interface LineSearchResult<T extends Trial> {
  /** The last trial whose loss is finite; none where no trial's is. */
  readonly trial: O.Option<T>;
  /** How often α was shrunk. */
  readonly shrinks: number;
  /** Did the last trial satisfy the sufficient-decrease condition? */
  readonly accepted: boolean;
}

/** A trial that may be taken: its loss is finite, as float32 holds it. */
export const finiteTrial = <T extends Trial>(trial: T): O.Option<T> =>
  isFiniteFloat(trial.loss) ? O.some(trial) : O.none;

/**
 * Shrinks α from the first trial on until the loss has fallen enough: the largest α = shrinkᵏ α₀, k ≤ maxIterations,
 * with L(θ + αΔθ) ≤ L(θ) + c α m̂ᵀΔθ, or the smallest of them with a finite loss if none has. A loss that is not finite
 * has not fallen. `slope` is m̂ᵀΔθ.
 */
export const backtrack = <Failure, T extends Trial>(
  settings: LineSearchSettings,
  from: { readonly loss: number; readonly slope: number },
  first: T,
  trial: (stepSize: number) => TE.TaskEither<Failure, T>,
): TE.TaskEither<Failure, LineSearchResult<T>> => {
  const sufficient = ({ stepSize, loss }: Trial): boolean =>
    loss <= from.loss + settings.sufficientDecrease * stepSize * from.slope;
  return tailRecTask({ last: first, trial: finiteTrial(first), shrinks: 0 }, (at) => {
    const accepted = pipe(finiteTrial(at.last), O.exists(sufficient));
    return accepted || at.shrinks >= settings.maxIterations
      ? TE.right(E.right({ trial: at.trial, shrinks: at.shrinks, accepted }))
      : pipe(
          trial(settings.shrink * at.last.stepSize),
          TE.map((next) =>
            E.left({ last: next, trial: O.alt(() => at.trial)(finiteTrial(next)), shrinks: at.shrinks + 1 }),
          ),
        );
  });
};
