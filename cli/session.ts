/** One run from the words of the command line to its table and files. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showDslError } from '../dsl/index.js';
import {
  checkRun,
  type Experiment,
  limitTrain,
  loadDataset,
  type PublishedResult,
  parseRunSettings,
  type Run,
  type RunSettings,
  runSettings,
  type Start,
  showConfigError,
  showDatasetError,
  solverName,
} from '../optim/index.js';
import { chooseTarget, showTargetChoice, showTargetError } from '../runtime/index.js';
import { historyCharts } from './chart.js';
import { startFromCheckpoint, startFromParameters } from './checkpoint.js';
import { loadExperiment } from './experiments.js';
import { sameFolder, withFolder } from './folder.js';
import { type Signal, withInterrupt } from './interrupt.js';
import { givenHyperparameters, misplacedHyperparameter, showSettingError } from './options.js';
import { endingLine, epochLine, firstStepLine, historyTable, keptLine, publishedTable } from './render.js';
import { type KeptResult, type RunFolder, trainKept } from './training.js';
import { openView, type View } from './view.js';
import { waitingFor } from './waiting.js';

/** The options of `sgn run` as commander gives them; hyperparameters besides. */
export interface RunOptions extends Readonly<Record<string, unknown>> {
  readonly solver?: string;
  readonly cg?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly limit?: number;
  readonly validation?: number;
  readonly target?: string;
  readonly data?: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly saveEvery?: number;
  readonly resume?: string;
  readonly init?: string;
}

/** A step of a session: what it gives, or one line that says what is wrong and what to do. */
type Step<A> = TE.TaskEither<string, A>;

