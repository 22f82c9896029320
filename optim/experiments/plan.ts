/** From a study to its runs: the part that is asked for, every combination, and the settings of each. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type ConfigError, type Experiment, parseRunSettings, type RunSettings } from '../experiment.js';
import type { Benchmark, Study } from './study.js';
import type { Summary } from './summary.js';

/** The part of a study that is asked for; what is left out stays as it is described. */
export interface Selection {
  readonly benchmarks?: readonly string[];
  readonly solvers?: readonly string[];
  /** The first so many seeds. */
  readonly seeds?: number;
  /** Budgets instead of those of the benchmarks. */
  readonly epochs?: number;
  readonly seconds?: number;
  /** At most so many rows of training data. */
  readonly limit?: number;
  readonly targets?: readonly Study['targets'][number][];
}

/** One run, before its experiment is loaded. */
export interface PlannedRun {
  readonly benchmark: string;
  readonly solver: string;
  readonly target: Study['targets'][number];
  readonly seed: number;
}

const unknownName = (
  setting: string,
  known: readonly string[],
  asked: readonly string[] = [],
): E.Either<ConfigError, void> => {
  const unknown = asked.find((name) => !known.includes(name));
  return unknown === undefined
    ? E.right(undefined)
    : E.left({
        _tag: 'ConfigError',
        setting,
        problem: `there is no ${unknown} in the study; there are ${known.join(', ')}`,
      });
};

const chosen = <A>(record: Readonly<Record<string, A>>, names: readonly string[] | undefined): Record<string, A> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names === undefined || names.includes(name)));

const narrowed = (benchmark: Benchmark, { epochs, seconds, limit, solvers }: Selection): Benchmark => ({
  ...benchmark,
  ...(epochs === undefined ? {} : { epochs }),
  ...(seconds === undefined ? {} : { seconds }),
  ...(limit === undefined ? {} : { limit: Math.min(limit, benchmark.limit ?? limit) }),
  ...(solvers === undefined || benchmark.solvers === undefined
    ? {}
    : { solvers: benchmark.solvers.filter((solver) => solvers.includes(solver)) }),
});

/** The study with only what is selected; a name that the study does not have is refused, and so is a part without a run. */
export const selectStudy = (study: Study, selection: Selection): E.Either<ConfigError, Study> =>
  pipe(
    unknownName('benchmarks', Object.keys(study.benchmarks), selection.benchmarks),
    E.flatMap(() => unknownName('solvers', Object.keys(study.solvers), selection.solvers)),
    E.filterOrElse(
      () => selection.seeds === undefined || selection.seeds <= study.seeds.length,
      (): ConfigError => ({
        _tag: 'ConfigError',
        setting: 'seeds',
        problem: `the study has ${study.seeds.length}, not ${selection.seeds}`,
      }),
    ),
    E.map(() => ({
      ...study,
      benchmarks: Object.fromEntries(
        Object.entries(chosen(study.benchmarks, selection.benchmarks)).map(([name, benchmark]) => [
          name,
          narrowed(benchmark, selection),
        ]),
      ),
      solvers: chosen(study.solvers, selection.solvers),
      seeds: study.seeds.slice(0, selection.seeds),
      targets: selection.targets === undefined ? study.targets : [...selection.targets],
    })),
    E.filterOrElse(
      (part) => plannedRuns(part).length > 0,
      ({ benchmarks, solvers }): ConfigError => ({
        _tag: 'ConfigError',
        setting: 'solvers',
        problem: `the study does not run ${Object.keys(solvers).join(', ')} on ${Object.keys(benchmarks).join(', ')}; choose others of its solvers or benchmarks`,
      }),
    ),
  );

/** The runs of a study: benchmark by benchmark, and seed by seed within it, so that means over few seeds come first. */
export const plannedRuns = ({ benchmarks, solvers, seeds, targets }: Study): readonly PlannedRun[] =>
  Object.entries(benchmarks).flatMap(([benchmark, { solvers: own = Object.keys(solvers) }]) =>
    seeds.flatMap((seed) => targets.flatMap((target) => own.map((solver) => ({ benchmark, solver, target, seed })))),
  );

/** The folder of a run within that of its study. */
export const runFolder = ({ benchmark, solver, target, seed }: PlannedRun): readonly string[] => [
  benchmark,
  solver,
  target.replace(':', '-'),
  `seed-${seed}`,
];

/** The settings of a planned run of an experiment. */
export const plannedSettings = (
  { benchmarks, solvers }: Study,
  { benchmark, solver, target, seed }: PlannedRun,
  experiment: Experiment,
): E.Either<ConfigError, RunSettings> => {
  const { sweep, ...settings } = solvers[solver] ?? {};
  const {
    batchSize = experiment.settings.batchSize,
    epochs = Number.MAX_SAFE_INTEGER,
    seconds,
    validation,
  } = benchmarks[benchmark] ?? {};
  return parseRunSettings({
    ...settings,
    batchSize,
    epochs,
    ...(seconds === undefined ? {} : { seconds }),
    ...(validation === undefined ? {} : { validation }),
    seed,
    target,
  });
};

/** Has a run that ended like this used its budget up? One that failed would fail again. */
export const isComplete = (
  { ending, epochs, seconds }: Summary,
  budget: Pick<RunSettings, 'epochs' | 'seconds'>,
): boolean => {
  switch (ending) {
    case 'Failed':
      return true;
    case 'Interrupted':
      return false;
    default:
      return epochs >= budget.epochs || seconds >= (budget.seconds ?? Number.POSITIVE_INFINITY);
  }
};
