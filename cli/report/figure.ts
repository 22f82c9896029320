/** Curves as SVG images that stand for themselves and follow the reader's light or dark mode. */

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { visible as visibleText } from '../../dsl/index.js';
import { colourRules, seriesColour } from './colours.js';

/** A point of a curve: a mean, with what lies one standard deviation below and above it. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** One curve. */
export interface Curve {
  readonly label: string;
  readonly points: readonly CurvePoint[];
}

/** A figure of curves. */
export interface CurveFigure {
  /** What readers who cannot see the image are told. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The horizontal axis counts: a tick between two whole numbers would stand for nothing. */
  readonly counted: boolean;
  /** The vertical axis is logarithmic; points that are not positive are left out. */
  readonly logarithmic: boolean;
  readonly curves: readonly Curve[];
}

const width = 640;
const height = 380;
const rowHeight = 18;
/** About the width of a character of the legend, in pixels. */
const characterWidth = 7;

interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly x: number;
  readonly row: number;
}

/** The legend's entries, in as many rows as they need. */
const legend = (curves: readonly Curve[], room: number): readonly LegendEntry[] => {
  const entries: LegendEntry[] = [];
  let [x, row] = [0, 0];
  for (const [i, { label }] of curves.entries()) {
    const needed = 28 + characterWidth * label.length;
    if (x > 0 && x + needed > room) [x, row] = [0, row + 1];
    entries.push({ label, colour: seriesColour(i), x, row });
    x += needed;
  }
  return entries;
};

const visible = ({ curves, logarithmic }: CurveFigure): readonly Curve[] =>
  logarithmic
    ? curves.map(({ label, points }) => ({
        label,
        points: points.filter(({ y }) => y > 0).map((point) => ({ ...point, low: Math.max(point.low, point.y / 10) })),
      }))
    : curves;

/** Ticks of an axis that counts. */
const countedTicks = (curves: readonly Curve[]): { readonly ticks: number } => {
  const xs = curves.flatMap(({ points }) => points.map(({ x }) => x));
  return { ticks: Math.min(10, Math.max(1, Math.ceil(Math.max(0, ...xs)))) };
};

/** The text of the SVG image. */
export const curveSvg = (figure: CurveFigure): string => {
  const { document } = parseHTML('<!doctype html><html></html>');
  const [left, right] = [56, 16];
  const curves = visible(figure);
  const entries = legend(curves, width - left - right);
  const legendHeight = rowHeight * (1 + (entries.at(-1)?.row ?? 0));
  const titleHeight = 22;
  const above = titleHeight + legendHeight + 8;
  const at = ({ x, row }: LegendEntry, offset: number) => ({
    frameAnchor: 'top-left' as const,
    dx: x + offset,
    dy: titleHeight + 8 - above + rowHeight * row,
  });
  const plot = Plot.plot({
    document,
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: above,
    marginBottom: 40,
    style: { fontSize: '12px', color: 'var(--text)', background: 'none' },
    x: {
      label: figure.xLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      ...(figure.counted ? countedTicks(curves) : {}),
    },
    y: {
      label: null,
      grid: true,
      ...(figure.logarithmic ? { type: 'log', tickFormat: '~g' } : {}),
    },
    marks: [
      ...curves.map(({ points }, i) =>
        Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: seriesColour(i), fillOpacity: 0.15 }),
      ),
      ...curves.map(({ points }, i) =>
        Plot.lineY(points, {
          x: 'x',
          y: 'y',
          stroke: seriesColour(i),
          strokeWidth: 1.75,
          ...(points.length === 1 ? { marker: 'dot' } : {}),
        }),
      ),
      Plot.text([figure.yLabel], {
        frameAnchor: 'top-left',
        lineAnchor: 'middle',
        dx: 8 - left,
        dy: 12 - above,
        fontWeight: 600,
        text: (label: string) => label,
      }),
      ...entries.flatMap((entry) => [
        Plot.dot([0], { ...at(entry, 6), r: 5, fill: entry.colour }),
        Plot.text([entry.label], {
          ...at(entry, 16),
          textAnchor: 'start',
          lineAnchor: 'middle',
          text: (label: string) => label,
        }),
      ]),
    ],
  });
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', figure.title);
  const style = document.createElement('style');
  style.textContent = colourRules('svg');
  plot.prepend(style);
  return visibleText(plot.outerHTML);
};
