/** A run's history as a plot in the terminal. Pure. */
import plot from 'simple-ascii-chart';
import type { EpochRecord } from '../optim/index.js';

const width = 64;
const height = 10;

/** What is drawn against epochs. */
interface Curve {
  readonly title: string;
  readonly value: (record: EpochRecord) => number | undefined;
  /** Losses fall over orders of magnitude: their logarithm shows all of it. */
  readonly logarithmic: boolean;
}

const curves: readonly Curve[] = [
  { title: 'train loss (logarithmic)', value: ({ trainLoss }) => trainLoss, logarithmic: true },
  { title: 'test loss (logarithmic)', value: ({ testLoss }) => testLoss, logarithmic: true },
  {
    title: 'test accuracy (%)',
    value: ({ testAccuracy }) => (testAccuracy === undefined ? undefined : 100 * testAccuracy),
    logarithmic: false,
  },
];

const pointsOf = ({ value, logarithmic }: Curve, history: readonly EpochRecord[]): [number, number][] =>
  history.flatMap((record): [number, number][] => {
    const y = value(record);
    if (y === undefined || (logarithmic && y <= 0)) return [];
    return [[record.epoch, logarithmic ? Math.log10(y) : y]];
  });

/** At most ten epochs of the range, multiples of 1, 2 or 5 times a power of ten: each has room for its number. */
const ticks = (first: number, last: number): number[] => {
  const least = Math.max(1, (last - first) / 9);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
  const from = Math.ceil(first / step);
  return Array.from({ length: Math.floor(last / step) - from + 1 }, (_, i) => (from + i) * step);
};

const withoutTrailingSpaces = (text: string): string => text.replaceAll(/ +$/gm, '');

/** One plot per quantity that the history holds at two epochs or more. */
export const historyCharts = (history: readonly EpochRecord[]): readonly string[] =>
  curves.flatMap((curve) => {
    const points = pointsOf(curve, history);
    const [[first] = [0], [last] = [0]] = [points[0], points.at(-1)];
    const label = (y: number): string => (curve.logarithmic ? 10 ** y : y).toPrecision(3);
    return points.length < 2
      ? []
      : [
          withoutTrailingSpaces(
            plot(points, {
              width,
              height,
              title: curve.title,
              xLabel: 'epoch',
              customXAxisTicks: ticks(first, last),
              formatter: (value, { axis }) => (axis === 'y' ? label(value) : value),
            }),
          ),
        ];
  });
