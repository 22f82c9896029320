/** Graphviz as WebAssembly: layouts and drawings of graphs in DOT. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';

/** A drawing that could not be made. */
export interface DrawingError {
  readonly _tag: 'DrawingError';
  readonly reason: string;
}

/** Graphviz is loaded on the first use. */
const withGraphviz = <A>(
  use: (graphviz: Awaited<ReturnType<typeof import('@viz-js/viz')['instance']>>) => A,
): TE.TaskEither<DrawingError, A> =>
  TE.tryCatch(
    async () => {
      const { instance } = await import('@viz-js/viz');
      return use(await instance());
    },
    (thrown): DrawingError => ({
      _tag: 'DrawingError',
      reason: thrown instanceof Error ? thrown.message : String(thrown),
    }),
  );

/** Where Graphviz puts things, in points, y upwards: nodes by their middle, clusters by [left, bottom, right, top]. */
export interface Layout {
  readonly nodes: ReadonlyMap<string, readonly [number, number]>;
  readonly clusters: ReadonlyMap<string, readonly [number, number, number, number]>;
}

const numbers = (length: number) =>
  z
    .string()
    .transform((text) => text.split(',').slice(0, length).map(Number))
    .pipe(z.array(z.number()).length(length));

const laidOut = z.object({
  objects: z.array(z.object({ name: z.string(), pos: numbers(2).optional(), bb: numbers(4).optional() })).default([]),
});

/** Lays a graph in DOT out in layers. */
export const layoutOf = (dot: string): TE.TaskEither<DrawingError, Layout> =>
  withGraphviz((graphviz) => {
    const { objects } = laidOut.parse(graphviz.renderJSON(dot));
    return {
      nodes: new Map(
        objects.flatMap(({ name, pos: [x, y] = [] }) =>
          x === undefined || y === undefined ? [] : [[name, [x, y] as const]],
        ),
      ),
      clusters: new Map(
        objects.flatMap(({ name, bb: [left, bottom, right, top] = [] }) =>
          left === undefined || bottom === undefined || right === undefined || top === undefined
            ? []
            : [[name, [left, bottom, right, top] as const]],
        ),
      ),
    };
  });

/** The SVG text of a graph in DOT whose nodes and clusters have their places already; edges are routed. */
export const svgOf = (placed: string): TE.TaskEither<DrawingError, string> =>
  withGraphviz((graphviz) => graphviz.renderString(placed, { engine: 'nop', format: 'svg' }));

/** The drawing as an element of a page: without XML declaration, doctype and comments. */
export const svgElement = (svg: string): string => svg.slice(svg.indexOf('<svg')).replace(/<!--[\s\S]*?-->\n?/g, '');
