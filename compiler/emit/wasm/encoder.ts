/**
 * Functions → the bytes of a WebAssembly module (binary format 1, with the SIMD and threads instructions). One memory is
 * imported as `env.memory`.
 */
import { internal, lookup } from '../../../dsl/internal.js';
import { bitsOf, type Code, type Label, type Local, localsOf, type ValueType, type WasmFunction } from './code.js';
import { laneOpcodes, memoryLaneOpcodes, memoryOpcodes, plainOpcodes } from './opcodes.js';

/** The memory that a module imports, in pages of 64 KiB. */
export interface MemoryType {
  readonly shared: boolean;
  readonly minimum: number;
  readonly maximum: number;
}

/** A module: its memory and its functions, which call each other by name. */
export interface WasmModule {
  readonly memory: MemoryType;
  readonly functions: readonly WasmFunction[];
}

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

/** A growing array of bytes; the only mutable thing here, local to one `encodeModule`. */
interface Bytes {
  data: Uint8Array;
  length: number;
}

const bytes = (): Bytes => ({ data: new Uint8Array(1024), length: 0 });

const reserve = (out: Bytes, more: number): void => {
  if (out.length + more <= out.data.length) return;
  const grown = new Uint8Array(Math.max(2 * out.data.length, out.length + more));
  grown.set(out.data.subarray(0, out.length));
  out.data = grown;
};

const byte = (out: Bytes, value: number): void => {
  reserve(out, 1);
  out.data[out.length] = value;
  out.length += 1;
};

