/**
 * Blocks → code, at one position of a register tile. Every value is four float32 lanes: of four neighbours along the
 * lane axis, or (where a value does not depend on it, or the tile has none) the same number four times. A value is
 * computed once per position it depends on and hoisted out of the loops it does not depend on.
 */

import { at } from '../../../dsl/internal.js';
import { totalOf } from '../../../dsl/tally.js';
import type { Affine, Block, Instruction, Kernel } from '../../program.js';
import { axisOf } from '../../queries.js';
import { dependencesOf, guardAxesOf, type Linear, linearOf, type Shift, strideOf } from './affine.js';
import {
  type Code,
  choose,
  get,
  i32,
  integers,
  local,
  memory,
  memoryLane,
  plain,
  set,
  splat,
  splatInteger,
} from './code.js';
import type { LaneCount } from './lanes.js';
import { op } from './math.js';
import { scalarCode } from './scalar.js';
import { childScope, deepest, define, indexValue, type Scope } from './scope.js';

/** The kernel under emission. */
export interface Context {
  readonly kernel: Kernel;
  /** Byte address of each buffer. */
  readonly addressOf: (buffer: number) => number;
  /** The first of the scratch buffers that sums in blocks need. */
  readonly scratch: number;
  /** Are products added to sums without rounding in between, by relaxed SIMD? */
  readonly fuses: boolean;
  /** Does the body read what the kernel itself has just stored, so that none of it may be hoisted? */
  readonly readsOutput: boolean;
}

const loads = { 1: 'v128.load32_zero', 2: 'v128.load64_zero', 4: 'v128.load' } as const;

/** One position of a tile. */
export interface Position {
  /** How far the tile's axes are moved here. */
  readonly shift: Shift;
  /** The axis that lanes run along, if any. */
  readonly lanes: number | undefined;
  /** How many lanes count; a load along the lanes leaves 0 in the others. */
  readonly count: LaneCount;
  /** Values of the accumulators here. */
  readonly accumulators: readonly Code[];
}

const lanes = [0, 1, 2, 3] as const;

const shifted = (position: Position, lane: number): Shift =>
  position.lanes === undefined
    ? position.shift
    : new Map([...position.shift, [position.lanes, totalOf(position.shift, position.lanes) + lane]]);

// by buffer and index: the linear form of the byte address
const byteIndices = new WeakMap<Context, Map<number, Map<Affine, Linear>>>();

const byteIndex = (context: Context, buffer: number, index: Affine): Linear => {
  const buffers = byteIndices.get(context) ?? new Map<number, Map<Affine, Linear>>();
  byteIndices.set(context, buffers);
  const known = buffers.get(buffer) ?? new Map<Affine, Linear>();
  buffers.set(buffer, known);
  const found = known.get(index);
  if (found !== undefined) return found;
  const bytes = toBytes(linearOf(context.kernel.axes, index), context.addressOf(buffer));
  known.set(index, bytes);
  return bytes;
};

const toBytes = ({ constant, terms }: Linear, base: number): Linear => ({
  constant: base + 4 * constant,
  terms: terms.map(({ variable, stride }) => ({ variable, stride: 4 * stride })),
});

/** The byte address of an element, as a base and a constant offset ≥ 0 that goes into the instruction. */
export const elementAddress = (context: Context, scope: Scope, buffer: number, index: Affine, shift: Shift) => {
  const bytes = byteIndex(context, buffer, index);
  let distance: number | undefined = 0;
  for (const [axis, amount] of shift) {
    const stride = strideOf(bytes, axis);
    distance = distance === undefined || stride === undefined ? undefined : distance + amount * stride;
  }
  if (distance !== undefined && distance >= 0) return { base: indexValue(scope, bytes), offset: distance };
  const moved = linearOf(context.kernel.axes, index, shift);
  return { base: indexValue(scope, toBytes(moved, context.addressOf(buffer))), offset: 0 };
};

/** Do all guards hold? An i32, hoisted. */
export const guardCondition = (context: Context, scope: Scope, guards: readonly number[], shift: Shift): Code => {
  const { axes } = context.kernel;
  const conditions = guards.flatMap((guard) => {
    const axis = axisOf(axes, guard);
    if (axis.kind === 'loop') return [];
    const from = indexValue(scope, linearOf(axes, axis.from, shift));
    const inside = plain('i32.lt_u', from, i32(axis.extent * axis.divisor));
    return axis.divisor === 1
      ? [inside]
      : [plain('i32.and', inside, plain('i32.eqz', plain('i32.rem_u', from, i32(axis.divisor))))];
  });
  return conditions.reduce<Code>((all, one) => (all.kind === 'const' ? one : plain('i32.and', all, one)), i32(1));
};

/** `then` where the condition holds, else zero, without evaluating `then`. */
const guarded = (condition: Code, then: Code): Code =>
  condition.kind === 'const' ? then : choose('v128', condition, [then], [splat(0)]);

/** One value per lane, put together; lanes whose condition fails stay 0. */
const perLane = (
  scope: Scope,
  condition: (lane: number) => Code,
  write: (lane: number, vector: Code) => Code,
): Code => {
  const vector = local('v128', 'gathered');
  scope.code.push(set(vector, splat(0)));
  for (const lane of lanes) {
    const test = condition(lane);
    const value = write(lane, get(vector));
    scope.code.push(set(vector, test.kind === 'const' ? value : choose('v128', test, [value], [get(vector)])));
  }
  return get(vector);
};

type Load = Extract<Instruction, { readonly op: 'load' }>;

