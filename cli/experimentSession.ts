/** A study from the words of the command line to its folder of runs. */
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as IO from 'fp-ts/lib/IO.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showDslError } from '../dsl/index.js';
import {
  type Benchmark,
  checkRun,
  type Dataset,
  type Experiment,
  limitTrain,
  loadDataset,
  type OptimizerState,
  type PlannedRun,
  type Problem,
  plannedRuns,
  plannedSettings,
  type Run,
  runFolder,
  type Selection,
  type Start,
  type Study,
  selectStudy,
  showConfigError,
  showDatasetError,
  type TrainResult,
} from '../optim/index.js';
import { chooseTarget, showTargetError } from '../runtime/index.js';
import { withInterrupt } from './interrupt.js';
import { machine } from './machine.js';
import { endingLine, epochLine } from './render.js';
import { benchmarkExperiment, loadStudy } from './studies.js';
import { openRunFolder, openStudyFolder } from './studyFolder.js';
import { type KeptResult, trainKept } from './training.js';
import { openView, type View } from './view.js';
import { waitingFor } from './waiting.js';

/** A step of a session: what it gives, or one line that says what is wrong and what to do. */
type Step<A> = TE.TaskEither<string, A>;

/** What the command line says. */
export interface ExperimentOptions {
  readonly selection: Selection;
  readonly out: string | undefined;
  readonly data: string | undefined;
  readonly saveEvery: number;
  /** The command as it was typed, for the record. */
  readonly command: string;
}

/** An experiment whose network holds together. */
interface Model {
  readonly experiment: Experiment;
  readonly problem: Problem;
}

/** What the runs of one benchmark share. */
interface Material extends Model {
  readonly dataset: Dataset;
}

/** How far a study has come. */
interface Tally {
  readonly done: number;
  readonly failed: number;
}

const loadModel = (benchmark: Benchmark): Step<Model> =>
  pipe(
    benchmarkExperiment(benchmark),
    TE.mapLeft(showConfigError),
    TE.bindTo('experiment'),
    TE.bind('problem', ({ experiment }) =>
      pipe(
        TE.fromEither(experiment.problem),
        TE.mapLeft((error) => `${experiment.name}: ${showDslError(error)}`),
      ),
    ),
  );

const loadMaterial = (benchmark: Benchmark, folder: string | undefined, view: View): Step<Material> =>
  pipe(
    loadModel(benchmark),
    TE.bind('dataset', ({ experiment }) =>
      pipe(
        loadDataset(experiment, { folder, onDownload: view.download }),
        waitingFor(`the dataset of ${experiment.name}`),
        TE.mapLeft(({ message }) => message),
        TE.flatMapEither((dataset) =>
          benchmark.limit === undefined || benchmark.limit >= dataset.train.count
            ? E.right(dataset)
            : pipe(limitTrain(dataset, benchmark.limit), E.mapLeft(showDatasetError)),
        ),
      ),
    ),
  );

/** The run with the checks that need no target. */
const prepare = (
  study: Study,
  planned: PlannedRun,
  { experiment, problem, dataset }: Material,
): Step<Omit<Run, 'target'>> =>
  pipe(
    plannedSettings(study, planned, experiment),
    E.map((settings) => ({ problem, dataset, settings })),
    E.tap(checkRun),
    E.mapLeft((error) => `${planned.benchmark}, ${planned.solver}: ${showConfigError(error)}`),
    TE.fromEither,
  );

const titleOf = ({ benchmark, solver, target, seed }: PlannedRun): string =>
  `${benchmark} ${solver} seed ${seed}${target === 'auto' ? '' : ` on ${target}`}`;

/** How a run is shown. */
interface Shown {
  readonly title: string;
  /** Runs before this one, and all of them. */
  readonly before: number;
  readonly total: number;
  readonly view: View;
  readonly interrupted: IO.IO<boolean>;
}

/** The share of a run's budget that is used, in epochs or in seconds, whichever is more. */
const usedShare = (settings: Run['settings'], epochs: number, seconds: number): number =>
  Math.min(Math.max(epochs / settings.epochs, seconds / (settings.seconds ?? Number.POSITIVE_INFINITY)), 1);

/** Trains one run on a target of its own, so that nothing of an earlier run is left in memory. */
const trainOne = (
  made: Omit<Run, 'target'>,
  folder: string,
  start: Start,
  options: ExperimentOptions,
  shown: Shown,
): Step<KeptResult> =>
  TE.bracket(
    pipe(
      chooseTarget(made.settings.target),
      TE.mapLeft(showTargetError),
      TE.map(({ target }) => target),
    ),
    (target) => {
      const { title, before, total, view, interrupted } = shown;
      const from = start._tag === 'Snapshot' ? start.snapshot : { history: [], seconds: 0 };
      const started = performance.now() - 1000 * from.seconds;
      let completed = from.history.length;
      return trainKept(
        { ...made, target },
        {
          folder,
          start,
          saveEvery: options.saveEvery,
          interrupted,
          onStep: (report, done, steps) => () => {
            const used = usedShare(made.settings, completed + done / steps, (performance.now() - started) / 1000);
            view.share(title, (before + used) / total, `epoch ${completed + 1}  loss ${report.loss.toPrecision(4)}`);
          },
          onEpoch: (_, { history }) => {
            completed = history.length;
          },
          onUnwritten: (problem) =>
            view.line(`${title}  ${problem}; the run goes on and tries again after every epoch`),
        },
      );
    },
    (target) => TE.fromIO(target.dispose),
  );

