/** A benchmark's part of a report: tables of what was reached, and its curves. */
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import { type Benchmark, curve, type Moment, type Quantity, type Study } from '../../optim/index.js';
import { atSameEpochs, atSameSeconds, endedEarlier, perStep, ranges } from './comparison.js';
import { type Block, heading, paragraph, table } from './document.js';
import { type CurvePoint, curveSvg } from './figure.js';
import { absent, epochs, number, plusMinus, quantityEstimate, quantityNames } from './format.js';
import {
  bestOf,
  finalMoment,
  type Group,
  groupsOf,
  meanOf,
  representatives,
  secondsPerStep,
  sweepsOf,
} from './groups.js';
import type { RunResult } from './results.js';

/** What a benchmark measures on its test data. */
const testQuantity = (runs: readonly RunResult[]): Quantity =>
  runs.some(({ history }) => history.some(({ testAccuracy }) => testAccuracy !== undefined))
    ? 'testAccuracy'
    : 'testLoss';

const finalRow = (group: Group, quantity: Quantity): readonly string[] => {
  const cells = pipe(
    O.Do,
    O.bind('train', () => finalMoment(group, 'trainLoss')),
    O.bind('test', () => finalMoment(group, quantity)),
    O.match(
      () => [absent, absent, absent, absent],
      ({ train, test }) => [
        epochs(test.epochs.mean),
        number(test.seconds.mean),
        plusMinus(train.value, number),
        quantityEstimate(quantity, test.value),
      ],
    ),
  );
  const step = meanOf(group, secondsPerStep);
  const failed = group.failures.length === 0 ? '' : `, ${group.failures.length} failed`;
  return [group.label, `${group.runs.length}${failed}`, ...cells, O.isNone(step) ? absent : number(step.value.mean)];
};

const finalTable = (groups: readonly Group[], quantity: Quantity): Block =>
  table(
    'At the end of the runs: mean ± sample deviation over seeds',
    ['solver', 'runs', 'epochs', 'seconds', 'train loss', quantityNames[quantity], 'seconds per step'],
    groups.map((group) => finalRow(group, quantity)),
  );

const sweepTable = (sweep: string, groups: readonly Group[], quantity: Quantity): Block => {
  const members = groups.filter((group) => group.sweep === sweep);
  const best = bestOf(members, quantity);
  return table(
    O.isSome(best)
      ? `Sweep of ${sweep}: the best at the end stands for it elsewhere`
      : `Sweep of ${sweep}: none ended well for every seed, so none stands for it elsewhere`,
    ['solver', 'runs', 'failed', quantityNames[quantity], 'best'],
    members.map((group) => {
      const final = finalMoment(group, quantity);
      return [
        group.label,
        `${group.runs.length}`,
        `${group.failures.length}`,
        O.isNone(final) ? absent : quantityEstimate(quantity, final.value.value),
        O.isSome(best) && best.value === group ? '✓' : '',
      ];
    }),
  );
};

/** The clocks that curves are drawn against. */
const clocks = {
  seconds: { label: 'seconds', counted: false, x: ({ seconds }: Moment) => seconds.mean },
  epochs: { label: 'epochs', counted: true, x: (at: Moment) => at.epochs.mean },
} as const;

const pointOf = (at: Moment, x: number, quantity: Quantity): CurvePoint => {
  const scale = quantity === 'testAccuracy' ? 100 : 1;
  const { mean } = at.value;
  const deviation = O.getOrElse(() => 0)(at.value.deviation);
  return { x, y: scale * mean, low: scale * (mean - deviation), high: scale * (mean + deviation) };
};

const figures = (name: string, groups: readonly Group[], quantity: Quantity): readonly Block[] =>
  (['trainLoss', quantity] as const).flatMap((drawn) =>
    Object.values(clocks).map(({ label, counted, x }): Block => {
      const caption = `${name}: ${quantityNames[drawn]} against ${label}`;
      return {
        _tag: 'Figure',
        name: `${name}-${drawn}-${label}`,
        caption: `${caption}; mean over seeds, the band is one sample deviation`,
        svg: curveSvg({
          title: caption,
          xLabel: label,
          counted,
          yLabel: quantityNames[drawn],
          logarithmic: drawn !== 'testAccuracy',
          curves: groups.map((group) => ({
            label: group.label,
            points: curve(group.histories, drawn).map((at) => pointOf(at, x(at), drawn)),
          })),
        }),
      };
    }),
  );

const setting = (runs: readonly RunResult[]): Block => {
  const distinct = (values: readonly string[]): string => [...new Set(values)].join('; ');
  const identities = runs.map(({ config }) => config);
  const targets = runs.flatMap(({ summary }) =>
    O.isSome(summary) ? [`${summary.value.target} (${summary.value.device})`] : [],
  );
  return paragraph(
    `${distinct(identities.map(({ parameters }) => `${parameters} parameters`))}; ` +
      `${distinct(identities.map(({ identity: { dataset, validation } }) => `${dataset.name}, ${dataset.train} training ${validation === undefined ? '' : `(${validation} of them held out) `}and ${dataset.test} test samples`))}; ` +
      `mini-batches of ${distinct(identities.map(({ identity }) => `${identity.batchSize}`))}; ` +
      `seeds ${[...new Set(identities.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')}; ` +
      `target ${distinct(targets)}. Seconds are seconds of training, without compiling and measuring.`,
  );
};

/** The section of a benchmark, if it has any runs. */
export const benchmarkSection = (
  study: Study,
  name: string,
  { published }: Benchmark,
  runs: readonly RunResult[],
): readonly Block[] => {
  if (runs.length === 0) return [];
  const quantity = testQuantity(runs);
  const groups = groupsOf(study, runs);
  const shown = representatives(groups, quantity);
  const compared =
    published === undefined
      ? []
      : [
          ...atSameSeconds(published, shown),
          ...(endedEarlier(published, shown)
            ? [paragraph('† A run had ended before; the value is that of its last epoch.')]
            : []),
          ...atSameEpochs(published, shown),
          ...perStep(published, shown),
          ...ranges(published, shown),
        ];
  return [
    heading(2, name),
    setting(runs),
    ...compared,
    finalTable(shown, quantity),
    ...sweepsOf(groups).map((sweep) => sweepTable(sweep, groups, quantity)),
    ...figures(name, shown, quantity),
  ];
};
