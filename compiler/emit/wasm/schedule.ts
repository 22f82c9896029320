/**
 * How a kernel runs: which axis its vector lanes follow, which axes a register tile spans, how long reductions are cut.
 * Every candidate is costed with a rough model of a core with two vector ports; the cheapest is taken. The choice
 * depends on shapes only, so that results do not depend on the machine.
 */
import { at } from '../../../dsl/internal.js';
import type { Block, Kernel } from '../../program.js';
import { axisOf, extentOf, productOf } from '../../queries.js';
import { blocksOf, dependencesOf, guardAxesOf, linearOf, loopAxesOf, outputIndex, strideOf } from './affine.js';
import { turnCount, turnsOf } from './lanes.js';
import { library } from './scalar.js';
import { bareOf } from './skip.js';

/** `count` tiles of `size` elements along an axis, from `start` on. */
export interface Segment {
  readonly start: number;
  readonly count: number;
  readonly size: number;
}

/** Tiles along the column axis: `vectors` registers wide, of which `size` elements count. */
export interface ColumnSegment extends Segment {
  readonly vectors: number;
  /** Elements per vector: 4 if the lanes follow the column axis, else 1. */
  readonly lanes: 1 | 4;
  readonly rows: readonly Segment[];
}

/** How a kernel runs. */
export interface Schedule {
  /** What the four lanes of a vector are: neighbours along the column axis, or along each part's last reduction axis. */
  readonly lanes: 'column' | 'reduction';
  readonly column: number | undefined;
  readonly row: number | undefined;
  readonly columns: readonly ColumnSegment[];
  /** The other output axes, outermost first. */
  readonly outer: readonly number[];
  /** Terms after which a sum is set aside; undefined where it runs through. */
  readonly blockTerms: number | undefined;
}

/** Rows of a tile by its vectors: `rows · vectors + rows + vectors + 1 ≤ 15` registers, and two rows of five fenced. */
const tileRows = [6, 6, 4, 2, 2, 2] as const;

const maximumVectors = 4;

/** Can vectors along `axis` read past its end, that is, are all accesses contiguous or constant along it? */
const paddable = (kernel: Kernel, axis: number): boolean =>
  blocksOf(kernel).every((block) =>
    block.every((instruction) => {
      if (instruction.op !== 'load') return true;
      const stride = strideOf(linearOf(kernel.axes, instruction.index), axis);
      return (stride === 0 || stride === 1) && !guardAxesOf(kernel.axes, instruction.guards).has(axis);
    }),
  );

const rowSegments = (extent: number, size: number): readonly Segment[] => {
  const count = Math.floor(extent / size);
  const rest = extent - count * size;
  return [
    ...(count > 0 ? [{ start: 0, count, size }] : []),
    ...(rest > 0 ? [{ start: count * size, count: 1, size: rest }] : []),
  ];
};

interface Widths {
  readonly lanes: 1 | 4;
  readonly vectors: number;
  readonly start: number;
  readonly count: number;
  readonly size: number;
}

const columnWidths = (kernel: Kernel, column: number, lanes: Schedule['lanes'], widest: number): readonly Widths[] => {
  const extent = extentOf(kernel, column);
  if (lanes === 'reduction')
    return rowSegments(extent, Math.min(widest, extent)).map((s) => ({ ...s, lanes: 1, vectors: s.size }));
  const padded = paddable(kernel, column);
  const elements = padded ? extent : extent - (extent % 4);
  const single = widest > 1 && elements > 16 && elements <= 20;
  const size = 4 * (single ? 5 : widest);
  const count = Math.floor(elements / size);
  const rest = elements - count * size;
  const segments: Widths[] = [];
  if (count > 0) segments.push({ lanes: 4, vectors: size / 4, start: 0, count, size });
  if (rest > 0) segments.push({ lanes: 4, vectors: Math.ceil(rest / 4), start: count * size, count: 1, size: rest });
  if (elements < extent) segments.push({ lanes: 1, vectors: 1, start: elements, count: extent - elements, size: 1 });
  return segments;
};

/** Cycles of reading or writing four elements one by one: the further apart, the more cache lines; a quotient's are far. */
const scatteredCycles = (stride: number | undefined): number =>
  stride === undefined ? 16 : 4 + Math.min(12, Math.abs(stride));