const unsigned = (out: Bytes, value: number): void => {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    byte(out, (rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  byte(out, rest);
};

// `Math.floor` rather than a shift, so that 64-bit constants up to 2⁵³ pass
const signed = (out: Bytes, value: number): void => {
  let rest = value;
  for (;;) {
    const low = ((rest % 128) + 128) % 128;
    rest = Math.floor(rest / 128);
    if ((rest === 0 && low < 64) || (rest === -1 && low >= 64)) {
      byte(out, low);
      return;
    }
    byte(out, low | 0x80);
  }
};

const append = (out: Bytes, tail: Bytes): void => {
  unsigned(out, tail.length);
  reserve(out, tail.length);
  out.data.set(tail.data.subarray(0, tail.length), out.length);
  out.length += tail.length;
};

const name = (out: Bytes, text: string): void => {
  const encoded = new TextEncoder().encode(text);
  unsigned(out, encoded.length);
  for (const value of encoded) byte(out, value);
};

const word = (out: Bytes, value: number): void => {
  for (let shift = 0; shift < 32; shift += 8) byte(out, (value >>> shift) & 0xff);
};

const opcode = (out: Bytes, code: readonly [number, number?]): void => {
  byte(out, code[0]);
  if (code[1] !== undefined) unsigned(out, code[1]);
};

interface Scope {
  readonly locals: ReadonlyMap<Local, number>;
  readonly functions: ReadonlyMap<string, number>;
}

const localIndex = (scope: Scope, local: Local): number => lookup(scope.locals, local, 'wasm locals');

const branchDepth = (labels: readonly Label[], label: Label): number => {
  const depth = labels.indexOf(label);
  return depth < 0 ? internal('wasm branch', `no enclosing block ${label.name}`) : depth;
};

const encodeBody = (out: Bytes, body: readonly Code[], labels: readonly Label[], scope: Scope): void => {
  for (const code of body) encode(out, code, labels, scope);
};

const unnamed: Label = { name: '' };

const encode = (out: Bytes, code: Code, labels: readonly Label[], scope: Scope): void => {
  switch (code.kind) {
    case 'plain':
      encodeBody(out, code.args, labels, scope);
      opcode(out, plainOpcodes[code.op]);
      break;
    case 'memory':
    case 'memoryLane': {
      encodeBody(out, code.args, labels, scope);
      const row = code.kind === 'memory' ? memoryOpcodes[code.op] : memoryLaneOpcodes[code.op];
      opcode(out, row.code);
      unsigned(out, row.align);
      unsigned(out, code.offset);
      if (code.kind === 'memoryLane') byte(out, code.lane);
      break;
    }
    case 'lane':
      encodeBody(out, code.args, labels, scope);
      opcode(out, laneOpcodes[code.op]);
      byte(out, code.lane);
      break;
    case 'shuffle':
      encodeBody(out, code.args, labels, scope);
      opcode(out, [0xfd, 0x0d]);
      for (const lane of code.bytes) byte(out, lane);
      break;
    case 'const':
      encodeConstant(out, code.type, code.value);
      break;
    case 'v128.const':
      opcode(out, [0xfd, 0x0c]);
      for (const bits of code.bits) word(out, bits);
      break;
    case 'get':
      byte(out, 0x20);
      unsigned(out, localIndex(scope, code.local));
      break;
    case 'set':
      encode(out, code.value, labels, scope);
      byte(out, 0x21);
      unsigned(out, localIndex(scope, code.local));
      break;
    case 'block':
    case 'loop':
      byte(out, code.kind === 'block' ? 0x02 : 0x03);
      byte(out, 0x40);
      encodeBody(out, code.body, [code.label, ...labels], scope);
      byte(out, 0x0b);
      break;
    case 'if':
      encode(out, code.condition, labels, scope);
      byte(out, 0x04);
      byte(out, code.result === undefined ? 0x40 : typeCodes[code.result]);
      encodeBody(out, code.then, [unnamed, ...labels], scope);
      if (code.otherwise.length > 0) {
        byte(out, 0x05);
        encodeBody(out, code.otherwise, [unnamed, ...labels], scope);
      }
      byte(out, 0x0b);
      break;
    case 'branch':
      if (code.condition !== undefined) encode(out, code.condition, labels, scope);
      byte(out, code.condition === undefined ? 0x0c : 0x0d);
      unsigned(out, branchDepth(labels, code.label));
      break;
    case 'call':
      encodeBody(out, code.args, labels, scope);
      byte(out, 0x10);
      unsigned(out, lookup(scope.functions, code.fn, 'wasm functions'));
      break;
    case 'memory.copy':
      encodeBody(out, code.args, labels, scope);
      opcode(out, [0xfc, 0x0a]);
      byte(out, 0);
      byte(out, 0);
      break;
    case 'memory.fill':
      encodeBody(out, code.args, labels, scope);
      opcode(out, [0xfc, 0x0b]);
      byte(out, 0);
      break;
    case 'drop':
      encode(out, code.value, labels, scope);
      byte(out, 0x1a);
      break;
  }
};

const encodeConstant = (out: Bytes, type: 'i32' | 'i64' | 'f32', value: number): void => {
  if (type === 'f32') {
    byte(out, 0x43);
    word(out, bitsOf(value));
  } else {
    byte(out, type === 'i32' ? 0x41 : 0x42);
    signed(out, type === 'i32' ? value | 0 : value);
  }
};

const encodeFunction = (fn: WasmFunction, functions: ReadonlyMap<string, number>): Bytes => {
  const out = bytes();
  const parameters = new Set(fn.params);
  const locals = [...fn.params, ...localsOf(fn.body).filter((variable) => !parameters.has(variable))];
  unsigned(out, locals.length - fn.params.length);
  for (const { type } of locals.slice(fn.params.length)) {
    unsigned(out, 1);
    byte(out, typeCodes[type]);
  }
  encodeBody(out, fn.body, [], { locals: new Map(locals.map((variable, i) => [variable, i])), functions });
  byte(out, 0x0b);
  return out;
};

const section = (out: Bytes, id: number, write: (content: Bytes) => void): void => {
  const content = bytes();
  write(content);
  byte(out, id);
  append(out, content);
};

/** The bytes of a module. */
export const encodeModule = ({ memory, functions }: WasmModule): Uint8Array<ArrayBuffer> => {
  const out = bytes();
  const indices = new Map(functions.map((fn, i) => [fn.name, i]));
  for (const value of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) byte(out, value);
  section(out, 1, (content) => {
    unsigned(content, functions.length);
    for (const { params, results } of functions) {
      byte(content, 0x60);
      unsigned(content, params.length);
      for (const { type } of params) byte(content, typeCodes[type]);
      unsigned(content, results.length);
      for (const type of results) byte(content, typeCodes[type]);
    }
  });
  section(out, 2, (content) => {
    unsigned(content, 1);
    name(content, 'env');
    name(content, 'memory');
    byte(content, 0x02);
    byte(content, memory.shared ? 0x03 : 0x01);
    unsigned(content, memory.minimum);
    unsigned(content, memory.maximum);
  });
  section(out, 3, (content) => {
    unsigned(content, functions.length);
    for (const index of functions.keys()) unsigned(content, index);
  });
  const exported = functions.filter((fn) => fn.exported);
  section(out, 7, (content) => {
    unsigned(content, exported.length);
    for (const fn of exported) {
      name(content, fn.name);
      byte(content, 0x00);
      unsigned(content, lookup(indices, fn.name, 'wasm exports'));
    }
  });
  section(out, 10, (content) => {
    unsigned(content, functions.length);
    for (const fn of functions) append(content, encodeFunction(fn, indices));
  });
  return out.data.slice(0, out.length);
};
