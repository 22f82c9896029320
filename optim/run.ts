/** One run of an experiment: settings, data and a target become a trained θ. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as T from 'fp-ts/lib/Task.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { initialise, random, sameShape } from '../dsl/index.js';
import type { Target } from '../runtime/target.js';
import { checkDataset, checkFinite, type Dataset, showDatasetError } from './dataset.js';
import { evaluation } from './evaluate.js';
import { type ConfigError, parseRunSettings, type RunSettings } from './experiment.js';
import type { Optimizer, OptimizerError, OptimizerState } from './optimizer.js';
import { optimizerTitle, withOptimizer } from './optimizers.js';
import type { EpochRecord, Progress, RunFailure, RunRefused, TrainResult } from './outcome.js';
import type { Problem } from './problem.js';
import { runIdentity, type Snapshot } from './snapshot.js';
import { decodeVector, encodeVector } from './state.js';
import { targetMistake } from './targets.js';
import { type Training, trainChecked } from './train.js';
import { holdOut } from './validation.js';

/** What a run is made of. */
export interface Run {
  readonly problem: Problem;
  readonly settings: RunSettings;
  readonly dataset: Dataset;
  readonly target: Target;
}

/** The effects of a run that are its caller's. */
export interface RunHooks extends Pick<Training<OptimizerState>, 'clock' | 'interrupted' | 'onStep'> {
  /** After every epoch and its measurement; `snapshot` copies what a later run needs to go on from here. */
  readonly onEpoch: (
    record: EpochRecord,
    progress: Progress<OptimizerState>,
    snapshot: TE.TaskEither<OptimizerError, Snapshot>,
  ) => T.Task<void>;
}

/** Where a run starts. */
export type Start =
  /** At the parameters that the seed gives. */
  | { readonly _tag: 'Seed' }
  /** At given parameters θ [d], with the order of samples that the seed gives. */
  | { readonly _tag: 'Parameters'; readonly theta: Float32Array }
  /** Where another run of the same settings was. */
  | { readonly _tag: 'Snapshot'; readonly snapshot: Snapshot };

// Large enough that a target is busy, small enough that the activations of a chunk need little memory.
const evaluationChunk = 1000;

/** Do the settings and the data each hold together, and fit the problem and each other? Looks at no number of the data. */
export const checkFit = ({ problem, settings, dataset }: Omit<Run, 'target'>): E.Either<ConfigError, void> => {
  const refuse = (setting: string, text: string) =>
    E.left<ConfigError>({ _tag: 'ConfigError', setting, problem: text });
  const parsed = parseRunSettings(settings);
  if (E.isLeft(parsed)) return parsed;
  const whole = checkDataset(dataset);
  if (E.isLeft(whole)) return refuse('dataset', showDatasetError(whole.left));
  const { inputShape, targetShape } = dataset.train;
  const { validation = 0, batchSize } = settings;
  if (validation >= dataset.train.count)
    return refuse(
      'validation',
      `${validation} held out of ${dataset.train.count} training samples leaves none; choose at most ${dataset.train.count - 1}`,
    );
  const count = dataset.train.count - validation;
  const tooMany = (samples: number): string =>
    `${samples} is more than the ${count} training samples; choose at most ${count}`;
  if (batchSize > count) return refuse('batchSize', tooMany(batchSize));
  const { curvatureBatch, curvatureSamples } = settings.sgn;
  if (settings.solver === 'sgn' && curvatureBatch === 'independent' && curvatureSamples > count)
    return refuse('sgn.curvatureSamples', tooMany(curvatureSamples));
  const misfit = [
    { what: 'inputs', has: inputShape, needs: problem.input.shape.slice(1) },
    { what: 'targets', has: targetShape, needs: problem.target.shape.slice(1) },
  ].find(({ has, needs }) => !sameShape(has, needs));
  if (misfit !== undefined)
    return refuse(
      'dataset',
      `the ${misfit.what} of ${dataset.name} have shape [${misfit.has.join(', ')}] per sample, ${problem.name} needs [${misfit.needs.join(', ')}]`,
    );
  return E.right(undefined);
};

/** Are all numbers finite, and the targets what the problem's loss takes? Looks at every number. Needs what passes `checkFit`. */
const checkValues = ({ problem, dataset }: Omit<Run, 'target'>): E.Either<ConfigError, void> => {
  const refuse = (text: string) => E.left<ConfigError>({ _tag: 'ConfigError', setting: 'dataset', problem: text });
  const finite = checkFinite(dataset);
  if (E.isLeft(finite)) return refuse(showDatasetError(finite.left));
  const mistake = targetMistake(problem, dataset);
  return mistake === undefined ? E.right(undefined) : refuse(`${dataset.name}: ${mistake}`);
};

