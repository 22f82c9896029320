/** A mini-batch, parameters and a direction of random numbers for a problem: the bench needs no data set. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type DslError, initialise, random } from '../dsl/index.js';
import type { Batch, Problem } from '../optim/index.js';

/** Classes that labels are drawn from where the problem has labels. */
const classesOf = ({ output }: Problem): number => Number(output.shape[output.shape.length - 1] ?? 1);

/** What is given to every contender. */
export interface Sample {
  readonly batch: Batch;
  /** θ [d]. */
  readonly theta: Float32Array;
  /** v [d]. */
  readonly direction: Float32Array;
}

const sizeOf = (shape: readonly unknown[]): number =>
  shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1);

const uniform = (seed: number, count: number): Float32Array =>
  Float32Array.from(random.uniform(random.generator(seed), count).values);

/** Labels 0 … C − 1 where the loss says that targets are such, numbers in [0, 1) otherwise. */
const targetsOf = (problem: Problem, count: number): Float32Array => {
  const numbers = uniform(2, count * sizeOf(problem.target.shape));
  return problem.response?.targets._tag === 'Labels' ? numbers.map((u) => Math.floor(u * classesOf(problem))) : numbers;
};

/** A mini-batch of `count` rows, the same at every call. */
export const batchOf = (problem: Problem, count: number): Batch => ({
  count,
  inputs: uniform(1, count * sizeOf(problem.input.shape)),
  targets: targetsOf(problem, count),
});

/** A sample of `count` rows, the same at every call. Left: the problem's initialiser is none. */
export const sampleOf = (problem: Problem, count: number): E.Either<DslError, Sample> =>
  pipe(
    initialise(problem.parameters, problem.initialiser, random.generator(4)),
    E.map(({ theta }) => ({
      batch: batchOf(problem, count),
      theta,
      direction: uniform(3, theta.length).map((u) => u - 0.5),
    })),
  );
