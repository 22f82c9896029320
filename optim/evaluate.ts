/** Test metrics of a problem: a compiled program, run over a split in chunks. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { constant, equal, input, mul, primitives, size, sub, sum, typed } from '../dsl/index.js';
import { internal } from '../dsl/internal.js';
import type { Target } from '../runtime/target.js';
import { batchInputs } from './batch.js';
import { bound } from './curvature.js';
import { checkSplit, isCount, type Split, takeRows } from './dataset.js';
import { accuracyOf } from './objective.js';
import type { DeviceVector, OptimizerError } from './optimizer.js';
import type { Problem } from './problem.js';
import { type ProgramDefinition, programs } from './programs.js';
import { nonFinite } from './results.js';
import { lossAt } from './sgnProgram.js';
import { tailRecTask } from './task.js';

/** What is measured, for the errors: after which step, and on which data, for example `test`. */
export interface Occasion {
  readonly step: number;
  readonly data: string;
}

/**
 * Measures θ on a split: the mean loss over its samples, or the share of targets that are predicted right. Outputs, a
 * loss or a metric that are not finite are an error, which says on which data, and of how many samples.
 */
export type Evaluate = (theta: DeviceVector, split: Split, occasion: Occasion) => TE.TaskEither<OptimizerError, number>;

/** Of a chunk: means over its samples, and what its outputs are where they are not finite. */
const evaluationProgram = (problem: Problem): ProgramDefinition => {
  const theta = input('theta', [problem.parameters.length]);
  const output = bound(problem, theta, problem.output);
  const loss = lossAt(problem, theta);
  const finite = primitives.map('isFinite', output);
  const rest = output.shape.slice(1).map((_, i) => i + 1);
  const elements = output.shape
    .slice(1)
    .map(size)
    .reduce((product, extent) => mul(product, extent), constant(1));
  const complete = equal(typed(primitives.reduce('sum', finite, rest)), elements);
  return {
    name: `${problem.name}.evaluate`,
    batch: problem.batch,
    stages: [
      {
        name: 'evaluate',
        inputs: [theta, problem.input, problem.target],
        outputs: {
          loss,
          metric: problem.metric === 'loss' ? loss : accuracyOf(problem)(output, problem.target),
          incomplete: sum(sub(1, complete)),
          // NaN or ±∞ where an output is, else 0
          culprit: sum(typed(primitives.map('select', finite, primitives.zeros(output.shape), output))),
        },
      },
    ],
  };
};

/** Sums over the samples of a split so far. */
interface Sums {
  readonly loss: number;
  readonly metric: number;
  /** Samples of which an output is not finite. */
  readonly incomplete: number;
  readonly culprit: number;
}

const none: Sums = { loss: 0, metric: 0, incomplete: 0, culprit: 0 };

/** The mean of the metric, or what is not finite. */
const measured = (
  { metric: kind }: Problem,
  { loss, metric, incomplete, culprit }: Sums,
  count: number,
  { step, data }: Occasion,
): E.Either<OptimizerError, number> => {
  if (incomplete > 0)
    return E.left(nonFinite(step, `the output of ${incomplete} of ${count} ${data} samples`, culprit));
  if (!Number.isFinite(loss)) return E.left(nonFinite(step, `the ${data} loss`, loss));
  return Number.isFinite(metric) ? E.right(metric / count) : E.left(nonFinite(step, `the ${data} ${kind}`, metric));
};

/** The evaluation of a problem on a target, `chunk` samples at a time. */
export const evaluation = (problem: Problem, target: Target, chunk: number): Evaluate => {
  const executables = programs(target, evaluationProgram(problem));
  // What a chunk gives are means over its samples; their weighted sum / count is the mean over the split.
  const measure = (theta: DeviceVector, rows: Split, sums: Sums): TE.TaskEither<OptimizerError, Sums> =>
    pipe(
      TE.fromEither(batchInputs(problem, rows)),
      TE.bindTo('batch'),
      TE.bind('executable', () => executables(rows.count)),
      TE.flatMap(({ batch, executable }) => executable.exclusive(executable.run('evaluate', { theta, ...batch }))),
      TE.map(({ scalars }) => {
        const of = (name: keyof Sums): number => scalars[name] ?? internal('evaluate', `no output ${name}`);
        return {
          loss: sums.loss + of('loss') * rows.count,
          metric: sums.metric + of('metric') * rows.count,
          incomplete: sums.incomplete + of('incomplete'),
          culprit: sums.culprit + of('culprit'),
        };
      }),
    );
  const measureAll: Evaluate = (theta, split, occasion) =>
    tailRecTask({ start: 0, sums: none }, ({ start, sums }) =>
      start >= split.count
        ? TE.fromEither(
            pipe(
              measured(problem, sums, split.count, occasion),
              E.map((value) => E.right(value)),
            ),
          )
        : pipe(
            measure(theta, takeRows(split, start, chunk), sums),
            TE.map((next) => E.left({ start: start + chunk, sums: next })),
          ),
    );
  const mistakeIn = (split: Split, { data }: Occasion): E.Either<OptimizerError, void> => {
    if (!isCount(chunk))
      return E.left({ _tag: 'BatchError', expected: 'a whole number of samples per chunk from 1', actual: `${chunk}` });
    return pipe(
      checkSplit(data, split),
      E.bimap(
        ({ expected, actual }): OptimizerError => ({ _tag: 'BatchError', expected: `${expected} (${data})`, actual }),
        () => undefined,
      ),
    );
  };
  return (theta, split, occasion) =>
    pipe(
      TE.fromEither(mistakeIn(split, occasion)),
      TE.flatMap(() => measureAll(theta, split, occasion)),
    );
};
