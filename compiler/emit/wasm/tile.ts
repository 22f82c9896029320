/**
 * One register tile: accumulators set to their start, the reduction loops, the body on the finished values, the stores.
 */
import { at, internal, only } from '../../../dsl/internal.js';
import type { Accumulator, Part } from '../../program.js';
import { extentOf } from '../../queries.js';
import { factorsOf } from '../../terms.js';
import { guardAxesOf, linearOf, noShift, outputIndex, rowMajor, type Shift, strideOf } from './affine.js';
import {
  branch,
  type Code,
  get,
  i32,
  type Label,
  type Local,
  local,
  memory,
  memoryLane,
  plain,
  set,
  shuffle,
  splat,
  when,
} from './code.js';
import { type Context, elementAddress, evaluate, evaluateAll, guardCondition, type Position } from './evaluate.js';
import { type LaneCount, turnsOf } from './lanes.js';
import { op, pick } from './math.js';
import type { Schedule } from './schedule.js';
import { boundValue, childScope, emitLoop, indexValue, type Range, type Scope } from './scope.js';
import { bareOf } from './skip.js';

/** The part of a long sum that one call computes. */
export interface SumBlock {
  readonly part: Part;
  readonly ranges: ReadonlyMap<number, Range>;
  /** Axes that are bound outside of the tile. */
  readonly outside: readonly number[];
}

/**
 * What is stored: the body of the sums, or they themselves. Where the body is more than a little, the sums are stored,
 * because V8 loads all that the body needs before it stores, and for want of registers spills sums inside the loop.
 */
export type Ending = 'body' | 'sums';

/** What one tile computes. */
export interface Tile {
  readonly schedule: Schedule;
  readonly rows: number;
  readonly vectors: number;
  readonly lanes: 1 | 4;
  /** Elements along the column axis that count. */
  readonly width: number;
  readonly block: SumBlock | undefined;
  readonly ending: Ending;
}

const add = op('f32x4.add');

const laneZero = { kind: 'v128.const', bits: [0xffffffff, 0, 0, 0] } as const;

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly shift: Shift;
  /** By accumulator. */
  readonly folds: readonly CellFold[];
}

/** An accumulator at one cell: the sum or the largest term so far, and for `argmax` where that is. */
interface CellFold {
  readonly kind: Accumulator['kind'];
  readonly value: Local;
  readonly position: Local;
}

const cellsOf = (context: Context, { schedule, rows, vectors, lanes }: Tile): readonly Cell[] =>
  Array.from({ length: vectors }, (_, column) => column).flatMap((column) =>
    Array.from({ length: rows }, (_, row): Cell => {
      const shift = new Map<number, number>();
      if (schedule.row !== undefined) shift.set(schedule.row, row);
      if (schedule.column !== undefined) shift.set(schedule.column, column * lanes);
      const folds = context.kernel.accumulators.map(
        ({ kind }): CellFold => ({ kind, value: local('v128', 'sum'), position: local('v128', 'position') }),
      );
      return { row, column, shift, folds };
    }),
  );

const startOf = (kind: Accumulator['kind']): Code => splat(kind === 'sum' ? 0 : Number.NEGATIVE_INFINITY);

/** Row-major position within a part's axes. */
const positionOf = ({ kernel }: Context, scope: Scope, axes: readonly number[]): Code =>
  indexValue(scope, linearOf(kernel.axes, rowMajor(kernel, axes)));

const update = (
  context: Context,
  scope: Scope,
  { kind, value: sum, position }: CellFold,
  part: Part,
  value: Code,
): readonly Code[] => {
  switch (kind) {
    case 'max':
      return [set(sum, plain('f32x4.max', get(sum), value))];
    case 'argmax': {
      // larger than the largest so far, or the first NaN
      const place = positionOf(context, scope, part.axes);
      const mask = local('v128', 'better');
      const noNumber = plain('f32x4.ne', value, value);
      const index = plain('f32x4.convert_i32x4_s', plain('i32x4.splat', place));
      return [
        set(
          mask,
          plain(
            'v128.or',
            plain('f32x4.gt', value, get(sum)),
            plain('v128.and', noNumber, plain('f32x4.eq', get(sum), get(sum))),
          ),
        ),
        set(sum, pick(get(mask), value, get(sum))),
        set(position, pick(get(mask), index, get(position))),
      ];
    }
    case 'sum':
      return [set(sum, add(get(sum), value))];
  }
};

