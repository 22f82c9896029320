/** Functions → the text format, folded, for people. It is valid WebAssembly text. */
import { totalOf } from '../../../dsl/tally.js';
import { type Code, type Label, type Local, localsOf, type WasmFunction } from './code.js';
import type { WasmModule } from './encoder.js';

/** Unique names for things that are known by identity: `x`, `x_1`, … */
const uniqueNames = <T extends { readonly name: string }>(things: readonly T[]): ReadonlyMap<T, string> => {
  const counts = new Map<string, number>();
  return new Map(
    things.map((thing) => {
      const count = totalOf(counts, thing.name);
      counts.set(thing.name, count + 1);
      return [thing, count === 0 ? `$${thing.name}` : `$${thing.name}_${count}`];
    }),
  );
};

const showFloat = (value: number): string => {
  if (Number.isNaN(value)) return 'nan';
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return value > 0 ? 'inf' : '-inf';
};

interface Names {
  readonly locals: ReadonlyMap<Local, string>;
  readonly depth: number;
  readonly labels: readonly Label[];
}

const lines = (body: readonly Code[], names: Names): string =>
  body.map((code) => `\n${'  '.repeat(names.depth)}${show(code, names)}`).join('');

const show = (code: Code, names: Names): string => {
  const args = (list: readonly Code[]): string => list.map((arg) => ` ${show(arg, names)}`).join('');
  const inner: Names = { ...names, depth: names.depth + 1 };
  switch (code.kind) {
    case 'plain':
      return `(${code.op}${args(code.args)})`;
    case 'memory':
      return `(${code.op}${code.offset === 0 ? '' : ` offset=${code.offset}`}${args(code.args)})`;
    case 'memoryLane':
      return `(${code.op}${code.offset === 0 ? '' : ` offset=${code.offset}`} ${code.lane}${args(code.args)})`;
    case 'lane':
      return `(${code.op} ${code.lane}${args(code.args)})`;
    case 'shuffle':
      return `(i8x16.shuffle ${code.bytes.join(' ')}${args(code.args)})`;
    case 'const':
      return `(${code.type}.const ${code.type === 'f32' ? showFloat(Math.fround(code.value)) : code.value})`;
    case 'v128.const':
      return `(v128.const i32x4 ${code.bits.map((bits) => `0x${bits.toString(16)}`).join(' ')})`;
    case 'get':
      return `(local.get ${names.locals.get(code.local)})`;
    case 'set':
      return `(local.set ${names.locals.get(code.local)} ${show(code.value, names)})`;
    case 'block':
    case 'loop': {
      const labels = [...names.labels, code.label];
      const label = `$${code.label.name}_${labels.length}`;
      return `(${code.kind} ${label}${lines(code.body, { ...inner, labels })})`;
    }
    case 'if': {
      const result = code.result === undefined ? '' : ` (result ${code.result})`;
      const then = `(then${lines(code.then, { ...inner, depth: inner.depth + 1 })})`;
      const otherwise = `(else${lines(code.otherwise, { ...inner, depth: inner.depth + 1 })})`;
      const indent = `\n${'  '.repeat(inner.depth)}`;
      const tail = code.otherwise.length === 0 ? '' : `${indent}${otherwise}`;
      return `(if${result} ${show(code.condition, names)}${indent}${then}${tail})`;
    }
    case 'branch': {
      const target = `$${code.label.name}_${names.labels.indexOf(code.label) + 1}`;
      return code.condition === undefined ? `(br ${target})` : `(br_if ${target} ${show(code.condition, names)})`;
    }
    case 'call':
      return `(call $${code.fn}${args(code.args)})`;
    case 'memory.copy':
    case 'memory.fill':
      return `(${code.kind}${args(code.args)})`;
    case 'drop':
      return `(drop ${show(code.value, names)})`;
  }
};

/** The text of one function. */
export const showFunction = (fn: WasmFunction): string => {
  const own = localsOf(fn.body).filter((variable) => !fn.params.includes(variable));
  const locals = uniqueNames([...fn.params, ...own]);
  const params = fn.params.map((param) => ` (param ${locals.get(param)} ${param.type})`).join('');
  const results = fn.results.map((type) => ` (result ${type})`).join('');
  const declarations = own.map((variable) => `\n  (local ${locals.get(variable)} ${variable.type})`).join('');
  const exported = fn.exported ? ` (export "${fn.name}")` : '';
  return `(func $${fn.name}${exported}${params}${results}${declarations}${lines(fn.body, { locals, depth: 1, labels: [] })})`;
};

/** The text of a whole module. */
export const showModule = ({ memory, functions }: WasmModule): string => {
  const shared = memory.shared ? ' shared' : '';
  const imported = `(import "env" "memory" (memory ${memory.minimum} ${memory.maximum}${shared}))`;
  return `(module\n${[imported, ...functions.map(showFunction)].join('\n')})\n`;
};
