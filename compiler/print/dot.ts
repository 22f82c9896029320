/** Graphs as DOT: one box per value, lanes side by side, colours by stage. */

import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { visible } from '../../dsl/index.js';
import { totalOf } from '../../dsl/tally.js';
import type { InspectedLeaf, InspectedLevel, InspectedValue, Inspection } from '../inspect/data.js';
import { leafLanes, mentionsOf } from '../inspect/links.js';
import { type Lane, lanes } from '../inspect/origins.js';
import { type DrawingError, type Layout, layoutOf, svgOf } from './svg.js';

// A family whose widths Graphviz knows: of any other, a list of families too, it takes those of Times for granted.
const family = 'Helvetica';

// Light fills that black text is readable on, one per stage; further stages start again.
const fills = ['#dbeafe', '#fde9c8', '#d9f2dd', '#f3ddf0'] as const;

/** The fill of a stage. */
const stageFill = (stage: number): string => fills[stage % fills.length] ?? fills[0];

const quoted = (text: string): string => `"${visible(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

const longestLabel = 44;

const shortened = (text: string): string =>
  [...text].length <= longestLabel ? text : `${[...text].slice(0, longestLabel - 1).join('')}…`;

const label = (...lines: readonly string[]): string => quoted(lines.join('\n')).replace(/\n/g, '\\n');

const valueNode = ({ name, shape, definition, stage, lane }: InspectedValue, id: string, place: string): string =>
  `${id} [${place}id=${id}, class="value stage${stage} ${lane}", fillcolor="${stageFill(stage)}", label=${label(
    `${name.math}  ${shape}`,
    shortened(definition.math),
  )}];`;

const leafNode = ({ name, shape, stage }: InspectedLeaf, id: string, place: string): string =>
  `${id} [${place}id=${id}, class="leaf stage${stage}", shape=ellipse, fillcolor="#ffffff", label=${label(`${name.math}  ${shape}`)}];`;

// Parameters and parts of v are read in the definitions; drawn, their edges would be most of the picture.
const isDrawn = ({ kind, loop }: InspectedLeaf): boolean =>
  kind === 'input' || kind === 'cotangent' || loop !== undefined;

/** The id in a drawing of the value at a position of the level's list. */
const valueId = (position: number): string => `n${position}`;

const leafId = (position: number): string => `leaf${position}`;

const headingId = (lane: Lane): string => `lane_${lane}`;

const arrow = (from: string, to: string): string => `  ${from} -> ${to} [id="${from}-${to}"];`;

const clusterId = (lane: Lane): string => `cluster_${lane}`;

const noPlaces: Layout = { nodes: new Map(), clusters: new Map() };

const lanesIn = ({ values }: InspectedLevel): readonly Lane[] =>
  lanes.filter((lane) => values.some((value) => value.lane === lane));

/** The DOT text of a level; of one that has been laid out, with the places that it was given. */
export const dotOf = (inspection: Inspection, level: InspectedLevel, places: Layout = noPlaces): string => {
  const { values, leaves } = level;
  const placeOf = (id: string): string => {
    const place = places.nodes.get(id);
    return place === undefined ? '' : `pos="${place.join()}", `;
  };
  const boxOf = (lane: Lane): readonly string[] => {
    const box = places.clusters.get(clusterId(lane));
    return box === undefined ? [] : [`    bb="${box.join()}";`];
  };
  const laneOfLeaf = leafLanes(level);
  const present = lanesIn(level);
  const clusters = present.flatMap((lane) => [
    `  subgraph ${clusterId(lane)} {`,
    ...boxOf(lane),
    `    ${headingId(lane)} [${placeOf(headingId(lane))}class=heading, shape=plaintext, style="", label=${label(inspection.titles[lane])}];`,
    ...values.flatMap((value, i) =>
      value.lane === lane ? [`    ${valueNode(value, valueId(i), placeOf(valueId(i)))}`] : [],
    ),
    ...leaves.flatMap((leaf, i) =>
      isDrawn(leaf) && laneOfLeaf[i] === lane ? [`    ${leafNode(leaf, leafId(i), placeOf(leafId(i)))}`] : [],
    ),
    '  }',
  ]);
  // headings in one row, in order, make lanes of the clusters
  const headings = present.map(headingId);
  const row = `  { rank=same; ${headings.join(' -> ')}${headings.length > 1 ? ' [style=invis]' : ''}; }`;
  const fromLeaf = (position: number, user: number): readonly string[] => {
    const leaf = leaves[position];
    if (leaf === undefined || !isDrawn(leaf)) return [];
    const [from, to] = [leafId(position), valueId(user)];
    // a loop gives its variables their values, round by round; like all that the loop is made of they stand above it
    return leaf.loop === values[user]?.key
      ? [`  ${from} -> ${to} [id="${to}-${from}", dir=back, style=dashed];`]
      : [arrow(from, to)];
  };
  const edges = mentionsOf(level).flatMap((mentions, user) => [
    ...mentions.values.map((value) => arrow(valueId(value), valueId(user))),
    ...mentions.leaves.flatMap((leaf) => fromLeaf(leaf, user)),
  ]);
  return [
    `digraph ${quoted(`${inspection.model} ${inspection.graph}`)} {`,
    `  graph [rankdir=TB, newrank=true, splines=true, fontname="${family}", fontsize=14, style=rounded, color="#94a3b8", nodesep=0.25, ranksep=0.35];`,
    `  node [shape=box, style="rounded,filled", fontname="${family}", fontsize=12, color="#475569", margin="0.2,0.06"];`,
    '  edge [color="#64748b", arrowsize=0.6];',
    ...clusters,
    row,
    ...edges,
    '}',
    '',
  ].join('\n');
};

// Between two lanes, in points.
const gutter = 10;

/** The layout with its lanes in order from left to right: Graphviz itself leaves open in which order clusters stand. */
const inOrder = (level: InspectedLevel, { nodes, clusters }: Layout): Layout => {
  let from = 0;
  const shifts = new Map<Lane, number>();
  for (const lane of lanesIn(level)) {
    const [left, , right] = clusters.get(clusterId(lane)) ?? [0, 0, 0, 0];
    shifts.set(lane, from - left);
    from += right - left + gutter;
  }
  const laneOf = new Map<string, Lane>([
    ...level.values.map(({ lane }, i) => [valueId(i), lane] as const),
    ...leafLanes(level).flatMap((lane, i) => (lane === undefined ? [] : [[leafId(i), lane] as const])),
    ...lanesIn(level).flatMap((lane) => [[headingId(lane), lane] as const, [clusterId(lane), lane] as const]),
  ]);
  // a leaf that nothing mentions is in no lane, and stays with the values of the forward pass
  const shiftOf = (id: string): number => totalOf(shifts, laneOf.get(id) ?? 'primal');
  return {
    nodes: new Map([...nodes].map(([id, [x, y]]) => [id, [x + shiftOf(id), y]])),
    clusters: new Map(
      [...clusters].map(([id, [left, bottom, right, top]]) => [
        id,
        [left + shiftOf(id), bottom, right + shiftOf(id), top],
      ]),
    ),
  };
};

/** The SVG drawing of a level, with its lanes from left to right. */
export const drawingOf = (inspection: Inspection, level: InspectedLevel): TE.TaskEither<DrawingError, string> =>
  pipe(
    layoutOf(dotOf(inspection, level)),
    TE.flatMap((layout) => svgOf(dotOf(inspection, level, inOrder(level, layout)))),
  );