/** Cycles of one evaluation of a block on a tile of `rows` × `vectors`. */
const blockCycles = (
  kernel: Kernel,
  block: Block,
  along: number | undefined,
  tile: {
    readonly row: number | undefined;
    readonly column: number | undefined;
    readonly rows: number;
    readonly vectors: number;
    /** Only what depends on one of these counts; the rest is hoisted. */
    readonly inner: readonly number[] | undefined;
  },
): number => {
  const { axes } = kernel;
  return dependencesOf(axes, block).reduce((total, dependence, i) => {
    const instruction = block[i];
    if (instruction === undefined || instruction.op === 'constant' || instruction.op === 'accumulator') return total;
    if (tile.inner !== undefined && !tile.inner.some((axis) => dependence.axes.has(axis))) return total;
    const on = (axis: number | undefined): boolean => axis !== undefined && dependence.axes.has(axis);
    const copies =
      (on(tile.row) || dependence.accumulators ? tile.rows : 1) *
      (on(tile.column) || dependence.accumulators ? tile.vectors : 1);
    if (instruction.op === 'apply') return total + copies * (library[instruction.fn].length === 0 ? 0.25 : 16);
    if (instruction.op !== 'load') return total + copies * 2;
    const guards = guardAxesOf(axes, instruction.guards);
    const stride = along === undefined ? 0 : strideOf(linearOf(axes, instruction.index), along);
    const contiguous = stride === 0 || stride === 1;
    const guardsVary = along !== undefined && guards.has(along);
    return (
      total +
      copies * ((contiguous ? 0.5 : scatteredCycles(stride)) + (guards.size > 0 ? 1.5 : 0) + (guardsVary ? 4 : 0))
    );
  }, 0);
};

const lastAxis = (axes: readonly number[]): number | undefined => axes[axes.length - 1];

const tileCycles = (kernel: Kernel, schedule: Schedule, column: ColumnSegment, rows: number): number => {
  const tile = { row: schedule.row, column: schedule.column, rows, vectors: column.vectors };
  const columnLanes = column.lanes === 4 ? schedule.column : undefined;
  const terms = kernel.accumulators.flatMap(({ kind, parts }) =>
    parts.map((guarded) => {
      const { part } = bareOf(kernel, schedule, guarded);
      const along = schedule.lanes === 'reduction' ? lastAxis(part.axes) : columnLanes;
      const last = lastAxis(part.axes);
      const extent = last === undefined ? 1 : extentOf(kernel, last);
      const turns = schedule.lanes === 'reduction' ? turnCount(turnsOf(kernel, kind, part)) : extent;
      const steps = (productOf(kernel, part.axes) / extent) * turns;
      const work =
        blockCycles(kernel, part.term, along, { ...tile, inner: part.axes }) +
        rows * column.vectors * (kind === 'sum' ? 0.25 : 2);
      return steps * Math.max(work + 0.5, kind === 'sum' ? 2.5 : 2) + 4;
    }),
  );
  const stride =
    schedule.column === undefined ? 0 : strideOf(linearOf(kernel.axes, outputIndex(kernel)), schedule.column);
  const vectorStore = stride === 1 || column.lanes === 1 ? 1 : scatteredCycles(stride);
  const store = schedule.lanes === 'reduction' ? 4 : vectorStore;
  const body = blockCycles(kernel, kernel.body, columnLanes, { ...tile, inner: undefined });
  return terms.reduce((sum, cycles) => sum + cycles, 0) + body + rows * column.vectors * store + 4;
};

// rows of a tile so far apart that what lies between them leaves the cache before the other outer axes come back to it
const farStride = 1024;
const farCost = 1.2;

const hasFarRows = (kernel: Kernel, { row, outer }: Schedule): boolean =>
  row !== undefined &&
  kernel.accumulators.some(({ parts }) =>
    parts.some(({ term }) =>
      term.some((instruction) => {
        if (instruction.op !== 'load') return false;
        const index = linearOf(kernel.axes, instruction.index);
        const axes = loopAxesOf(index);
        const stride = strideOf(index, row);
        return stride !== undefined && Math.abs(stride) >= farStride && outer.some((axis) => axes.has(axis));
      }),
    ),
  );