const resultLine = ({ progress, ending }: TrainResult<OptimizerState>): string => {
  const last = progress.history.at(-1);
  const reached = last === undefined ? '' : `${epochLine(last)}  `;
  return ending._tag === 'Epochs' || ending._tag === 'Seconds' ? reached.trimEnd() : `${reached}${endingLine(ending)}`;
};

/** Where a study is kept, and what records in it that it was started. */
interface StudyFolder {
  readonly path: string;
  readonly record: Step<void>;
}

/** The runs of a study, one after the other, until all are done, Ctrl-C, or a mistake that concerns more than one run. */
const carryOut = (
  study: Study,
  folder: StudyFolder,
  options: ExperimentOptions,
  view: View,
  interrupted: IO.IO<boolean>,
): Step<Tally> => {
  const runs = plannedRuns(study);
  const total = runs.length;
  const one = (planned: PlannedRun, position: number, material: Material): Step<Tally> => {
    const path = join(folder.path, ...runFolder(planned));
    const title = `[${position}/${total}] ${titleOf(planned)}`;
    return pipe(
      prepare(study, planned, material),
      TE.bindTo('made'),
      TE.bind('standing', ({ made }) => openRunFolder(path, planned, made)),
      TE.tap(() => folder.record),
      TE.flatMap(({ made, standing }): Step<Tally> => {
        if (standing._tag === 'Complete') {
          view.line(`${title}  done before`);
          return TE.right({ done: 1, failed: 0 });
        }
        const { start } = standing;
        if (start._tag === 'Snapshot') view.line(`${title}  goes on after epoch ${start.snapshot.history.length}`);
        return pipe(
          trainOne(made, path, start, options, { title, before: position - 1, total, view, interrupted }),
          TE.flatMap(({ result, unwritten }) => {
            view.line(`${title}  ${resultLine(result)}`);
            const { _tag } = result.ending;
            return unwritten === undefined
              ? TE.right({ done: _tag === 'Interrupted' ? 0 : 1, failed: _tag === 'Failed' ? 1 : 0 })
              : TE.left(unwritten);
          }),
        );
      }),
    );
  };
  const benchmarkRuns =
    ([name, benchmark]: [string, Benchmark], before: Tally): Step<Tally> =>
    async () => {
      const material = await loadMaterial(benchmark, options.data, view)();
      if (E.isLeft(material)) return material;
      // a mistake in the last solver's settings shows before the first solver has trained
      const own = runs.filter(({ benchmark: of }) => of === name);
      const prepared = await TE.traverseSeqArray((planned: PlannedRun) => prepare(study, planned, material.right))(
        own,
      )();
      if (E.isLeft(prepared)) return prepared;
      for (const line of material.right.dataset.notes ?? []) view.line(`${name}: ${line}`);
      let tally = before;
      for (const [index, planned] of runs.entries()) {
        if (planned.benchmark !== name || interrupted()) continue;
        const outcome = await one(planned, index + 1, material.right)();
        if (E.isLeft(outcome)) return outcome;
        tally = { done: tally.done + outcome.right.done, failed: tally.failed + outcome.right.failed };
      }
      return E.right(tally);
    };
  return Object.entries(study.benchmarks).reduce<Step<Tally>>(
    (earlier, entry) =>
      pipe(
        earlier,
        TE.flatMap((tally) => (interrupted() ? TE.right(tally) : benchmarkRuns(entry, tally))),
      ),
    TE.right({ done: 0, failed: 0 }),
  );
};

/** What there is to say when a study has ended. */
const conclude = (total: number, folder: string, { done, failed }: Tally, view: View): Step<void> => {
  if (done < total)
    return TE.left(`interrupted: ${done} of ${total} runs are done; the same command goes on from here`);
  view.line(
    `${total} runs done${failed === 0 ? '' : `, ${failed} of them failed`}; see them with: sgn report ${folder}`,
  );
  return TE.right(undefined);
};

/** The selected part of a study. */
export const selectedStudy = (
  name: string,
  selection: Selection,
): Step<{ readonly whole: Study; readonly part: Study }> =>
  pipe(
    loadStudy(name),
    TE.bindTo('whole'),
    TE.bind('part', ({ whole }) => TE.fromEither(selectStudy(whole, selection))),
    TE.mapLeft(showConfigError),
  );

/** Runs a study to its end; Left is one line for the user. */
export const experimentSession = (
  name: string,
  options: ExperimentOptions,
  view: View = openView(process.stdout),
): Step<void> => {
  const session = pipe(
    selectedStudy(name, options.selection),
    // so does a mistake in the last benchmark's experiment
    TE.tap(({ part }) => TE.traverseSeqArray(loadModel)(Object.values(part.benchmarks))),
    TE.flatMap(({ whole, part }) => {
      const folder = options.out ?? join('runs', whole.name);
      const invocation = { date: new Date().toISOString(), command: options.command, machine: machine() };
      return pipe(
        openStudyFolder(folder, whole, invocation),
        TE.flatMap((record) =>
          withInterrupt((interrupted) => carryOut(part, { path: folder, record }, options, view, interrupted)),
        ),
        TE.flatMap((tally) => conclude(plannedRuns(part).length, folder, tally, view)),
      );
    }),
  );
  return async () => {
    const outcome = await session();
    view.close();
    return outcome;
  };
};
