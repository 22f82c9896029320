/** One run from the words of the command line to its table and files. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showDslError } from '../dsl/index.js';
import {
  checkRun,
  type Experiment,
  type OptimizerState,
  parseRunSettings,
  type Run,
  type RunSettings,
  readVector,
  run,
  showConfigError,
  showOptimizerError,
  solverName,
  type TrainResult,
} from '../optim/index.js';
import { chooseTarget, showTargetError } from '../runtime/index.js';
import { loadExperiment } from './experiments.js';
import { givenHyperparameters, optionName } from './options.js';
import { showOutputError, writeConfig, writeProgress } from './output.js';
import { endingLine, epochLine, historyTable } from './render.js';
import { openView, type View } from './view.js';

/** The options of `sgn run` as commander gives them; hyperparameters besides. */
export interface RunOptions extends Readonly<Record<string, unknown>> {
  readonly solver?: string;
  readonly cg?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly target?: string;
  readonly data?: string;
  readonly out?: string;
}

/** A step of a session: what it gives, or one line that says what is wrong and what to do. */
type Step<A> = TE.TaskEither<string, A>;

const given = (entries: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** The experiment's settings, overridden by those of the command line. */
const settingsOf = (experiment: Experiment, options: RunOptions): Step<RunSettings> => {
  const { solver, epochs, seconds, seed, target } = options;
  const { sgn, sgd } = givenHyperparameters(options);
  const settings = {
    ...experiment.settings,
    ...given({ solver, epochs, seconds, seed, target, batchSize: options.batch }),
    sgn: { ...experiment.settings.sgn, ...sgn, ...given({ maxCgIterations: options.cg }) },
    sgd: { ...experiment.settings.sgd, ...sgd },
  };
  const other = Object.keys((settings.solver ?? 'sgn') === 'sgn' ? sgd : { ...sgn, ...given({ cg: options.cg }) })[0];
  return other === undefined
    ? pipe(TE.fromEither(parseRunSettings(settings)), TE.mapLeft(showConfigError))
    : TE.left(`${optionName(other)} is a setting of the other solver; leave it out or choose that with --solver`);
};

/** A run, and why it has its target. */
interface PreparedRun extends Run {
  readonly targetReason: string;
}

/** Everything that a run needs, checked. */
const prepareRun = (name: string, options: RunOptions, view: View): Step<PreparedRun> =>
  pipe(
    loadExperiment(name),
    TE.mapLeft(showConfigError),
    TE.bindTo('experiment'),
    TE.bind('settings', ({ experiment }) => settingsOf(experiment, options)),
    TE.bind('problem', ({ experiment }) =>
      pipe(
        TE.fromEither(experiment.problem),
        TE.mapLeft((error) => `${experiment.name}: ${showDslError(error)}`),
      ),
    ),
    TE.bind('dataset', ({ experiment }) =>
      pipe(
        experiment.dataset({ folder: options.data, onDownload: view.download }),
        TE.mapLeft(({ message }) => message),
      ),
    ),
    TE.tap((made) => pipe(TE.fromEither(checkRun(made)), TE.mapLeft(showConfigError))),
    TE.bind('choice', ({ settings }) => pipe(chooseTarget(settings.target), TE.mapLeft(showTargetError))),
    TE.map(({ choice: { target, reason }, ...made }) => ({ ...made, target, targetReason: reason })),
  );

/** What `config.json` holds: the settings as they were used, and what they were used on. */
const configOf = ({ problem, settings, dataset, target, targetReason }: PreparedRun) => ({
  experiment: problem.name,
  ...settings,
  target: target.name,
  targetReason,
  device: target.description,
  parameters: problem.parameters.length,
  dataset: { name: dataset.name, train: dataset.train.count, test: dataset.test.count },
});

const headline = ({ problem, settings, dataset, target, targetReason }: PreparedRun): string =>
  `${problem.name}: ${problem.parameters.length} parameters, ${dataset.train.count} + ${dataset.test.count} samples of ` +
  `${dataset.name}, ${solverName(settings)}, batch ${settings.batchSize}, seed ${settings.seed}, on ${target.name} ` +
  `(${target.description}; ${targetReason})`;

/** Writes what was reached into the folder of `--out`, where there is one. */
const save = (
  folder: string | undefined,
  { problem }: Run,
  { state, history }: TrainResult<OptimizerState>['progress'],
): Step<void> =>
  folder === undefined
    ? TE.right(undefined)
    : pipe(
        readVector(state.theta),
        TE.mapLeft(showTargetError),
        TE.flatMap((theta) =>
          pipe(writeProgress(folder, problem.parameters, history, theta), TE.mapLeft(showOutputError)),
        ),
      );

/** Runs `body` with an answer to "has the user pressed Ctrl-C?". A second Ctrl-C ends the process as usual. */
const withInterrupt =
  <A>(body: (interrupted: () => boolean) => Step<A>): Step<A> =>
  async () => {
    let pressed = false;
    const press = (): void => {
      pressed = true;
    };
    process.once('SIGINT', press);
    const result = await body(() => pressed)();
    process.removeListener('SIGINT', press);
    return result;
  };

/** Trains, showing and saving every epoch; a save that fails is reported when the run has ended. */
const trainShown = (made: Run, folder: string | undefined, view: View): Step<TrainResult<OptimizerState>> =>
  withInterrupt((interrupted) => {
    let epoch = 1;
    return pipe(
      run(made, {
        clock: () => performance.now(),
        interrupted,
        onStep: (report, done, steps) => () => view.progress(epoch, done, steps, `loss ${report.loss.toPrecision(4)}`),
        onEpoch: (record, progress) => async () => {
          epoch = progress.history.length + 1;
          view.line(epochLine(record));
          await save(folder, made, progress)();
        },
      }),
      TE.mapLeft(showOptimizerError),
    );
  });

/** The table and why the run ended; a failure is left to the caller to report. */
const showResult = (view: View, { progress, ending }: TrainResult<OptimizerState>): Step<void> => {
  if (progress.history.length > 0) view.line(`\n${historyTable(progress.history)}`);
  if (ending._tag === 'Failed') return TE.left(endingLine(ending));
  view.line(endingLine(ending));
  return TE.right(undefined);
};

/** A prepared run, from its headline to its table. */
const carryOut = (made: PreparedRun, folder: string | undefined, view: View): Step<void> =>
  pipe(
    folder === undefined ? TE.right(undefined) : pipe(writeConfig(folder, configOf(made)), TE.mapLeft(showOutputError)),
    TE.tapIO(() => () => {
      for (const line of [headline(made), ...(made.dataset.notes ?? [])]) view.line(line);
    }),
    TE.flatMap(() => trainShown(made, folder, view)),
    TE.tap((result) => save(folder, made, result.progress)),
    TE.flatMap((result) => showResult(view, result)),
  );

/** Runs an experiment to its end; Left is one line for the user. */
export const runSession = (name: string, options: RunOptions): Step<void> => {
  const view = openView(process.stdout);
  const session = TE.bracket(
    prepareRun(name, options, view),
    (made) => carryOut(made, options.out, view),
    ({ target }) => TE.fromIO(target.dispose),
  );
  return async () => {
    const outcome = await session();
    view.close();
    return outcome;
  };
};
