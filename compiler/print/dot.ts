/** Graphs as DOT: one box per value, lanes side by side, colours by stage. */
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { InspectedLeaf, InspectedLevel, InspectedValue, Inspection } from '../inspect/data.js';
import { type Lane, lanes } from '../inspect/origins.js';
import { type DrawingError, svgOf } from './svg.js';

// Light fills that black text is readable on, one per stage; further stages start again.
const fills = ['#dbeafe', '#fde9c8', '#d9f2dd', '#f3ddf0'] as const;

/** The fill of a stage. */
export const stageFill = (stage: number): string => fills[stage % fills.length] ?? fills[0];

const quoted = (text: string): string => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

const longestLabel = 44;

const shortened = (text: string): string =>
  [...text].length <= longestLabel ? text : `${[...text].slice(0, longestLabel - 1).join('')}…`;

const label = (...lines: readonly string[]): string => quoted(lines.join('\n')).replace(/\n/g, '\\n');

const valueNode = ({ name, shape, definition, stage, lane }: InspectedValue, id: string): string =>
  `${id} [id=${id}, class="value stage${stage} ${lane}", fillcolor="${stageFill(stage)}", label=${label(
    `${name.math}  ${shape}`,
    shortened(definition.math),
  )}];`;

const leafNode = ({ name, shape, stage }: InspectedLeaf, id: string): string =>
  `${id} [id=${id}, class="leaf stage${stage}", shape=ellipse, fillcolor="#ffffff", label=${label(`${name.math}  ${shape}`)}];`;

// Parameters are read in the definitions; drawn, their edges would be most of the picture.
const isDrawn = ({ kind }: InspectedLeaf): boolean => kind === 'input' || kind === 'cotangent' || kind === 'variable';

/** The id in a drawing of the value at a position of the level's list. */
export const valueId = (position: number): string => `n${position}`;

const headingId = (lane: Lane): string => `lane_${lane}`;

/** The DOT text of a level. */
export const dotOf = (inspection: Inspection, { values, leaves }: InspectedLevel): string => {
  const shown = leaves.filter((leaf) => isDrawn(leaf) && values.some(({ uses }) => uses.includes(leaf.key)));
  const ids = new Map([
    ...values.map(({ key }, i) => [key, valueId(i)] as const),
    ...shown.map(({ key }, i) => [key, `leaf${i}`] as const),
  ]);
  const present = lanes.filter((lane) => values.some((value) => value.lane === lane));
  const clusters = present.flatMap((lane) => [
    `  subgraph cluster_${lane} {`,
    `    ${headingId(lane)} [class=heading, shape=plaintext, style="", label=${label(inspection.titles[lane])}];`,
    ...values.flatMap((value, i) => (value.lane === lane ? [`    ${valueNode(value, valueId(i))}`] : [])),
    ...(lane === 'primal' ? shown.map((leaf, i) => `    ${leafNode(leaf, `leaf${i}`)}`) : []),
    '  }',
  ]);
  // headings in one row, in order, make lanes of the clusters
  const headings = present.map(headingId);
  const row = `  { rank=same; ${headings.join(' -> ')}${headings.length > 1 ? ' [style=invis]' : ''}; }`;
  const edges = values.flatMap(({ key, uses }) =>
    [...new Set(uses)].flatMap((use) => {
      const [from, to] = [ids.get(use), ids.get(key)];
      return from === undefined || to === undefined ? [] : [`  ${from} -> ${to} [id="${from}-${to}"];`];
    }),
  );
  return [
    `digraph ${quoted(`${inspection.model} ${inspection.graph}`)} {`,
    '  graph [rankdir=TB, newrank=true, fontname="Helvetica,Arial,sans-serif", fontsize=14, style=rounded, color="#94a3b8", nodesep=0.25, ranksep=0.35];',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica,Arial,sans-serif", fontsize=12, color="#475569", margin="0.2,0.06"];',
    '  edge [color="#64748b", arrowsize=0.6];',
    ...clusters,
    row,
    ...edges,
    '}',
    '',
  ].join('\n');
};

/** The SVG drawing of a level, with its lanes from left to right. */
export const drawingOf = (inspection: Inspection, level: InspectedLevel): TE.TaskEither<DrawingError, string> => {
  const present = lanes.filter((lane) => level.values.some((value) => value.lane === lane));
  const [first, last] = [present[0], present.at(-1)];
  return svgOf(
    dotOf(inspection, level),
    first === undefined || last === undefined ? undefined : { first: headingId(first), last: headingId(last) },
  );
};
