/** Programs of one definition for every batch size that occurs, compiled once each. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { compile, type StageExpressions } from '../compiler/index.js';
import type { Sizes } from '../dsl/index.js';
import type { Executable, Target } from '../runtime/target.js';
import { isCount } from './dataset.js';
import type { OptimizerError } from './optimizer.js';

/** Stages in terms of a symbolic number of samples. */
export interface ProgramDefinition {
  readonly name: string;
  /** The dimension that counts samples. */
  readonly batch: string;
  /** Other dimensions, by the number of samples; none if absent. */
  readonly sizes?: (count: number) => Sizes;
  readonly stages: readonly StageExpressions[];
}

/** The executable for a number of samples. */
export type Programs = (count: number) => TE.TaskEither<OptimizerError, Executable>;

/** Compiles a definition for a target on the first use of a batch size; later uses get the same executable. */
export const programs = (target: Target, { name, batch, sizes = () => ({}), stages }: ProgramDefinition): Programs => {
  // Which batch sizes are compiled already: the state behind "the second step compiles nothing".
  const compiled = new Map<number, ReturnType<TE.TaskEither<OptimizerError, Executable>>>();
  const compileFor = (count: number): TE.TaskEither<OptimizerError, Executable> =>
    pipe(
      TE.fromEither(compile({ name, sizes: { [batch]: count, ...sizes(count) }, stages })),
      TE.flatMap((program): TE.TaskEither<OptimizerError, Executable> => target.compile(program)),
    );
  return (count) => async () => {
    if (!isCount(count))
      return E.left({ _tag: 'BatchError', expected: 'a whole number of samples from 1', actual: `${count}` });
    const known = compiled.get(count);
    if (known !== undefined) return known;
    const executable = compileFor(count)();
    compiled.set(count, executable);
    return executable;
  };
};
