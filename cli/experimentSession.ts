/** A study from the words of the command line to its folder of runs. */
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showDslError } from '../dsl/index.js';
import {
  type Benchmark,
  checkFit,
  type Dataset,
  type Experiment,
  limitTrain,
  loadDataset,
  type PlannedRun,
  type Problem,
  plannedRuns,
  plannedSettings,
  type Run,
  runFolder,
  type Selection,
  type Study,
  selectStudy,
  showConfigError,
  showDatasetError,
} from '../optim/index.js';
import { type Content, withFolder } from './folder.js';
import { type Interrupted, type Signal, withInterrupt } from './interrupt.js';
import { machine } from './machine.js';
import { benchmarkExperiment, loadStudy } from './studies.js';
import { openRunFolder, openStudyFolder } from './studyFolder.js';
import { resultLine, trainOne } from './studyTraining.js';
import type { RunFolder } from './training.js';
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
    E.tap(checkFit),
    E.mapLeft((error) => `${planned.benchmark}, ${planned.solver}: ${showConfigError(error)}`),
    TE.fromEither,
  );

const titleOf = ({ benchmark, solver, target, seed }: PlannedRun): string =>
  `${benchmark} ${solver} seed ${seed}${target === 'auto' ? '' : ` on ${target}`}`;

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
  interrupted: Interrupted,
): Step<Tally> => {
  const runs = plannedRuns(study);
  const total = runs.length;
  const one = (planned: PlannedRun, position: number, material: Material): Step<Tally> => {
    const path = join(folder.path, ...runFolder(planned));
    const title = `[${position}/${total}] ${titleOf(planned)}`;
    const carried = (made: Omit<Run, 'target'>, content: Content): Step<Tally> =>
      pipe(
        openRunFolder(path, content, planned, made),
        TE.tap(() => folder.record),
        TE.flatMap((standing): Step<Tally> => {
          if (standing._tag === 'Complete') {
            view.line(`${title}  done before`);
            return TE.right({ done: 1, failed: 0 });
          }
          const { start, config } = standing;
          if (start._tag === 'Snapshot') view.line(`${title}  goes on after epoch ${start.snapshot.history.length}`);
          const into: RunFolder = { path, config, replaces: false };
          return pipe(
            trainOne(made, into, start, options, { title, before: position - 1, total, view, interrupted }),
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
    return pipe(
      prepare(study, planned, material),
      TE.flatMap((made) => withFolder(path, (content) => carried(made, content))),
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
        if (planned.benchmark !== name || interrupted() !== undefined) continue;
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
        TE.flatMap((tally) => (interrupted() !== undefined ? TE.right(tally) : benchmarkRuns(entry, tally))),
      ),
    TE.right({ done: 0, failed: 0 }),
  );
};

/** A study's end, and the signal that came before it, if one did. */
interface Ended {
  readonly tally: Tally;
  readonly signal: Signal | undefined;
}

/** What there is to say when a study has ended; gives the signal that cut it short. */
const conclude = (total: number, folder: string, { tally, signal }: Ended, view: View): Signal | undefined => {
  const { done, failed } = tally;
  if (done < total) {
    view.line(`interrupted: ${done} of ${total} runs are done; the same command goes on from here`);
    return signal;
  }
  view.line(
    `${total} runs done${failed === 0 ? '' : `, ${failed} of them failed`}; see them with: sgn report ${folder}`,
  );
  return undefined;
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

/** Runs a study to its end: the signal that cut it short, if one did; Left is one line for the user. */
export const experimentSession = (
  name: string,
  options: ExperimentOptions,
  view: View = openView(process.stdout),
): Step<Signal | undefined> => {
  const session = pipe(
    selectedStudy(name, options.selection),
    // so does a mistake in the last benchmark's experiment
    TE.tap(({ part }) => TE.traverseSeqArray(loadModel)(Object.values(part.benchmarks))),
    TE.flatMap(({ whole, part }) => {
      const folder = options.out ?? join('runs', whole.name);
      const invocation = { date: new Date().toISOString(), command: options.command, machine: machine() };
      const opened = (record: Step<void>): Step<Ended> =>
        withInterrupt((interrupted) =>
          pipe(
            carryOut(part, { path: folder, record }, options, view, interrupted),
            TE.map((tally) => ({ tally, signal: interrupted() })),
          ),
        );
      return pipe(
        withFolder(folder, (content) => pipe(openStudyFolder(folder, content, whole, invocation), TE.flatMap(opened))),
        TE.map((ended) => conclude(plannedRuns(part).length, folder, ended, view)),
      );
    }),
  );
  return async () => {
    const outcome = await session();
    view.close();
    return outcome;
  };
};