/** Cycles of the whole kernel under a schedule: what the choice and the threads' cost model go by. */
export const scheduleCycles = (kernel: Kernel, schedule: Schedule): number =>
  (hasFarRows(kernel, schedule) ? farCost : 1) *
  productOf(kernel, schedule.outer) *
  schedule.columns.reduce(
    (total, column) =>
      total +
      column.count *
        column.rows.reduce((sum, row) => sum + row.count * tileCycles(kernel, schedule, column, row.size), 0),
    0,
  );

// n equal terms, added one by one, err by up to n/2 units: in blocks of these lengths they stay below 1e-5
const blockedTerms = 384;
const stridedBlock = 128;
const contiguousBlock = 256;

/** A long sum is cut, for its rounding errors and so that a block of strided operands stays in the first-level cache. */
const blockTermsOf = (kernel: Kernel, lanes: Schedule['lanes'], row: number | undefined): number | undefined => {
  const [accumulator] = kernel.accumulators;
  if (kernel.accumulators.length !== 1 || accumulator?.kind !== 'sum' || lanes === 'reduction') return undefined;
  const longest = Math.max(...accumulator.parts.map(({ axes }) => productOf(kernel, axes)));
  const strided = accumulator.parts.some(({ axes, term }) =>
    term.some((instruction) => {
      const last = lastAxis(axes);
      if (instruction.op !== 'load' || row === undefined || last === undefined) return false;
      const index = linearOf(kernel.axes, instruction.index);
      const stride = strideOf(index, last);
      return loopAxesOf(index).has(row) && (stride === undefined || Math.abs(stride) > 1);
    }),
  );
  if (longest <= blockedTerms) return undefined;
  return strided ? stridedBlock : contiguousBlock;
};

const candidate = (
  kernel: Kernel,
  lanes: Schedule['lanes'],
  column: number | undefined,
  row: number | undefined,
): Schedule => {
  const tiled = kernel.accumulators.length === 1 && kernel.accumulators[0]?.kind !== 'argmax';
  const widest = tiled || kernel.accumulators.length === 0 ? maximumVectors : 1;
  const widths: readonly Widths[] =
    column === undefined
      ? [{ lanes: 1, vectors: 1, start: 0, count: 1, size: 1 }]
      : columnWidths(kernel, column, lanes, widest);
  const rows = (vectors: number): readonly Segment[] => {
    if (row === undefined) return [{ start: 0, count: 1, size: 1 }];
    const extent = extentOf(kernel, row);
    const most = !tiled ? 1 : lanes === 'reduction' ? 2 : at(tileRows, vectors, 'tileRows');
    return rowSegments(extent, Math.min(most, extent));
  };
  return {
    lanes,
    column,
    row,
    columns: widths.map((width) => ({ ...width, rows: rows(width.vectors) })),
    outer: kernel.outputAxes.filter((axis) => axis !== column && axis !== row),
    blockTerms: blockTermsOf(kernel, lanes, row),
  };
};

/** Lanes along the reductions need one sum or maximum whose parts all have a last axis worth cutting in four. */
const reductionLanes = (kernel: Kernel): boolean =>
  kernel.accumulators.length > 0 &&
  kernel.accumulators.every(
    ({ kind, parts }) =>
      kind !== 'argmax' &&
      parts.every(({ axes }) => {
        const last = lastAxis(axes);
        return last !== undefined && axisOf(kernel.axes, last).extent >= 4;
      }),
  );

const schedules = new WeakMap<Kernel, Schedule>();

/** The schedule of a normalised kernel; it is asked for by whoever weighs a kernel against another form of it. */
export const scheduleOf = (kernel: Kernel): Schedule => {
  const known = schedules.get(kernel);
  if (known !== undefined) return known;
  const schedule = cheapestSchedule(kernel);
  schedules.set(kernel, schedule);
  return schedule;
};

const cheapestSchedule = (kernel: Kernel): Schedule => {
  const options = [undefined, ...kernel.outputAxes];
  const kinds: readonly Schedule['lanes'][] = reductionLanes(kernel) ? ['column', 'reduction'] : ['column'];
  const candidates = kinds.flatMap((lanes) =>
    options.flatMap((column) =>
      options
        .filter(
          (row) => row === undefined || (row !== column && column !== undefined && kernel.accumulators.length > 0),
        )
        .map((row) => candidate(kernel, lanes, column, row)),
    ),
  );
  return candidates
    .map((schedule) => ({ schedule, cycles: scheduleCycles(kernel, schedule) }))
    .reduce((best, next) => (next.cycles < best.cycles ? next : best)).schedule;
};
