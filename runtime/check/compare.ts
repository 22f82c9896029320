/** Comparisons of values, and of derivatives with finite differences, all in float64. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type Environment, evaluate } from '../../compiler/evaluate.js';
import type { DslError, Expr, Sizes } from '../../dsl/index.js';
import { at, internal, lookup } from '../../dsl/internal.js';
import { alike, type Each } from '../../dsl/tuple.js';
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

/** Values of expressions, as many as there are expressions. */
export const valuesOf = <const T extends readonly Expr[]>(
  exprs: T,
  environment: Environment,
  sizes: Sizes,
): E.Either<DslError, Each<T, Float64Array>> =>
  pipe(
    evaluate(exprs, environment, sizes),
    E.map((values) => alike(exprs, values)),
  );

const largest = (values: ArrayLike<number>): number => {
  let size = 0;
  for (const value of Array.from(values)) {
    const magnitude = Math.abs(value);
    if (!(magnitude <= size)) size = magnitude;
  }
  return size;
};

const combined = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  combine: (a: number, b: number) => number,
): Float64Array =>
  a.length === b.length
    ? Float64Array.from(a, (value, i) => combine(value, at(b, i, 'check')))
    : internal('check', `${a.length} elements beside ${b.length}`);

/** max |a − b| over the size of the larger, at least `floor`. NaN if anything is NaN. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>, floor: number): number =>
  largest(combined(a, b, (x, y) => x - y)) / Math.max(largest(a), largest(b), floor);

/** The verdict on an error. */
export const judged = (error: number, tolerance: number): Comparison => ({
  error,
  tolerance,
  verdict: error <= tolerance ? { _tag: 'Held' } : Number.isFinite(error) ? { _tag: 'Failed' } : { _tag: 'NotFinite' },
});

/** ⟨a, b⟩. */
export const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  combined(a, b, (x, y) => x * y).reduce((sum, term) => sum + term, 0);

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
      const [value, direction] = [lookup(environment, x, 'check'), lookup(environment, xDot, 'check')];
      return [x, combined(value, direction, (start, along) => start + h * along)] as const;
    }),
  ]);

const quotient = (a: ArrayLike<number>, b: ArrayLike<number>, h: number): Float64Array =>
  combined(a, b, (x, y) => (x - y) / h);

/** Compares the claimed tangent with the central difference of the output. */
export const againstDifference = (
  { output, directions, tangent }: Claim,
  environment: Environment,
  sizes: Sizes,
): E.Either<DslError, Comparison> => {
  const moved = (h: number) => valuesOf([output], movedBy(environment, directions, h), sizes);
  const withStep = (h: number): E.Either<DslError, Comparison> =>
    pipe(
      E.Do,
      E.bind('left', () => moved(-h)),
      E.bind('middle', () => moved(0)),
      E.bind('right', () => moved(h)),
      E.bind('claimed', () => valuesOf([tangent], environment, sizes)),
      E.map(({ left: [left], middle: [middle], right: [right], claimed: [claimed] }) => {
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
