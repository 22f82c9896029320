/**
 * WebAssembly code as a tree: plain data with structured control flow. Locals and labels are objects, known by identity,
 * so that pieces of code compose without numbering; the encoder numbers them.
 */
import { at } from '../../../dsl/internal.js';
import type { LaneOp, MemoryLaneOp, MemoryOp, PlainOp } from './opcodes.js';

/** The types of WebAssembly values that the generator uses. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'v128';

/** A local variable of whichever function it is used in. */
export interface Local {
  readonly type: ValueType;
  readonly name: string;
}

/** The target of a branch: the end of a block or the head of a loop. */
export interface Label {
  readonly name: string;
}

/** One instruction with its operands. */
export type Code =
  | { readonly kind: 'plain'; readonly op: PlainOp; readonly args: readonly Code[] }
  | {
      readonly kind: 'memory';
      readonly op: MemoryOp;
      readonly offset: number;
      readonly args: readonly Code[];
    }
  | {
      readonly kind: 'memoryLane';
      readonly op: MemoryLaneOp;
      readonly offset: number;
      readonly lane: number;
      readonly args: readonly Code[];
    }
  | { readonly kind: 'lane'; readonly op: LaneOp; readonly lane: number; readonly args: readonly Code[] }
  | { readonly kind: 'shuffle'; readonly bytes: readonly number[]; readonly args: readonly Code[] }
  | { readonly kind: 'const'; readonly type: 'i32' | 'i64' | 'f32'; readonly value: number }
  /** Four 32-bit patterns. */
  | { readonly kind: 'v128.const'; readonly bits: readonly [number, number, number, number] }
  | { readonly kind: 'get'; readonly local: Local }
  | { readonly kind: 'set'; readonly local: Local; readonly value: Code }
  | { readonly kind: 'block' | 'loop'; readonly label: Label; readonly body: readonly Code[] }
  | {
      readonly kind: 'if';
      readonly result: ValueType | undefined;
      readonly condition: Code;
      readonly then: readonly Code[];
      readonly otherwise: readonly Code[];
    }
  | { readonly kind: 'branch'; readonly label: Label; readonly condition: Code | undefined }
  | { readonly kind: 'call'; readonly fn: string; readonly args: readonly Code[] }
  | { readonly kind: 'memory.copy' | 'memory.fill'; readonly args: readonly Code[] }
  | { readonly kind: 'drop'; readonly value: Code };

/** A function; its locals are those that its code uses beyond the parameters. */
export interface WasmFunction {
  readonly name: string;
  readonly exported: boolean;
  readonly params: readonly Local[];
  readonly results: readonly ValueType[];
  readonly body: readonly Code[];
}

/** A fresh local. */
export const local = (type: ValueType, name: string): Local => ({ type, name });

/** A fresh label. */
export const label = (name: string): Label => ({ name });

/** The value of a local. */
export const get = (variable: Local): Code => ({ kind: 'get', local: variable });
/** Gives a local a value. */
export const set = (variable: Local, value: Code): Code => ({ kind: 'set', local: variable, value });
/** An instruction without immediates. */
export const plain = (op: PlainOp, ...args: readonly Code[]): Code => ({ kind: 'plain', op, args });
/** A load, store or atomic operation at an address and a constant offset. */
export const memory = (op: MemoryOp, offset: number, ...args: readonly Code[]): Code => ({
  kind: 'memory',
  op,
  offset,
  args,
});
/** The same with one lane of a vector. */
export const memoryLane = (op: MemoryLaneOp, offset: number, lane: number, ...args: readonly Code[]): Code => ({
  kind: 'memoryLane',
  op,
  offset,
  lane,
  args,
});
/** A 32-bit integer constant. */
export const i32 = (value: number): Code => ({ kind: 'const', type: 'i32', value });
/** A 64-bit integer constant, exact up to 2⁵³. */
export const i64 = (value: number): Code => ({ kind: 'const', type: 'i64', value });
/** A float32 constant. */
export const f32 = (value: number): Code => ({ kind: 'const', type: 'f32', value });
/** The call of a function by its name. */
export const call = (fn: string, ...args: readonly Code[]): Code => ({ kind: 'call', fn, args });
/** Code whose end is the target of branches. */
export const block = (target: Label, body: readonly Code[]): Code => ({ kind: 'block', label: target, body });
/** Code whose head is the target of branches. */
export const loop = (target: Label, body: readonly Code[]): Code => ({ kind: 'loop', label: target, body });
/** A branch: where the condition is not 0, or always. */
export const branch = (target: Label, condition?: Code): Code => ({ kind: 'branch', label: target, condition });
/** Code that is run by a condition. */
export const when = (condition: Code, then: readonly Code[], otherwise: readonly Code[] = []): Code => ({
  kind: 'if',
  result: undefined,
  condition,
  then,
  otherwise,
});
/** A value chosen by a condition. */
export const choose = (
  result: ValueType,
  condition: Code,
  then: readonly Code[],
  otherwise: readonly Code[],
): Code => ({
  kind: 'if',
  result,
  condition,
  then,
  otherwise,
});

