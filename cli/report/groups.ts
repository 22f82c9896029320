/** The runs of a benchmark by solver: what tables and figures compare. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import {
  type EpochRecord,
  type Estimate,
  estimate,
  keptEpoch,
  type Moment,
  moment,
  type Quantity,
  type Study,
} from '../../optim/index.js';
import type { RunResult } from './results.js';

/** The runs of one solver on one target: they differ by their seeds. */
export interface Group {
  readonly label: string;
  readonly solver: string;
  readonly sweep: string | undefined;
  readonly runs: readonly RunResult[];
  /** The histories of the runs that did not fail. */
  readonly histories: readonly (readonly EpochRecord[])[];
  /** What made runs fail, one line each. */
  readonly failures: readonly string[];
}

const failureOf = ({ summary }: RunResult): readonly string[] =>
  O.isSome(summary) && summary.value.ending === 'Failed' ? [summary.value.error ?? 'failed'] : [];

/** The groups of a benchmark, in the order of the study's solvers. */
export const groupsOf = ({ solvers }: Study, runs: readonly RunResult[]): readonly Group[] => {
  const targets = [...new Set(runs.map(({ config }) => config.target))];
  return Object.entries(solvers).flatMap(([solver, { sweep }]) =>
    targets.flatMap((target) => {
      const own = runs.filter(({ config }) => config.solver === solver && config.target === target);
      const sound = own.filter((run) => failureOf(run).length === 0);
      const label = targets.length === 1 ? solver : `${solver} on ${target}`;
      const group = { label, solver, sweep, runs: own, failures: own.flatMap(failureOf) };
      return own.length === 0 ? [] : [{ ...group, histories: sound.map(({ history }) => history) }];
    }),
  );
};

const keptRecord = (history: readonly EpochRecord[]): O.Option<EpochRecord> => O.fromNullable(keptEpoch(history));

/** What the runs of a group kept at their ends, on average. */
export const finalMoment = ({ histories }: Group, quantity: Quantity): O.Option<Moment> =>
  moment(histories, keptRecord, quantity);

/** Is a larger value of a quantity better? */
const larger: { readonly [Q in Quantity]: boolean } = { testAccuracy: true, testLoss: false, trainLoss: false };

/** How well a group ended, larger is better; none where a run of it failed, or has reached nothing. */
const rank = (group: Group, quantity: Quantity): O.Option<number> =>
  group.failures.length > 0
    ? O.none
    : pipe(
        finalMoment(group, quantity),
        O.map(({ value: { mean } }) => (larger[quantity] ? mean : -mean)),
      );

/** The group of a sweep that ended best, of those that never failed; the first of those that are equally good. */
export const bestOf = (groups: readonly Group[], quantity: Quantity): O.Option<Group> => {
  const ranked = groups.flatMap((group) =>
    pipe(
      rank(group, quantity),
      O.match(
        () => [],
        (value) => [{ group, value }],
      ),
    ),
  );
  const most = Math.max(...ranked.map(({ value }) => value));
  return O.fromNullable(ranked.find(({ value }) => value === most)?.group);
};

/** The names of the sweeps. */
export const sweepsOf = (groups: readonly Group[]): readonly string[] => [
  ...new Set(groups.flatMap(({ sweep }) => (sweep === undefined ? [] : [sweep]))),
];

/** The groups with every sweep represented by its best; one without a best is not among them. */
export const representatives = (groups: readonly Group[], quantity: Quantity): readonly Group[] => {
  const best = sweepsOf(groups).map((sweep) =>
    bestOf(
      groups.filter((group) => group.sweep === sweep),
      quantity,
    ),
  );
  return groups.filter(
    (group) => group.sweep === undefined || best.some((one) => O.isSome(one) && one.value === group),
  );
};

/** The mean of a number that every sound run has. */
export const meanOf = (group: Group, number: (run: RunResult) => number | undefined): O.Option<Estimate> =>
  estimate(
    group.runs.flatMap((run) => {
      const value = failureOf(run).length === 0 ? number(run) : undefined;
      return value === undefined ? [] : [value];
    }),
  );

/** Seconds of training per optimizer step. */
export const secondsPerStep = ({ summary }: RunResult): number | undefined =>
  O.isSome(summary) && summary.value.steps > 0 ? summary.value.seconds / summary.value.steps : undefined;
