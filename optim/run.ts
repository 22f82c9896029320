/** One run of an experiment: settings, data and a target become a trained θ. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { initialise, random, sameShape } from '../dsl/index.js';
import type { Target } from '../runtime/target.js';
import type { Dataset } from './dataset.js';
import { evaluation } from './evaluate.js';
import type { ConfigError, RunSettings } from './experiment.js';
import type { Optimizer, OptimizerError, OptimizerState } from './optimizer.js';
import type { Problem } from './problem.js';
import { sgd } from './sgd.js';
import { sgn } from './sgn.js';
import { type Training, type TrainResult, train } from './train.js';

/** What a run is made of. */
export interface Run {
  readonly problem: Problem;
  readonly settings: RunSettings;
  readonly dataset: Dataset;
  readonly target: Target;
}

/** The effects of a run that are its caller's. */
export type RunHooks = Pick<Training<OptimizerState>, 'clock' | 'interrupted' | 'onStep' | 'onEpoch'>;

// Large enough that a target is busy, small enough that the activations of a chunk need little memory.
const evaluationChunk = 1000;

/** Does the data fit the problem and the settings? */
export const checkRun = ({ problem, settings, dataset }: Omit<Run, 'target'>): E.Either<ConfigError, void> => {
  const refuse = (setting: string, text: string) =>
    E.left<ConfigError>({ _tag: 'ConfigError', setting, problem: text });
  const { count, inputShape, targetShape } = dataset.train;
  if (settings.batchSize > count)
    return refuse(
      'batchSize',
      `${settings.batchSize} is more than the ${count} training samples; choose at most ${count}`,
    );
  const misfit = [
    { what: 'inputs', has: inputShape, needs: problem.input.shape.slice(1) },
    { what: 'targets', has: targetShape, needs: problem.target.shape.slice(1) },
  ].find(({ has, needs }) => !sameShape(has, needs));
  return misfit === undefined
    ? E.right(undefined)
    : refuse(
        'dataset',
        `the ${misfit.what} of ${dataset.name} have shape [${misfit.has.join(', ')}] per sample, ${problem.name} needs [${misfit.needs.join(', ')}]`,
      );
};

/** Calls `use` with the optimizer that the settings choose, whatever its state is. */
const withOptimizer = <A>(
  { problem, settings, target }: Run,
  use: <State extends OptimizerState>(optimizer: Optimizer<State>) => A,
): A => {
  switch (settings.solver) {
    case 'sgn':
      return use(sgn(problem, settings.sgn, target));
    case 'sgd':
      return use(sgd(problem, settings.sgd, target));
  }
};

/** Compiles for the full batch and for the smaller one that an epoch may end with. */
const prepareBatches = <State extends OptimizerState>(
  optimizer: Optimizer<State>,
  count: number,
  batchSize: number,
): TE.TaskEither<OptimizerError, void> =>
  pipe(
    optimizer.prepare(batchSize),
    TE.flatMap(() => (count % batchSize === 0 ? TE.right(undefined) : optimizer.prepare(count % batchSize))),
  );

/**
 * Trains from the seed's parameters until the settings' epochs or seconds are used up, an interrupt, or a failure.
 * The one generator of the seed draws first the parameters, then every epoch's order.
 */
export const run = (given: Run, hooks: RunHooks): TE.TaskEither<OptimizerError, TrainResult<OptimizerState>> => {
  const { problem, settings, dataset, target } = given;
  const { theta, generator } = initialise(problem.parameters, problem.initialiser, random.generator(settings.seed));
  return withOptimizer(given, (optimizer) =>
    pipe(
      prepareBatches(optimizer, dataset.train.count, settings.batchSize),
      TE.flatMapTask(() =>
        train(
          {
            ...hooks,
            dataset,
            metric: problem.metric,
            optimizer,
            evaluate: evaluation(problem, target, evaluationChunk),
            batchSize: settings.batchSize,
            epochs: settings.epochs,
            seconds: settings.seconds ?? Number.POSITIVE_INFINITY,
          },
          { state: optimizer.init(theta), generator, history: [], seconds: 0 },
        ),
      ),
    ),
  );
};

/** The name of the solver that settings choose, for example `SGN(10)`. */
export const solverName = ({ solver, sgn: newton, sgd: descent }: RunSettings): string =>
  solver === 'sgn' ? `SGN(${newton.maxCgIterations})` : `SGD(${descent.learningRate})`;