const loadCode = (context: Context, scope: Scope, load: Load, position: Position): Code => {
  const { axes } = context.kernel;
  const index = linearOf(axes, load.index);
  const along = position.lanes;
  const guardsVary = along !== undefined && guardAxesOf(axes, load.guards).has(along);
  const stride = along === undefined ? 0 : strideOf(index, along);
  const at = (lane: number) => elementAddress(context, scope, load.buffer, load.index, shifted(position, lane));
  const holds = (lane: number) => guardCondition(context, scope, load.guards, shifted(position, lane));
  if (!guardsVary && (stride === 0 || stride === 1)) {
    const { base, offset } = at(0);
    return guarded(holds(0), memory(stride === 0 ? 'v128.load32_splat' : loads[position.count], offset, base));
  }
  const gather = (into: Scope) =>
    perLane(into, holds, (lane, vector) => {
      const { base, offset } = at(lane);
      return memoryLane('v128.load32_lane', offset, lane, base, vector);
    });
  const divisorsAreOne = load.guards.every((guard) => {
    const axis = axisOf(axes, guard);
    return axis.kind === 'loop' || axis.divisor === 1 || along === undefined || !guardAxesOf(axes, [guard]).has(along);
  });
  if (stride !== 1 || !divisorsAreOne) return gather(scope);
  // guards along the lanes are intervals: where the first and the last lane are inside, all four are
  const { base, offset } = at(0);
  const all = plain('i32.and', holds(0), holds(3));
  const edge = childScope(scope);
  const value = gather(edge);
  return choose('v128', all, [memory('v128.load', offset, base)], [...edge.code, value]);
};

/** An index as a number in every lane. */
const indexCode = (context: Context, scope: Scope, index: Affine, position: Position): Code => {
  const { axes } = context.kernel;
  const along = position.lanes;
  const stride = along === undefined ? 0 : strideOf(linearOf(axes, index), along);
  const value = (lane: number): Code => indexValue(scope, linearOf(axes, index, shifted(position, lane)));
  const float = op('f32x4.convert_i32x4_s');
  if (stride !== undefined) {
    const ramp = integers(0, stride, 2 * stride, 3 * stride);
    return float(plain('i32x4.add', plain('i32x4.splat', value(0)), ramp));
  }
  return float(
    lanes.reduce<Code>(
      (vector, lane) => ({ kind: 'lane', op: 'i32x4.replace_lane', lane, args: [vector, value(lane)] }),
      splatInteger(0),
    ),
  );
};

const validCode = (context: Context, scope: Scope, guards: readonly number[], position: Position): Code => {
  const condition = (lane: number): Code => guardCondition(context, scope, guards, shifted(position, lane));
  const varies = position.lanes !== undefined && guardAxesOf(context.kernel.axes, guards).has(position.lanes);
  const float = op('f32x4.convert_i32x4_s');
  return varies
    ? float(
        lanes.reduce<Code>(
          (vector, lane) => ({ kind: 'lane', op: 'i32x4.replace_lane', lane, args: [vector, condition(lane)] }),
          splatInteger(0),
        ),
      )
    : float(plain('i32x4.splat', condition(0)));
};

const instructionCode = (
  context: Context,
  scope: Scope,
  instruction: Exclude<Instruction, { readonly op: 'apply' }>,
  position: Position,
): Code => {
  switch (instruction.op) {
    case 'constant':
      return splat(instruction.value);
    case 'index':
      return indexCode(context, scope, instruction.index, position);
    case 'load':
      return loadCode(context, scope, instruction, position);
    case 'valid':
      return validCode(context, scope, instruction.guards, position);
    case 'accumulator':
      return at(position.accumulators, instruction.accumulator, `accumulators of ${context.kernel.name}`);
  }
};

/** The values of a block's instructions at a position: constants or locals. `name` tells blocks of one kernel apart. */
export const evaluateAll = (
  context: Context,
  name: string,
  block: Block,
  scope: Scope,
  position: Position,
): readonly Code[] => {
  const dependences = dependencesOf(context.kernel.axes, block);
  const pinned = name === 'body' && (context.kernel.accumulators.length > 0 || context.readsOutput);
  const values: Code[] = [];
  for (const [i, instruction] of block.entries()) {
    const { axes, accumulators } = at(dependences, i, 'evaluateAll');
    if (instruction.op === 'constant' || instruction.op === 'accumulator') {
      values.push(instructionCode(context, scope, instruction, position));
      continue;
    }
    // what a finished tile's body loads is not kept in registers through the reduction
    const home = accumulators || pinned ? scope : deepest(scope, axes);
    let shift = '';
    for (const [axis, amount] of position.shift) if (accumulators || axes.has(axis)) shift += `${axis}+${amount};`;
    const lane = position.lanes !== undefined && axes.has(position.lanes) ? 'v' : 's';
    const value = define(home, `${name}.${i}@${shift}${lane}`, local('v128', instruction.op), () =>
      instruction.op === 'apply'
        ? scalarCode[instruction.fn](
            instruction.operands.map((operand) => at(values, operand, `${name} of ${context.kernel.name}`)),
          )
        : instructionCode(context, home, instruction, position),
    );
    values.push(get(value));
  }
  return values;
};

/** The value of a block at a position. */
export const evaluate = (context: Context, name: string, block: Block, scope: Scope, position: Position): Code => {
  const values = evaluateAll(context, name, block, scope, position);
  return at(values, values.length - 1, `${name} of ${context.kernel.name}`);
};
