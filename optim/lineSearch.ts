/** Backtracking line search (Nocedal & Wright, Numerical Optimization (2006), algorithm 3.1). */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { tailRecTask } from './task.js';

/** How far to go back, and how often. */
export interface LineSearchSettings {
  /** c of the sufficient-decrease condition L(θ + αΔθ) ≤ L(θ) + c α m̂ᵀΔθ. */
  readonly sufficientDecrease: number;
  /** What α is multiplied by when the condition fails. */
  readonly shrink: number;
  /** Shrinks at most this often; then the last α is taken as it is. */
  readonly maxIterations: number;
}

/** A step length that was tried, with the loss it led to. */
export interface Trial {
  readonly stepSize: number;
  readonly loss: number;
}

/** Where the search ended. */
export interface LineSearchResult<T extends Trial> {
  readonly trial: T;
  /** How often α was shrunk. */
  readonly shrinks: number;
  /** Did the last trial satisfy the sufficient-decrease condition? */
  readonly accepted: boolean;
}

/**
 * Shrinks α from the first trial on until the loss has fallen enough: the largest α = shrinkᵏ α₀, k ≤ maxIterations,
 * with L(θ + αΔθ) ≤ L(θ) + c α m̂ᵀΔθ, or the smallest of them if none has. `slope` is m̂ᵀΔθ.
 */
export const backtrack = <Failure, T extends Trial>(
  settings: LineSearchSettings,
  from: { readonly loss: number; readonly slope: number },
  first: T,
  trial: (stepSize: number) => TE.TaskEither<Failure, T>,
): TE.TaskEither<Failure, LineSearchResult<T>> => {
  const sufficient = ({ stepSize, loss }: Trial): boolean =>
    loss <= from.loss + settings.sufficientDecrease * stepSize * from.slope;
  return tailRecTask({ trial: first, shrinks: 0 }, (at) => {
    const accepted = sufficient(at.trial);
    return accepted || at.shrinks >= settings.maxIterations
      ? TE.right(E.right({ ...at, accepted }))
      : pipe(
          trial(settings.shrink * at.trial.stepSize),
          TE.map((next) => E.left({ trial: next, shrinks: at.shrinks + 1 })),
        );
  });
};
