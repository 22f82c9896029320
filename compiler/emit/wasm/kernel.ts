/**
 * Kernel → WebAssembly functions. The work is cut into units whose results do not depend on each other; the kernel's main
 * function runs the units `lo ≤ u < hi`, so that any number of threads computes the same bits. Register tiles are
 * functions of their own: V8 compiles and replaces those best.
 */

import { at, only } from '../../../dsl/internal.js';
import type { Block, Kernel } from '../../program.js';
import { extentOf, productOf } from '../../queries.js';
import { type Code, call, freeLocalsOf, get, i32, local, plain, set, type WasmFunction, when } from './code.js';
import type { Context } from './evaluate.js';
import { type ColumnSegment, type Schedule, type Segment, scheduleCycles } from './schedule.js';
import { boundValue, childScope, emitLoop, type Range, type Scope } from './scope.js';
import { cutOf, elementOf, isApart, isInPlace, isSumItself, sumsOf } from './sums.js';
import { type Ending, emitTile, type SumBlock } from './tile.js';

/** A kernel as functions: the one named like the kernel takes `(lo, hi)`. */
export interface EmittedKernel {
  readonly functions: readonly WasmFunction[];
  readonly units: number;
  /** Roughly. */
  readonly cycles: number;
}

/** Axes that are no axes of the kernel: the unit of work, the cut of a long reduction. */
const unitAxis = -1;
const cutAxis = -2;

// enough chunks for threads to end together; strided operands want whole cache lines
const rowsPerChunk = 24;
const rowsPerBlockedChunk = 32;
const elementsPerChunk = 2048;
const chunksWished = 8;

