/** Comparisons of values, and of derivatives with finite differences, all in float64. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type Environment, evaluate } from '../../compiler/evaluate.js';
import type { DslError, Expr, Sizes } from '../../dsl/index.js';
import type { Certificate } from './certificate.js';

/** A function of some variables, with what is claimed of its derivative along a direction. */
export interface Claim {
  /** y(x). */
  readonly output: Expr;
  /** Each x with its ẋ, as they are called in the environment. */
  readonly directions: readonly (readonly [Expr, Expr])[];
  /** What is claimed to be ẏ. */
  readonly tangent: Expr;
}

/** A comparison, before it is known which law it is of. */
export type Comparison = Pick<Certificate, 'error' | 'tolerance' | 'verdict'>;

const largest = (values: ArrayLike<number>): number => {
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (!(magnitude <= size)) size = magnitude;
  }
  return size;
};

/** max |a − b| over the size of the larger, at least `floor`. NaN if anything is NaN. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>, floor: number): number => {
  const difference = Float64Array.from(
    { length: Math.max(a.length, b.length) },
    (_, i) => (a[i] ?? Number.NaN) - (b[i] ?? Number.NaN),
  );
  return largest(difference) / Math.max(largest(a), largest(b), floor);
};

/** The verdict on an error. */
export const judged = (error: number, tolerance: number): Comparison => ({
  error,
  tolerance,
  verdict: error <= tolerance ? { _tag: 'Held' } : Number.isFinite(error) ? { _tag: 'Failed' } : { _tag: 'NotFinite' },
});

/** ⟨a, b⟩. */
export const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

// Central differences err by h² |y‴| and by rounding / h, and by h |y″| where y″ jumps, as at θ = 0 under relu. The last can
// reach the tolerance in a wide network; it shrinks with h, which the error of a wrong derivative does not.
const step = 1e-6;
const smallerStep = 1e-8;
const differenceTolerance = 1e-5;
const kink = 1e-3;

/** The environment with every x moved to x + h ẋ. */
const movedBy = (environment: Environment, directions: Claim['directions'], h: number): Environment =>
  new Map([
    ...environment,
    ...directions.map(([x, xDot]) => {
      const [at, along] = [environment.get(x) ?? [], environment.get(xDot) ?? []];
      return [x, Float64Array.from({ length: at.length }, (_, i) => (at[i] ?? 0) + h * (along[i] ?? 0))] as const;
    }),
  ]);

const quotient = (a: ArrayLike<number>, b: ArrayLike<number>, h: number): Float64Array =>
  Float64Array.from({ length: a.length }, (_, i) => ((a[i] ?? 0) - (b[i] ?? 0)) / h);

/** Compares the claimed tangent with the central difference of the output. */
export const againstDifference = (
  { output, directions, tangent }: Claim,
  environment: Environment,
  sizes: Sizes,
): E.Either<DslError, Comparison> => {
  const at = (h: number) =>
    pipe(
      evaluate([output], movedBy(environment, directions, h), sizes),
      E.map(([values = new Float64Array(0)]) => values),
    );
  const withStep = (h: number): E.Either<DslError, Comparison> =>
    pipe(
      E.Do,
      E.bind('left', () => at(-h)),
      E.bind('middle', () => at(0)),
      E.bind('right', () => at(h)),
      E.bind('claimed', () => evaluate([tangent], environment, sizes)),
      E.map(({ left, middle, right, claimed: [claimed = new Float64Array(0)] }) => {
        // rounding of y limits what a difference can tell: its share is the floor of the comparison
        const floor = Math.max(largest(middle), 1e-3);
        const comparison = judged(relativeError(claimed, quotient(right, left, 2 * h), floor), differenceTolerance);
        if (comparison.verdict._tag !== 'Failed') return comparison;
        const sides = relativeError(quotient(right, middle, h), quotient(middle, left, h), floor);
        return sides > kink ? { ...comparison, verdict: { _tag: 'NotDifferentiable' } } : comparison;
      }),
    );
  return pipe(
    withStep(step),
    E.flatMap((comparison) => (comparison.verdict._tag === 'Failed' ? withStep(smallerStep) : E.right(comparison))),
  );
};

const identityTolerance = 1e-9;

/** Compares two scalars that are inner products; `size` is what their vectors amount to. */
export const equalProducts = (a: number, b: number, size: number): Comparison =>
  judged(Math.abs(a - b) / Math.max(size, Number.MIN_VALUE), identityTolerance);

/** ‖a‖ ‖b‖: what an inner product is measured against. */
export const productSize = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.sqrt(inner(a, a) * inner(b, b));