const given = (entries: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** The experiment's settings, overridden by those of the command line. */
const settingsOf = (experiment: Experiment, options: RunOptions): Step<RunSettings> => {
  const { solver, epochs, seconds, seed, validation, target } = options;
  const chosen = runSettings.shape.solver.safeParse(solver ?? experiment.settings.solver);
  // `--cg` is short for --max-cg-iterations, and named as the user wrote it where it is refused.
  if (chosen.success && chosen.data !== 'sgn' && options.cg !== undefined)
    return TE.left(`--cg is a setting of sgn, not of ${chosen.data}; leave it out or choose another --solver`);
  if (options.cg !== undefined && options.maxCgIterations !== undefined)
    return TE.left('--cg and --max-cg-iterations are the same setting; leave one of them out');
  const own = { ...givenHyperparameters(options), ...given({ maxCgIterations: options.cg }) };
  const settings = {
    ...experiment.settings,
    ...given({ solver, epochs, seconds, seed, validation, target, batchSize: options.batch }),
    ...(chosen.success ? { [chosen.data]: { ...experiment.settings[chosen.data], ...own } } : {}),
  };
  const misplaced = chosen.success ? misplacedHyperparameter(chosen.data, own) : undefined;
  return misplaced === undefined
    ? pipe(
        TE.fromEither(parseRunSettings(settings)),
        TE.mapLeft((error) => showSettingError(error, { solver: chosen.data, cg: options.cg })),
      )
    : TE.left(misplaced);
};

/** A run, and why it has its target. */
interface PreparedRun extends Run {
  readonly targetReason: string;
  /** How long reading the data took. */
  readonly readingSeconds: number;
  readonly published: readonly PublishedResult[];
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
    TE.bind('readingFrom', () => TE.fromIO(() => performance.now())),
    TE.bind('dataset', ({ experiment }) =>
      pipe(
        loadDataset(experiment, { folder: options.data, onDownload: view.download }),
        waitingFor(`the dataset of ${name}`),
        TE.mapLeft(({ message }) => message),
        TE.flatMapEither((dataset) =>
          options.limit === undefined
            ? E.right(dataset)
            : pipe(limitTrain(dataset, options.limit), E.mapLeft(showDatasetError)),
        ),
      ),
    ),
    TE.bind('readingSeconds', ({ readingFrom }) => TE.fromIO(() => (performance.now() - readingFrom) / 1000)),
    TE.tap((made) =>
      pipe(
        TE.fromEither(checkRun(made)),
        TE.mapLeft((error) => showSettingError(error, { solver: made.settings.solver, cg: options.cg })),
      ),
    ),
    TE.bind('choice', ({ settings }) => pipe(chooseTarget(settings.target), TE.mapLeft(showTargetError))),
    TE.map(({ choice: { target, reason }, ...made }) => ({
      ...made,
      target,
      targetReason: reason,
      published: made.experiment.published ?? [],
    })),
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
  `${dataset.name}${settings.validation === undefined ? '' : ` (${settings.validation} of the former held out)`}, ` +
  `${solverName(settings)}, batch ${settings.batchSize}, seed ${settings.seed}, on ` +
  showTargetChoice({ target, reason: targetReason });

/** What a user should know about the start. */
const startLines = (start: Start, { resume, init, out }: RunOptions): readonly string[] => {
  switch (start._tag) {
    case 'Seed':
      return [];
    case 'Parameters':
      return [`starts from the parameters in ${init}`];
    case 'Snapshot':
      return [
        `goes on from ${resume} after epoch ${start.snapshot.history.length}`,
        ...(out === undefined ? ['nothing of it is kept; name a folder with --out, which may be the same'] : []),
      ];
  }
};

/** Why options of files do not go together; nothing if they do. */
const contradiction = ({ resume, init, out, overwrite, saveEvery }: RunOptions): string | undefined => {
  if (saveEvery !== undefined && out === undefined)
    return '--save-every needs a folder for its checkpoints; name one with --out';
  if (overwrite === true && out === undefined) return '--overwrite needs a folder to replace; name one with --out';
  return resume !== undefined && init !== undefined
    ? '--resume and --init exclude each other; leave one of them out'
    : undefined;
};

/** Where the run starts: at the seed's parameters, or where `--resume` or `--init` says. */
const startOf = (made: Run, { resume, init }: RunOptions): Step<Start> => {
  if (resume !== undefined) return startFromCheckpoint(made, resume);
  if (init !== undefined) return startFromParameters(made.problem.parameters, init);
  return TE.right({ _tag: 'Seed' });
};

/** The folder of the run, while no other process uses it; one that holds work is refused unless the user said what of. */
const inFolder = <A>(
  made: PreparedRun,
  { out, overwrite = false, resume }: RunOptions,
  use: (folder: RunFolder | undefined) => Step<A>,
): Step<A> => {
  if (out === undefined) return use(undefined);
  return withFolder(out, (content) =>
    pipe(
      TE.fromTask<boolean, string>(async () => resume !== undefined && (await sameFolder(resume, out))),
      TE.flatMap((goesOn): Step<A> => {
        if (content === 'a study') return TE.left(`${out} holds a study; choose another folder with --out`);
        if (goesOn && overwrite)
          return TE.left('--overwrite would replace the run that --resume goes on with; leave one of them out');
        if (content === 'a run' && !goesOn && !overwrite)
          return TE.left(
            `${out} holds a run; go on with it by --resume ${out}, replace it by --overwrite, or choose another folder with --out`,
          );
        return use({ path: out, config: configOf(made), replaces: content === 'a run' && !goesOn });
      }),
    ),
  );
};

/** How a run of this program ended, beside what it reached. */
interface Ended {
  readonly kept: KeptResult;
  readonly signal: Signal | undefined;
}

/** Trains, showing and keeping every epoch. */
const trainShown = (
  made: PreparedRun,
  start: Start,
  folder: RunFolder | undefined,
  { saveEvery = 1 }: RunOptions,
  view: View,
): Step<Ended> =>
  withInterrupt((interrupted) => {
    let epoch = start._tag === 'Snapshot' ? start.snapshot.history.length + 1 : 1;
    let stepped = false;
    return pipe(
      trainKept(made, {
        folder,
        start,
        saveEvery,
        interrupted: () => interrupted() !== undefined,
        onStep: (report, done, steps) => () => {
          if (!stepped) view.line(firstStepLine(performance.now() / 1000, made.readingSeconds));
          stepped = true;
          view.progress(epoch, done, steps, `loss ${report.loss.toPrecision(4)}`);
        },
        onEpoch: (record, { history }) => {
          epoch = history.length + 1;
          view.line(epochLine(record));
        },
        onUnwritten: (problem) => view.line(`${problem}; the run goes on and tries again after every epoch`),
      }),
      TE.map((kept) => ({ kept, signal: interrupted() })),
    );
  });

/** What became of what a run had reached. */
const fateOf = ({ unwritten, spared }: KeptResult, { out }: RunOptions): string => {
  if (out === undefined) return 'nothing is kept without --out';
  if (spared) return `${out} keeps the run that it held, as this one has completed no epoch`;
  return unwritten ?? 'what was reached is kept';
};

/** The table and why the run ended; a failure, of the run or of writing, is left to the caller to report. */
const showResult = (
  view: View,
  { kept: outcome, signal }: Ended,
  published: readonly PublishedResult[],
  options: RunOptions,
): Step<Signal | undefined> => {
  const { result, unwritten, spared } = outcome;
  const { progress, ending } = result;
  const fate = fateOf(outcome, options);
  const { history } = progress;
  if (history.length > 0) view.line(`\n${historyTable(history)}`);
  const beside = publishedTable(history, published);
  if (beside !== '') view.line(beside);
  for (const chart of historyCharts(history)) view.line(chart);
  if (ending._tag === 'Failed') return TE.left(endingLine(ending, fate));
  const kept = keptLine(history);
  if (kept !== '') view.line(kept);
  view.line(endingLine(ending, fate));
  // one that came when the run had ended anyway has cut nothing short
  const endedBy = ending._tag === 'Interrupted' ? signal : undefined;
  if (unwritten !== undefined || (spared && endedBy === undefined)) return TE.left(fate);
  return TE.right(endedBy);
};

/** A prepared run, from its headline to its table. */
const carryOut = (made: PreparedRun, options: RunOptions, view: View): Step<Signal | undefined> =>
  pipe(
    inFolder(made, options, (folder) =>
      pipe(
        startOf(made, options),
        TE.tapIO((start) => () => {
          for (const line of [headline(made), ...startLines(start, options), ...(made.dataset.notes ?? [])])
            view.line(line);
        }),
        TE.flatMap((start) => trainShown(made, start, folder, options, view)),
      ),
    ),
    TE.flatMap((ended) => showResult(view, ended, made.published, options)),
  );

/** Runs an experiment to its end: the signal that cut it short, if one did; Left is one line for the user. */
export const runSession = (name: string, options: RunOptions): Step<Signal | undefined> => {
  const mistake = contradiction(options);
  if (mistake !== undefined) return TE.left(mistake);
  const view = openView(process.stdout);
  const session = TE.bracket(
    prepareRun(name, options, view),
    (made) => carryOut(made, options, view),
    ({ target }) => TE.fromIO(target.dispose),
  );
  return async () => {
    const outcome = await session();
    view.close();
    return outcome;
  };
};
