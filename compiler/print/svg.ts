/** Drawings, laid out by Graphviz as WebAssembly. */
import * as TE from 'fp-ts/lib/TaskEither.js';

/** A drawing that could not be made. */
export interface DrawingError {
  readonly _tag: 'DrawingError';
  readonly reason: string;
}

const point = /(-?\d[\d.e+]*),(-?\d[\d.e+-]*)/g;

/** A graph that Graphviz has laid out, in DOT, with left and right changed over. */
const mirrored = (laidOut: string): string => {
  // long attributes are broken over lines
  const whole = laidOut.replace(/\\\r?\n/g, '');
  const width = Number(/bb="[^",]*,[^",]*,([\d.]+)/.exec(whole)?.[1] ?? 0);
  return whole.replace(/\b(bb|lp|pos)="([^"]*)"/g, (_, name: string, value: string) => {
    if (name !== 'bb')
      return `${name}="${value.replace(point, (__, x: string, y: string) => `${width - Number(x)},${y}`)}"`;
    const [left, bottom, right, top] = value.split(',');
    return `bb="${width - Number(right)},${bottom},${width - Number(left)},${top}"`;
  });
};

/** Where a node of a laid-out graph stands. */
const across = (laidOut: string, node: string): number =>
  Number(new RegExp(`\\b${node}\\s*\\[[^\\]]*?pos="([\\d.]+),`).exec(laidOut)?.[1] ?? Number.NaN);

/**
 * The SVG text of a graph in DOT. Graphviz is loaded on the first use. Where the node `first` comes out to the right of
 * `last`, the drawing is mirrored: Graphviz itself leaves open on which side clusters begin.
 */
export const svgOf = (
  dot: string,
  order?: { readonly first: string; readonly last: string },
): TE.TaskEither<DrawingError, string> =>
  TE.tryCatch(
    async () => {
      const { instance } = await import('@viz-js/viz');
      const viz = await instance();
      const laidOut = viz.renderString(dot, { format: 'dot' });
      const reversed = order !== undefined && across(laidOut, order.first) > across(laidOut, order.last);
      // nop2 keeps the positions that are given
      return viz.renderString(reversed ? mirrored(laidOut) : laidOut, { engine: 'nop2', format: 'svg' });
    },
    (thrown): DrawingError => ({
      _tag: 'DrawingError',
      reason: thrown instanceof Error ? thrown.message : String(thrown),
    }),
  );

/** The drawing as an element of a page: without XML declaration, doctype and comments. */
export const svgElement = (svg: string): string => svg.slice(svg.indexOf('<svg')).replace(/<!--[\s\S]*?-->\n?/g, '');