/** The axis along which a unit is a chunk, and the length of a chunk (a multiple of the first segments' tiles). */
interface Chunks {
  readonly axis: number;
  readonly size: number;
  readonly count: number;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
const leastMultiple = (a: number, b: number): number => (a * b) / greatestDivisor(a, b);

const chunksAlong = (kernel: Kernel, axis: number, tile: number, most: number): Chunks => {
  const extent = extentOf(kernel, axis);
  const wished = Math.min(most, Math.ceil(extent / chunksWished));
  const size = Math.ceil(wished / tile) * tile;
  return { axis, size, count: Math.ceil(extent / size) };
};

/** Chunks along the row or the column axis, whichever gives more of them; none where the outer axes give units enough. */
const chunksOf = (kernel: Kernel, { row, column, columns, outer, blockTerms }: Schedule): Chunks | undefined => {
  if (productOf(kernel, outer) >= chunksWished) return undefined;
  const rows = blockTerms === undefined ? rowsPerChunk : rowsPerBlockedChunk;
  const height = columns.reduce((multiple, { rows }) => leastMultiple(multiple, at(rows, 0, 'row segments').size), 1);
  const width = at(columns, 0, 'column segments').size;
  const options = [
    ...(row === undefined ? [] : [chunksAlong(kernel, row, height, rows)]),
    ...(column === undefined ? [] : [chunksAlong(kernel, column, width, row === undefined ? elementsPerChunk : rows)]),
  ];
  return options.reduce<Chunks | undefined>(
    (best, next) => (next.count > (best === undefined ? 1 : best.count) ? next : best),
    undefined,
  );
};

interface Emission {
  readonly context: Context;
  readonly schedule: Schedule;
  readonly chunks: Chunks | undefined;
  /** The chunk's number in a unit. */
  readonly chunk: Code;
  readonly functions: WasmFunction[];
}

/** Runs `inner` for every tile of the segments along an axis, or for those of the current chunk. */
const emitSegments = (
  { chunks, chunk }: Emission,
  scope: Scope,
  axis: number | undefined,
  name: string,
  segments: readonly Segment[],
  inner: (scope: Scope, segment: number) => void,
): void => {
  const chunked = chunks !== undefined && chunks.axis === axis ? chunks : undefined;
  for (const [i, { start, count, size }] of segments.entries()) {
    const end = start + count * size;
    if (axis === undefined) inner(scope, i);
    else if (chunked !== undefined && i === 0) {
      const [from, to] = [local('i32', `${name}_from`), local('i32', `${name}_to`)];
      scope.code.push(set(from, plain('i32.mul', chunk, i32(chunked.size))));
      const next = plain('i32.add', get(from), i32(chunked.size));
      scope.code.push(set(to, plain('select', next, i32(end), plain('i32.lt_s', next, i32(end)))));
      emitLoop(scope, axis, name, { from: get(from), to: get(to), step: size }, (at) => inner(at, i));
    } else {
      const once = childScope(scope);
      if (count === 1) {
        once.bound.set(axis, i32(start));
        inner(once, i);
      } else emitLoop(once, axis, name, { from: i32(start), to: i32(end), step: size }, (at) => inner(at, i));
      if (chunked === undefined) scope.code.push(...once.code);
      else scope.code.push(when(plain('i32.eq', chunk, i32(chunked.count - 1)), once.code));
    }
  }
};

/** Puts what `fill` emits into a function of its own and calls it. */
const outline = (emission: Emission, scope: Scope, fill: (scope: Scope) => void): void => {
  const inner = childScope(scope);
  fill(inner);
  const params = freeLocalsOf(inner.code);
  const { name } = emission.context.kernel;
  const fn = `${name}.tile${emission.functions.length}`;
  emission.functions.push({ name: fn, exported: false, params, results: [], body: inner.code });
  scope.code.push(call(fn, ...params.map(get)));
};

/** Tiles of one column segment, with the loop over the column axis outside if there are rows to run over. */
const emitColumns = (
  emission: Emission,
  scope: Scope,
  columns: readonly ColumnSegment[],
  block: SumBlock | undefined,
  ending: Ending,
): void => {
  const { context, schedule } = emission;
  const tiles = (outer: Scope, column: ColumnSegment): void =>
    emitSegments(emission, outer, schedule.row, 'row', column.rows, (inner, i) =>
      emitTile(
        context,
        {
          schedule,
          rows: at(column.rows, i, 'row segments').size,
          vectors: column.vectors,
          lanes: column.lanes,
          width: column.size,
          block,
          ending,
        },
        inner,
      ),
    );
  const plainKernel = context.kernel.accumulators.length === 0;
  const all = (into: Scope, run: (at: Scope, column: ColumnSegment) => void): void =>
    emitSegments(emission, into, schedule.column, 'column', columns, (inner, i) =>
      run(inner, at(columns, i, 'column segments')),
    );
  if (plainKernel) all(scope, tiles);
  else if (schedule.row === undefined) outline(emission, scope, (inner) => all(inner, tiles));
  else all(scope, (at, column) => outline(emission, at, (inner) => tiles(inner, column)));
};

/** The kernel's schedule over another, pointwise body: one row at a time, whole vectors. */
const emitPointwise = (emission: Emission, scope: Scope, body: Block, readsOutput: boolean): void => {
  const { context, schedule } = emission;
  const kernel: Kernel = { ...context.kernel, accumulators: [], body };
  const columns = schedule.columns.map((column) => ({
    ...column,
    rows: column.rows.map(({ start, count, size }) => ({ start, count: count * size, size: 1 })),
  }));
  const pointwise: Emission = { ...emission, context: { ...context, kernel, readsOutput } };
  outline(emission, scope, (inner) => emitColumns(pointwise, inner, columns, undefined, 'body'));
};

const over = (emission: Emission, kernel: Kernel): Emission => ({
  ...emission,
  context: { ...emission.context, kernel },
});

/**
 * A long sum in blocks: the sums are set to 0, and each block, summed up in a buffer of its own, is added to them. (Added
 * in the tile itself, the sums of 2 × 5 vectors are spilled by V8, which halves the speed.)
 */
const emitBlocks = (emission: Emission, scope: Scope, terms: number): void => {
  const { context, schedule } = emission;
  const kernel = sumsOf(context.kernel, schedule, context.scratch);
  const block: Kernel = { ...kernel, output: context.scratch };
  const added: Block = [elementOf(kernel), elementOf(block), { op: 'apply', fn: 'add', operands: [0, 1] }];
  emitPointwise(over(emission, kernel), scope, [{ op: 'constant', value: 0 }], false);
  for (const part of only(kernel.accumulators, `sums of ${kernel.name}`).parts) {
    const { outside, cut } = cutOf(kernel, part, terms);
    const run = (at: Scope, ranges: ReadonlyMap<number, Range>): void => {
      emitColumns(over(emission, block), at, schedule.columns, { part, ranges, outside }, 'sums');
      emitPointwise(over(emission, kernel), at, added, true);
    };
    const nest = (at: Scope, level: number): void => {
      const axis = outside[level];
      if (axis !== undefined) {
        const range = { from: i32(0), to: i32(extentOf(kernel, axis)), step: 1 };
        emitLoop(at, axis, `outer${level}`, range, (inner) => nest(inner, level + 1));
      } else if (cut === undefined) run(at, new Map());
      else {
        const extent = extentOf(kernel, cut.axis);
        emitLoop(at, cutAxis, 'cut', { from: i32(0), to: i32(extent), step: cut.step }, (inner) => {
          const from = boundValue(inner, cutAxis);
          const [to, next] = [local('i32', 'cut_to'), plain('i32.add', from, i32(cut.step))];
          inner.code.push(set(to, plain('select', next, i32(extent), plain('i32.lt_s', next, i32(extent)))));
          run(inner, new Map([[cut.axis, { from, to: get(to), step: 1 }]]));
        });
      }
    };
    nest(scope, 0);
  }
};

/** The body of sums that are stored already: a pointwise pass over the unit, while it is in the cache. */
const emitFinish = (emission: Emission, scope: Scope): void => {
  const { context, schedule } = emission;
  const sum = elementOf(sumsOf(context.kernel, schedule, context.scratch));
  const body = context.kernel.body.map((instruction) => (instruction.op === 'accumulator' ? sum : instruction));
  emitPointwise(emission, scope, body, true);
};

/** Gives each outer axis its value in the unit, and the chunk its number. */
const decodeUnit = (kernel: Kernel, scope: Scope, outer: readonly number[], chunks: Chunks | undefined): Code => {
  let rest: Code = boundValue(scope, unitAxis);
  const digit = (name: string, extent: number): Code => {
    const [value, quotient] = [local('i32', name), local('i32', 'rest')];
    scope.code.push(set(value, plain('i32.rem_u', rest, i32(extent))));
    scope.code.push(set(quotient, plain('i32.div_u', rest, i32(extent))));
    rest = get(quotient);
    return get(value);
  };
  const chunk = chunks === undefined ? i32(0) : digit('chunk', chunks.count);
  for (const axis of [...outer].reverse()) scope.bound.set(axis, digit('outer', extentOf(kernel, axis)));
  return chunk;
};

// more units than this only cost: their axes are taken apart by division
const unitsWished = 256;

/** The outermost axes, as many as give units enough; the others are loops inside a unit. */
const unitAxesOf = (kernel: Kernel, outer: readonly number[]): readonly number[] => {
  let units = 1;
  return outer.filter((axis) => {
    const needed = units < unitsWished;
    if (needed) units *= extentOf(kernel, axis);
    return needed;
  });
};

/** Loops over axes, outermost first, around what `inner` emits. */
const emitLoops = (kernel: Kernel, scope: Scope, axes: readonly number[], inner: (scope: Scope) => void): void => {
  const [axis, ...rest] = axes;
  if (axis === undefined) inner(scope);
  else
    emitLoop(scope, axis, 'outer', { from: i32(0), to: i32(extentOf(kernel, axis)), step: 1 }, (at) =>
      emitLoops(kernel, at, rest, inner),
    );
};

/** The functions of a normalised kernel under its schedule. */
export const emitKernel = (context: Context, schedule: Schedule): EmittedKernel => {
  const { kernel } = context;
  const chunks = chunksOf(kernel, schedule);
  const unitAxes = unitAxesOf(kernel, schedule.outer);
  const units = productOf(kernel, unitAxes) * (chunks?.count ?? 1);
  const inside = schedule.outer.filter((axis) => !unitAxes.includes(axis));
  const [lo, hi] = [local('i32', 'lo'), local('i32', 'hi')];
  const root = childScope(undefined);
  const functions: WasmFunction[] = [];
  const run = (scope: Scope, chunk: Code): void => {
    const emission: Emission = { context, schedule, chunks, chunk, functions };
    const apart = isApart(kernel, schedule);
    const sums = apart ? over(emission, sumsOf(kernel, schedule, context.scratch)) : emission;
    if (schedule.blockTerms === undefined)
      emitColumns(sums, scope, schedule.columns, undefined, apart ? 'sums' : 'body');
    else emitBlocks(emission, scope, schedule.blockTerms);
    if (apart && !(isSumItself(kernel) && isInPlace(kernel, schedule))) emitFinish(emission, scope);
  };
  const [single] = unitAxes;
  const simple = chunks === undefined && unitAxes.length === 1 ? single : undefined;
  emitLoop(root, simple ?? unitAxis, 'unit', { from: get(lo), to: get(hi), step: 1 }, (scope) => {
    const chunk = simple === undefined ? decodeUnit(kernel, scope, unitAxes, chunks) : i32(0);
    emitLoops(kernel, scope, inside, (at) => run(at, chunk));
  });
  const main: WasmFunction = { name: kernel.name, exported: false, params: [lo, hi], results: [], body: root.code };
  return { functions: [...functions, main], units, cycles: scheduleCycles(kernel, schedule) };
};