interface Terms {
  /** Tells the blocks of one kernel apart. */
  readonly name: string;
  readonly part: Part;
  readonly along: number | undefined;
  readonly count: LaneCount;
  /** Is the term the same in every lane, and wanted in one? */
  readonly masked: boolean;
}

/** The terms of one part at all cells, with lanes along `along`. */
const emitTerms = (
  context: Context,
  scope: Scope,
  cells: readonly Cell[],
  accumulator: number,
  { name, part, along, count, masked }: Terms,
  exit: { readonly label: Label; readonly axis: number } | undefined,
): void => {
  const product = context.fuses && !masked ? factorsOf(part.term) : undefined;
  for (const [i, cell] of cells.entries()) {
    const position: Position = { shift: cell.shift, lanes: along, count, accumulators: [] };
    const fold = at(cell.folds, accumulator, 'cells');
    if (product !== undefined && fold.kind === 'sum') {
      const values = evaluateAll(context, name, product.factors, scope, position);
      const [a, b] = product.operands;
      const { value: sum } = fold;
      scope.code.push(set(sum, plain('f32x4.relaxed_madd', at(values, a, name), at(values, b, name), get(sum))));
    } else {
      const value = evaluate(context, name, part.term, scope, position);
      const term = masked ? plain('v128.and', value, laneZero) : value;
      scope.code.push(...update(context, scope, fold, part, term));
    }
    // a branch that is never taken keeps V8 from loading all five vectors before it multiplies, and spilling them
    const next = cells[i + 1];
    const columnEnds = next !== undefined && next.column !== cell.column;
    const wide = at(cells, cells.length - 1, 'cells').column === 4;
    if (exit !== undefined && wide && columnEnds && cell.column % 2 === 1)
      scope.code.push(branch(exit.label, plain('i32.lt_s', boundValue(scope, exit.axis), i32(0))));
  }
};

/** The cells further along an axis. */
const moved = (cells: readonly Cell[], axis: number, amount: number): readonly Cell[] =>
  cells.map((cell) => ({ ...cell, shift: new Map([...cell.shift, [axis, amount]]) }));

const emitPart = (
  context: Context,
  tile: Tile,
  scope: Scope,
  cells: readonly Cell[],
  accumulator: number,
  partIndex: number,
  guardedPart: Part,
): void => {
  const { axes } = context.kernel;
  const { part, guards } = bareOf(context.kernel, tile.schedule, guardedPart);
  const name = `t${accumulator}.${partIndex}`;
  const inside = part.axes.filter((axis) => tile.block?.outside.includes(axis) !== true);
  const last = inside[inside.length - 1];
  const reductionLanes = tile.schedule.lanes === 'reduction';
  const along = reductionLanes ? last : tile.lanes === 4 ? tile.schedule.column : undefined;
  const { kind } = at(context.kernel.accumulators, accumulator, 'emitPart');
  const terms = (inner: Scope, exit?: { readonly label: Label; readonly axis: number }): void =>
    emitTerms(context, inner, cells, accumulator, { name, part, along, count: 4, masked: false }, exit);
  /** What runs inside of so many loops, behind the guards that these decide on. */
  const behindGuards = (at: Scope, depth: number, run: (at: Scope) => void): void => {
    const due = guards.filter(
      (guard) => 1 + Math.max(-1, ...[...guardAxesOf(axes, [guard])].map((axis) => inside.indexOf(axis))) === depth,
    );
    if (due.length === 0) {
      run(at);
      return;
    }
    const inner = childScope(at);
    // nothing that depends on the guards may be hoisted in front of them
    for (const axis of guardAxesOf(axes, due)) inner.bound.set(axis, boundValue(at, axis));
    run(inner);
    at.code.push(when(guardCondition(context, at, due, noShift), inner.code));
  };
  const nest = (at: Scope, depth: number): void => {
    const axis = inside[depth];
    if (axis === undefined) {
      terms(at);
      return;
    }
    const extent = extentOf(context.kernel, axis);
    const range = tile.block?.ranges.get(axis) ?? { from: i32(0), to: i32(extent), step: 1 };
    const isLast = depth === inside.length - 1;
    if (isLast && reductionLanes) lanes(at, axis);
    else
      emitLoop(at, axis, isLast ? 'k' : `k${depth}`, range, (inner, label) =>
        behindGuards(inner, depth + 1, (behind) => (isLast ? terms(behind, { label, axis }) : nest(behind, depth + 1))),
      );
  };
  const lanes = (at: Scope, axis: number): void => {
    const { whole, rest } = turnsOf(context.kernel, kind, part);
    const flat = childScope(at);
    flat.bound.set(axis, i32(0));
    const turn = (start: number, lanesOf: Pick<Terms, 'along' | 'count' | 'masked'>): void =>
      emitTerms(context, flat, moved(cells, axis, start), accumulator, { name, part, ...lanesOf }, undefined);
    if (whole > 1) emitLoop(at, axis, 'k', { from: i32(0), to: i32(4 * whole), step: 4 }, (inner) => terms(inner));
    else if (whole === 1) turn(0, { along: axis, count: 4, masked: false });
    for (const { start, count } of rest)
      if (count === 'same') turn(start, { along: undefined, count: 4, masked: kind === 'sum' });
      else turn(start, { along: axis, count, masked: false });
    at.code.push(...flat.code);
  };
  behindGuards(scope, 0, (behind) => nest(behind, 0));
};