/** All that `run` checks before it begins: settings, sizes, shapes, and every number of the data. */
export const checkRun = (run: Omit<Run, 'target'>): E.Either<ConfigError, void> =>
  pipe(
    checkFit(run),
    E.flatMap(() => checkValues(run)),
  );

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

/** The progress that a run starts with. The one generator of the seed draws first the parameters, then every epoch's orders. */
const progressAt = <State extends OptimizerState>(
  { problem, settings }: Run,
  optimizer: Optimizer<State>,
  start: Start,
): E.Either<OptimizerError, Progress<State>> => {
  if (start._tag === 'Snapshot') {
    const { state, generator, history, seconds, best } = start.snapshot;
    const validated = settings.validation !== undefined && history.length > 0;
    return pipe(
      E.Do,
      E.bind('state', () => optimizer.decode(state)),
      E.bind('kept', () =>
        validated
          ? pipe(
              decodeVector('best', problem.parameters.length, best),
              E.map((theta) => ({ best: theta })),
            )
          : E.right({}),
      ),
      E.map(({ state: decoded, kept }) => ({ state: decoded, generator, history, seconds, ...kept })),
    );
  }
  return pipe(
    initialise(problem.parameters, problem.initialiser, random.generator(settings.seed)),
    E.map(({ theta, generator }) => {
      const state = optimizer.init(start._tag === 'Parameters' ? start.theta : theta);
      return { state, generator, history: [], seconds: 0 };
    }),
  );
};

/** Parameters to start from must be those of the problem. */
const checkStart = ({ parameters }: Problem, start: Start): E.Either<ConfigError, void> => {
  if (start._tag !== 'Parameters') return E.right(undefined);
  const { theta } = start;
  const refuse = (problem: string) => E.left<ConfigError>({ _tag: 'ConfigError', setting: 'theta', problem });
  if (theta.length !== parameters.length)
    return refuse(`expected ${parameters.length} parameters to start from, got ${theta.length}`);
  const wrong = theta.findIndex((value) => !Number.isFinite(value));
  return wrong < 0
    ? E.right(undefined)
    : refuse(`expected finite parameters to start from, got ${theta[wrong]} at ${wrong}`);
};

const refused = (error: RunRefused['error']): RunFailure<OptimizerState> => ({ _tag: 'RunRefused', error });

/** What has been checked: trains on a target. */
const runChecked = (
  given: Run,
  hooks: RunHooks,
  start: Start,
): TE.TaskEither<RunFailure<OptimizerState>, TrainResult<OptimizerState>> => {
  const { problem, settings, target } = given;
  const { dataset, ...held } = holdOut(given.dataset, settings.validation, settings.seed);
  const identity = runIdentity(given);
  return withOptimizer(settings.solver, problem, settings[settings.solver], target, (optimizer) =>
    pipe(
      // what is too large for the target is refused before parameters are drawn for it
      prepareBatches(optimizer, dataset.train.count, settings.batchSize),
      TE.flatMapEither(() => progressAt(given, optimizer, start)),
      TE.mapLeft(refused),
      TE.flatMap((from) =>
        trainChecked(
          {
            ...hooks,
            onEpoch: (record, progress) => {
              const { history, seconds, generator, best } = progress;
              const kept = () => (best === undefined ? {} : { best: encodeVector(best) });
              const snapshot = pipe(
                optimizer.encode(progress.state),
                TE.map((state) => ({ identity, history, seconds, generator, state, ...kept() })),
              );
              return hooks.onEpoch(record, progress, snapshot);
            },
            dataset,
            ...held,
            metric: problem.metric,
            optimizer,
            evaluate: evaluation(problem, target, evaluationChunk),
            batchSize: settings.batchSize,
            epochs: settings.epochs,
            seconds: settings.seconds ?? Number.POSITIVE_INFINITY,
          },
          from,
        ),
      ),
    ),
  );
};

/**
 * Trains until the settings' epochs or seconds are used up or an interrupt, after checking all that it is given. Left is
 * a run that was refused, or one that failed, with what it had reached.
 */
export const run = (
  given: Run,
  hooks: RunHooks,
  start: Start = { _tag: 'Seed' },
): TE.TaskEither<RunFailure<OptimizerState>, TrainResult<OptimizerState>> =>
  pipe(
    checkRun(given),
    E.flatMap(() => checkStart(given.problem, start)),
    E.mapLeft(refused),
    TE.fromEither,
    TE.flatMap(() => runChecked(given, hooks, start)),
  );

/** The title of the solver that settings choose, for example `SGN(10)`. */
export const solverName = (settings: RunSettings): string => optimizerTitle(settings.solver, settings[settings.solver]);
