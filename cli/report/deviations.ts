/** How a study's runs differ from what is published, found in the results themselves. */
import * as O from 'fp-ts/lib/Option.js';
import type { Benchmark, Study } from '../../optim/index.js';
import { type Group, groupsOf } from './groups.js';
import type { RunResult } from './results.js';

const longest = (runs: readonly RunResult[]): number =>
  Math.max(0, ...runs.map(({ history }) => history.at(-1)?.seconds ?? 0));

const seedsOf = (runs: readonly RunResult[]): number => new Set(runs.map(({ config }) => config.seed)).size;

/** What failed of a group, and what that means for its values. */
const failedSentence = (name: string, { label, runs, failures }: Group): readonly string[] => {
  const [first] = failures;
  if (first === undefined) return [];
  const all = failures.length === runs.length;
  const count = all
    ? runs.length === 1
      ? 'its only run'
      : `all ${runs.length} runs`
    : `${failures.length} of ${runs.length} runs`;
  const values = all
    ? 'it has no values'
    : `values are of the ${runs.length - failures.length === 1 ? 'other one' : `other ${runs.length - failures.length}`}`;
  return [`${name}, ${label}: ${count} failed (${first}); ${values}.`];
};

/** Sentences on one benchmark. */
const benchmarkDeviations = (
  study: Study,
  name: string,
  { published }: Benchmark,
  runs: readonly RunResult[],
): readonly string[] => {
  const open = runs.filter(({ summary }) => O.isNone(summary) || summary.value.ending === 'Interrupted').length;
  const seeds = seedsOf(runs);
  const sizes = new Set(runs.map(({ config }) => config.identity.dataset.train));
  const held = new Set(
    runs.flatMap(({ config: { identity } }) => (identity.validation === undefined ? [] : [identity.validation])),
  );
  const moments = published?.rows.flatMap(({ points }) => points.map(({ seconds }) => seconds)) ?? [];
  const reached = longest(runs);
  const missed = [...new Set(moments.filter((seconds) => seconds > reached))];
  return [
    ...(published !== undefined && seeds < published.seeds
      ? [`${name}: ${seeds} of the ${published.seeds} seeds that the published means are taken over.`]
      : []),
    ...(missed.length > 0
      ? [
          `${name}: shorter runs, at most ${reached.toFixed(1)} s of training; published values after ${missed.join(' s and ')} s stand beside the last epoch of ours.`,
        ]
      : []),
    ...(sizes.size > 1
      ? [`${name}: runs on training data of different sizes (${[...sizes].join(', ')} samples).`]
      : []),
    ...(published !== undefined && [...sizes].some((size) => size !== published.train)
      ? [`${name}: ${Math.min(...sizes)} training samples instead of ${published.train}.`]
      : []),
    ...[...held].map(
      (samples) =>
        `${name}: ${samples} training samples are not trained on; values after given seconds and at the end are those of the epoch that was best on them by then. The published runs held none out.`,
    ),
    ...(published === undefined
      ? []
      : [`${name}: the published seconds are of this hardware: ${published.hardware}; ours of the machine above.`]),
    ...(open > 0 ? [`${name}: ${open} of ${runs.length} runs have not ended; what they had reached is counted.`] : []),
    ...groupsOf(study, runs).flatMap((group) => failedSentence(name, group)),
  ];
};

/** One sentence per deviation. */
export const deviations = (study: Study, runsOf: (benchmark: string) => readonly RunResult[]): readonly string[] => [
  ...study.notes,
  ...Object.entries(study.benchmarks).flatMap(([name, benchmark]) => {
    const runs = runsOf(name);
    return runs.length === 0 ? [`${name}: not run.`] : benchmarkDeviations(study, name, benchmark, runs);
  }),
];
