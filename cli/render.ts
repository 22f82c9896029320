/** What a run shows: one line per epoch, and a table at the end. Pure. */
import Table from 'cli-table3';
import type { EpochRecord, Outcome, PublishedResult } from '../optim/index.js';
import { keptEpoch, showOptimizerError } from '../optim/index.js';

const number = (value: number | undefined, digits = 4): string =>
  value === undefined
    ? '–'
    : value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
      ? value.toExponential(2)
      : value.toPrecision(digits);

const epochOf = ({ epoch }: EpochRecord): string => (Number.isInteger(epoch) ? `${epoch}` : epoch.toFixed(2));

const metricOf = ({ testAccuracy, testLoss }: EpochRecord): string =>
  testAccuracy === undefined ? number(testLoss) : `${(100 * testAccuracy).toFixed(2)} %`;

/** The metric on the samples that are held out; nothing where none are. */
const validationOf = ({ validationAccuracy, validationLoss }: EpochRecord): string | undefined =>
  validationAccuracy !== undefined
    ? `${(100 * validationAccuracy).toFixed(2)} %`
    : validationLoss === undefined
      ? undefined
      : number(validationLoss);

const secondsOf = ({ seconds }: EpochRecord): string => seconds.toFixed(2);

/** Why CG stopped, in words. */
const stopReasons: { readonly [Reason in NonNullable<EpochRecord['stopReason']>]: string } = {
  Converged: 'converged',
  MaxIterations: 'iteration limit',
  NonPositiveCurvature: 'no positive curvature',
  RelativeProgress: 'little progress',
  NonFinite: 'not finite',
};

const stopOf = ({ stopReason }: EpochRecord): string => (stopReason === undefined ? '–' : stopReasons[stopReason]);

const metricName = ({ testAccuracy }: EpochRecord): string =>
  testAccuracy === undefined ? 'test loss' : 'test accuracy';

/** How long a program took from its start to the end of its first step, and how much of that for reading data. Seconds. */
export const firstStepLine = (seconds: number, reading: number): string =>
  `first step done ${seconds.toFixed(2)} s after the start of the program (${reading.toFixed(2)} s reading data)`;

/** One line on an epoch. */
export const epochLine = (record: EpochRecord): string =>
  [
    `epoch ${epochOf(record).padStart(3)}`,
    `train loss ${number(record.trainLoss)}`,
    `${metricName(record)} ${metricOf(record)}`,
    ...(validationOf(record) === undefined ? [] : [`validation ${validationOf(record)}`]),
    record.rho === undefined ? `lr ${number(record.stepSize)}` : `ρ ${number(record.rho)}`,
    ...(record.cgIterations === undefined ? [] : [`CG ${record.cgIterations} (${stopOf(record)})`]),
    ...(record.rejected === undefined ? [] : [`${record.rejected} rejected`]),
    `${secondsOf(record)} s`,
  ].join('  ');

/** The whole history as a table. */
export const historyTable = (history: readonly EpochRecord[]): string => {
  const [first] = history;
  if (first === undefined) return '';
  const validated = validationOf(first) !== undefined;
  const column = <A>(value: A): readonly A[] => (validated ? [value] : []);
  const rejecting = history.some(({ rejected }) => rejected !== undefined);
  const rejections = <A>(value: A): readonly A[] => (rejecting ? [value] : []);
  const table = new Table({
    head: [
      'epoch',
      'train loss',
      metricName(first),
      ...column('validation'),
      'ρ',
      'step size',
      ...rejections('rejected'),
      'CG',
      'CG stopped',
      'seconds',
    ],
    colAligns: [
      'right',
      'right',
      'right',
      ...column('right' as const),
      'right',
      'right',
      ...rejections('right' as const),
      'right',
      'left',
      'right',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const record of history)
    table.push([
      epochOf(record),
      number(record.trainLoss),
      metricOf(record),
      ...column(validationOf(record) ?? '–'),
      number(record.rho),
      number(record.stepSize),
      ...rejections(record.rejected === undefined ? '–' : `${record.rejected}`),
      record.cgIterations === undefined ? '–' : `${record.cgIterations}`,
      stopOf(record),
      secondsOf(record),
    ]);
  return table.toString();
};

/** Which parameters a run kept, where that was chosen on held-out samples; nothing else. */
export const keptLine = (history: readonly EpochRecord[]): string => {
  const kept = keptEpoch(history);
  return kept === undefined || validationOf(kept) === undefined
    ? ''
    : `kept the parameters after epoch ${epochOf(kept)}, the best on the held-out samples: ` +
        `validation ${validationOf(kept)}, ${metricName(kept)} ${metricOf(kept)}`;
};

/** When a run reached published accuracies, beside when the publication did; nothing where nothing is published. */
export const publishedTable = (history: readonly EpochRecord[], published: readonly PublishedResult[]): string => {
  if (published.length === 0) return '';
  const table = new Table({
    head: ['test accuracy', 'here, seconds', 'epoch', 'published, seconds', 'by'],
    colAligns: ['right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { accuracy, seconds, by } of published) {
    const reached = history.find(({ testAccuracy }) => testAccuracy !== undefined && testAccuracy >= accuracy);
    const here = reached === undefined ? ['not reached', '–'] : [secondsOf(reached), epochOf(reached)];
    table.push([`${(100 * accuracy).toFixed(1)} %`, ...here, `${seconds}`, by]);
  }
  return table.toString();
};

/** Why the run ended, in words; `fate` says what became of what it had reached, where it was cut short. */
export const endingLine = (ending: Outcome<unknown>['ending'], fate: string): string => {
  switch (ending._tag) {
    case 'Epochs':
      return 'all epochs done';
    case 'Seconds':
      return 'time is up';
    case 'Interrupted':
      return `interrupted; ${fate}`;
    case 'Failed':
      return `${showOptimizerError(ending.error)}; ${fate}`;
  }
};
