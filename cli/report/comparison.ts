/** Tables that set what is published beside what was reached here. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import {
  curve,
  estimate,
  type Moment,
  moment,
  type Published,
  type Quantity,
  recordAtEpoch,
  recordAtSeconds,
} from '../../optim/index.js';
import { type Block, table } from './document.js';
import { absent, epochs, number, quantityEstimate, quantityNames, quantityValue } from './format.js';
import { type Group, meanOf, secondsPerStep } from './groups.js';

type PublishedRow = Published['rows'][number];

/** The group that a published row is compared with: the solver of that name, or the best of the sweep. */
const counterpart = (groups: readonly Group[], name: string): Group | undefined =>
  groups.find(({ solver, sweep }) => solver === name || sweep === name);

/** Did every run of the group go on for so long? */
const wentOn = ({ histories }: Group, seconds: number): boolean =>
  histories.every((history) => (history.at(-1)?.seconds ?? 0) >= seconds);

/** What marks values of runs that had ended before. */
const endedMark = ' †';

const accuracyCell = (group: Group | undefined, seconds: number): string => {
  if (group === undefined) return absent;
  return pipe(
    moment(group.histories, (history) => recordAtSeconds(history, seconds), 'testAccuracy'),
    O.match(
      () => absent,
      ({ value, epochs: reached }) =>
        `${quantityEstimate('testAccuracy', value)} (${epochs(reached.mean)})${wentOn(group, seconds) ? '' : endedMark}`,
    ),
  );
};

/** Accuracy after given seconds (epochs): the form of the paper's tables, each cell beside ours. */
export const atSameSeconds = (published: Published, groups: readonly Group[]): readonly Block[] => {
  const moments = [...new Set(published.rows.flatMap(({ points }) => points.map(({ seconds }) => seconds)))];
  const cells = (points: PublishedRow['points'], group: Group | undefined): readonly string[] =>
    moments.flatMap((seconds) => {
      const point = points.find((candidate) => candidate.seconds === seconds);
      const there = point === undefined ? absent : `${quantityValue('testAccuracy', point.accuracy)} (${point.epochs})`;
      return [there, accuracyCell(group, seconds)];
    });
  const rows = published.rows.map(({ solver, label, points }) => {
    const group = counterpart(groups, solver);
    const ours = group === undefined || group.label === label ? '' : ` / here ${group.label}`;
    return [`${label}${ours}`, ...cells(points, group)];
  });
  const others = groups.filter((group) => published.rows.every(({ solver }) => counterpart(groups, solver) !== group));
  return published.rows.length === 0
    ? []
    : [
        table(
          `Test accuracy in % (epochs) after given seconds: ${published.source} (${published.hardware}) and here`,
          ['solver', ...moments.flatMap((seconds) => [`published, ${seconds} s`, `here, ${seconds} s`])],
          [...rows, ...others.map((group) => [group.label, ...cells([], group)])],
        ),
      ];
};

/** How ours compares with a published accuracy. */
const verdict = ({ value: { mean, deviation } }: Moment, published: number): string => {
  if (mean >= published) return 'better';
  if (O.isNone(deviation)) return 'lower, by one seed';
  return published - mean <= 2 * deviation.value ? 'within 2 deviations' : 'lower';
};

/** Seconds of training after which the mean over the seeds first was at least as large. */
const reachedAfter = (group: Group | undefined, accuracy: number): string => {
  const first = curve(group?.histories ?? [], 'testAccuracy').find(({ value }) => value.mean >= accuracy);
  return first === undefined ? 'not reached' : number(first.seconds.mean);
};

/** Accuracy after the epochs that the published runs had completed, and when the published accuracy was reached. */
export const atSameEpochs = (published: Published, groups: readonly Group[]): readonly Block[] => {
  const rows = published.rows.flatMap(({ solver, label, points }) => {
    const group = counterpart(groups, solver);
    const histories = group?.histories ?? [];
    return points.map(({ epochs: epoch, accuracy, seconds }) => {
      const here = moment(histories, (history) => recordAtEpoch(history, epoch), 'testAccuracy');
      const shown = O.isNone(here)
        ? [absent, absent]
        : [quantityEstimate('testAccuracy', here.value.value), verdict(here.value, accuracy)];
      return [
        group?.label ?? label,
        `${epoch}`,
        quantityValue('testAccuracy', accuracy),
        ...shown,
        `${seconds}`,
        histories.length === 0 ? absent : reachedAfter(group, accuracy),
      ];
    });
  });
  return rows.length === 0
    ? []
    : [
        table(
          'Test accuracy in % after the same epochs, and the seconds of training until the published one was reached',
          ['solver', 'epochs', 'published', 'here', 'comparison', 'published after', 'reached here after'],
          rows,
        ),
      ];
};

/** Mean seconds of a step. */
export const perStep = ({ secondsPerStep: times, hardware }: Published, groups: readonly Group[]): readonly Block[] => {
  const rows = Object.entries(times).map(([solver, seconds]) => {
    const group = counterpart(groups, solver);
    const here = group === undefined ? O.none : meanOf(group, secondsPerStep);
    return [
      solver,
      number(seconds),
      ...(O.isNone(here) ? [absent, absent] : [number(here.value.mean), `${number(seconds / here.value.mean)}×`]),
    ];
  });
  return rows.length === 0
    ? []
    : [table('Mean seconds of one step', ['solver', `published (${hardware})`, 'here', 'faster by'], rows)];
};

const spread = (values: readonly number[], quantity: Quantity): string =>
  `${quantityValue(quantity, Math.min(...values))} to ${quantityValue(quantity, Math.max(...values))}`;

/** Single runs at an epoch, against known ranges. */
export const ranges = ({ ranges: known }: Published, groups: readonly Group[]): readonly Block[] => {
  const rows = known.map(({ solver, quantity, epoch, low, high, source }) => {
    const histories = counterpart(groups, solver)?.histories ?? [];
    const values = histories.flatMap((history) => {
      const record = recordAtEpoch(history, epoch);
      const value = O.isSome(record) ? record.value[quantity] : undefined;
      return value === undefined ? [] : [value];
    });
    const mean = estimate(values);
    return [
      solver,
      quantityNames[quantity],
      `${epoch}`,
      low === high ? quantityValue(quantity, low) : spread([low, high], quantity),
      source,
      ...(O.isNone(mean) ? [absent, absent] : [quantityEstimate(quantity, mean.value), spread(values, quantity)]),
    ];
  });
  const head = ['solver', 'quantity', 'epoch', 'reference', 'its source', 'here', 'range here'];
  return rows.length === 0 ? [] : [table('Single runs, for orientation', head, rows)];
};

/** Do any cells of the tables carry the mark of runs that had ended before? */
export const endedEarlier = (published: Published, groups: readonly Group[]): boolean =>
  published.rows.some(({ solver, points }) => {
    const group = counterpart(groups, solver);
    return group !== undefined && points.some(({ seconds }) => !wentOn(group, seconds));
  });
