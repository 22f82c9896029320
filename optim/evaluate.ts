/** Test metrics of a problem: a compiled program, run over a split in chunks. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { input, typed } from '../dsl/index.js';
import type { Target } from '../runtime/target.js';
import { batchInputs } from './batch.js';
import { bound } from './curvature.js';
import { type Split, takeRows } from './dataset.js';
import type { DeviceVector, OptimizerError } from './optimizer.js';
import { accuracy, type Problem } from './problem.js';
import { type ProgramDefinition, programs } from './programs.js';
import { lossAt } from './sgnProgram.js';
import { tailRecTask } from './task.js';

/** Measures θ on a split: the mean loss over its samples, or the share of them that are classified right. */
export type Evaluate = (theta: DeviceVector, split: Split) => TE.TaskEither<OptimizerError, number>;

const metricProgram = (problem: Problem): ProgramDefinition => {
  const theta = input('theta', [problem.parameters.length]);
  const metric =
    problem.metric === 'accuracy'
      ? accuracy(typed(bound(problem, theta, problem.output)), problem.target)
      : lossAt(problem, theta);
  return {
    name: `${problem.name}.evaluate`,
    batch: problem.batch,
    stages: [{ name: 'evaluate', inputs: [theta, problem.input, problem.target], outputs: { metric } }],
  };
};

/** The evaluation of a problem on a target, `chunk` samples at a time. */
export const evaluation = (problem: Problem, target: Target, chunk: number): Evaluate => {
  const executables = programs(target, metricProgram(problem));
  // The metric of a chunk is a mean over its samples; their weighted sum / count is the mean over the split.
  const measure = (theta: DeviceVector, rows: Split): TE.TaskEither<OptimizerError, number> =>
    pipe(
      TE.fromEither(batchInputs(problem, rows)),
      TE.bindTo('batch'),
      TE.bind('executable', () => executables(rows.count)),
      TE.flatMap(({ batch, executable }) => executable.exclusive(executable.run('evaluate', { theta, ...batch }))),
      TE.map(({ scalars }) => (scalars.metric ?? Number.NaN) * rows.count),
    );
  return (theta, split) =>
    tailRecTask({ start: 0, sum: 0 }, ({ start, sum }) =>
      start >= split.count
        ? TE.right(E.right(sum / split.count))
        : pipe(
            measure(theta, takeRows(split, start, chunk)),
            TE.map((value) => E.left({ start: start + chunk, sum: sum + value })),
          ),
    );
};
