/** Drawings, laid out by Graphviz as WebAssembly. */
import * as TE from 'fp-ts/lib/TaskEither.js';

/** A drawing that could not be made. */
export interface DrawingError {
  readonly _tag: 'DrawingError';
  readonly reason: string;
}

/** The SVG text of a graph in DOT. Graphviz is loaded on the first use. */
export const svgOf = (dot: string): TE.TaskEither<DrawingError, string> =>
  TE.tryCatch(
    async () => {
      const { instance } = await import('@viz-js/viz');
      return (await instance()).renderString(dot, { format: 'svg' });
    },
    (thrown): DrawingError => ({
      _tag: 'DrawingError',
      reason: thrown instanceof Error ? thrown.message : String(thrown),
    }),
  );

/** The drawing as an element of a page: without XML declaration, doctype and comments. */
export const svgElement = (svg: string): string => svg.slice(svg.indexOf('<svg')).replace(/<!--[\s\S]*?-->\n?/g, '');