/** Sum of two i32 codes, without adding a zero. */
export const add = (a: Code, b: Code): Code => {
  if (a.kind === 'const' && b.kind === 'const') return i32(a.value + b.value);
  if (a.kind === 'const' && a.value === 0) return b;
  if (b.kind === 'const' && b.value === 0) return a;
  return plain('i32.add', a, b);
};

/** A multiple of an i32 code. */
export const scale = (a: Code, factor: number): Code => {
  if (a.kind === 'const') return i32(a.value * factor);
  return factor === 1 ? a : plain('i32.mul', a, i32(factor));
};

/** The bits of a float32. */
export const bitsOf = (value: number): number => at(new Uint32Array(new Float32Array([value]).buffer), 0, 'bitsOf');

/** Four float32 constants. */
export const floats = (a: number, b: number, c: number, d: number): Code => ({
  kind: 'v128.const',
  bits: [bitsOf(a), bitsOf(b), bitsOf(c), bitsOf(d)],
});

/** Four 32-bit integer constants. */
export const integers = (a: number, b: number, c: number, d: number): Code => ({
  kind: 'v128.const',
  bits: [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
});

/** One float32 constant in all lanes. */
export const splat = (value: number): Code => floats(value, value, value, value);

/** One 32-bit integer in all lanes. */
export const splatInteger = (value: number): Code => integers(value, value, value, value);

/** Lanes of 32 bits picked from two vectors; 0–3 from the first, 4–7 from the second. */
export const shuffle = (lanes: readonly [number, number, number, number], a: Code, b: Code): Code => ({
  kind: 'shuffle',
  bytes: lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  args: [a, b],
});

/** Two float64 constants in both lanes. */
export const splatDouble = (value: number): Code => {
  const bits = new Uint32Array(new Float64Array([value]).buffer);
  const [low, high] = [at(bits, 0, 'splatDouble'), at(bits, 1, 'splatDouble')];
  return integers(low, high, low, high);
};

/** Visits every code of a body, each before the codes inside it. */
const visit = (body: readonly Code[], action: (code: Code) => void): void => {
  for (const code of body) visitCode(code, action);
};

const visitCode = (code: Code, action: (code: Code) => void): void => {
  action(code);
  switch (code.kind) {
    case 'const':
    case 'v128.const':
    case 'get':
      break;
    case 'set':
    case 'drop':
      visitCode(code.value, action);
      break;
    case 'block':
    case 'loop':
      visit(code.body, action);
      break;
    case 'if':
      visitCode(code.condition, action);
      visit(code.then, action);
      visit(code.otherwise, action);
      break;
    case 'branch':
      if (code.condition !== undefined) visitCode(code.condition, action);
      break;
    default:
      visit(code.args, action);
  }
};

/** The locals that a body reads or writes, in order of first appearance. */
export const localsOf = (body: readonly Code[]): readonly Local[] => {
  const locals = new Set<Local>();
  visit(body, (code) => {
    if (code.kind === 'get' || code.kind === 'set') locals.add(code.local);
  });
  return [...locals];
};

/** The locals that a body reads and never writes: the parameters it needs when it becomes a function of its own. */
export const freeLocalsOf = (body: readonly Code[]): readonly Local[] => {
  const [locals, written] = [new Set<Local>(), new Set<Local>()];
  visit(body, (code) => {
    if (code.kind === 'get' || code.kind === 'set') locals.add(code.local);
    if (code.kind === 'set') written.add(code.local);
  });
  return [...locals].filter((variable) => !written.has(variable));
};