/** All lanes folded into each. */
const foldLanes = (scope: Scope, value: Local, kind: Accumulator['kind']): void => {
  const fold = (x: Code, y: Code): Code => (kind === 'sum' ? add(x, y) : plain('f32x4.max', x, y));
  scope.code.push(set(value, fold(get(value), shuffle([2, 3, 0, 1], get(value), get(value)))));
  scope.code.push(set(value, fold(get(value), shuffle([1, 0, 3, 2], get(value), get(value)))));
};

const emitStore = (context: Context, tile: Tile, scope: Scope, cell: Cell, stored: Code): void => {
  const index = outputIndex(context.kernel);
  const { base, offset } = elementAddress(context, scope, context.kernel.output, index, cell.shift);
  const { column } = tile.schedule;
  const count = tile.lanes === 1 ? 1 : Math.min(4, tile.width - 4 * cell.column);
  const stride =
    column === undefined
      ? 1
      : (strideOf(linearOf(context.kernel.axes, index), column) ?? internal('emitStore', `no stride along ${column}`));
  const whole = stride === 1 && count === 4;
  const result = local('v128', 'result');
  if (!whole && stored.kind !== 'get') scope.code.push(set(result, stored));
  const value = whole || stored.kind === 'get' ? stored : get(result);
  const lane = (i: number): Code => memoryLane('v128.store32_lane', offset + 4 * stride * i, i, base, value);
  if (whole) scope.code.push(memory('v128.store', offset, base, value));
  else if (stride === 1 && count >= 2) {
    scope.code.push(memoryLane('v128.store64_lane', offset, 0, base, value));
    if (count === 3) scope.code.push(lane(2));
  } else for (let i = 0; i < count; i += 1) scope.code.push(lane(i));
};

/** Appends the code of a tile; the tile's axes are bound in `scope`. */
export const emitTile = (context: Context, tile: Tile, scope: Scope): void => {
  const { accumulators, body } = context.kernel;
  const cells = cellsOf(context, tile);
  for (const { folds } of cells)
    for (const { kind, value, position } of folds) {
      scope.code.push(set(value, startOf(kind)));
      if (kind === 'argmax') scope.code.push(set(position, splat(0)));
    }
  for (const [i, accumulator] of accumulators.entries())
    for (const [j, part] of accumulator.parts.entries())
      if (tile.block === undefined || tile.block.part === part) emitPart(context, tile, scope, cells, i, j, part);
  if (tile.schedule.lanes === 'reduction')
    for (const { folds } of cells) for (const { kind, value } of folds) foldLanes(scope, value, kind);
  for (const cell of cells) {
    const values = cell.folds.map(({ kind, value, position }) => get(kind === 'argmax' ? position : value));
    const along = tile.lanes === 4 ? tile.schedule.column : undefined;
    const value =
      tile.ending === 'sums'
        ? only(values, `sums of ${context.kernel.name}`)
        : evaluate(context, 'body', body, scope, { shift: cell.shift, lanes: along, count: 4, accumulators: values });
    emitStore(context, tile, scope, cell, value);
  }
};
