/** A graph as it is compiled: kernels with what is fused into them, costs, and the memory plan. */

import * as E from 'fp-ts/lib/Either.js';
import { postorder } from '../../dsl/expr.js';
import { at } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import type { Sizes } from '../../dsl/shape.js';
import { type CompileError, compileTraced } from '../compile.js';
import { kernelCost, kernelsOf, programCost } from '../cost.js';
import { storedAs } from '../lower/lower.js';
import { stepBuffers } from '../memory.js';
import { kernelText } from '../print/kernel.js';
import { showName } from '../print/name.js';
import { writer } from '../print/statements.js';
import type { Kernel, Program } from '../program.js';
import type { InspectedBuffer, InspectedKernel, InspectedProgram } from './data.js';
import type { Level } from './derivation.js';
import type { InspectedGraph } from './graphs.js';
import { levelStatements, notation } from './levels.js';

const bytesPerElement = 4;

/** A compiled graph, and the records made of it. */
export interface CompiledGraph {
  readonly program: Program;
  readonly inspected: InspectedProgram;
}

/** The expressions that a kernel computes on the way, without those that other kernels compute. */
const inlined = (expr: Expr, kernelOf: ReadonlyMap<Expr, string>): readonly Expr[] => {
  const elsewhere = (e: Expr): boolean => storedAs(e) !== expr && kernelOf.has(storedAs(e));
  return postorder([expr], elsewhere).filter((e) => storedAs(e) !== expr && !elsewhere(e));
};

/** What is computed for an expression: for a result of a loop, its variable's next value. */
const computedAs = (expr: Expr): Expr => {
  const { node } = expr;
  const loop = node.op === 'result' ? node.iterate.node : undefined;
  return node.op === 'result' && loop?.op === 'iterate' ? at(loop.next, node.index, 'computedAs') : expr;
};

/** Names of arrays: of inputs as they are called, of everything else by the value that is stored. */
const bufferNames = (program: Program, keys: ReadonlyMap<string, string>): readonly string[] => {
  const names = program.buffers.map(({ name }) => name);
  for (const kernel of program.stages.flatMap(({ steps }) => kernelsOf(steps))) {
    const key = keys.get(kernel.name);
    if (key !== undefined) names[kernel.output] = key;
  }
  for (const { outputs } of program.stages)
    for (const { name, buffer } of outputs) if (names[buffer] === program.buffers[buffer]?.name) names[buffer] = name;
  return names;
};

/** The first and the last kernel that touch a buffer, by buffer. */
const kernelsByBuffer = (program: Program): ReadonlyMap<number, readonly [string, string]> => {
  const found = new Map<number, readonly [string, string]>();
  for (const kernel of program.stages.flatMap(({ steps }) => kernelsOf(steps))) {
    const { reads, writes } = stepBuffers({ kind: 'kernel', kernel });
    for (const buffer of [...reads, ...writes]) found.set(buffer, [found.get(buffer)?.[0] ?? kernel.name, kernel.name]);
  }
  return found;
};

const buffersOf = (program: Program, names: readonly string[]): readonly InspectedBuffer[] => {
  const kernels = kernelsByBuffer(program);
  return program.buffers.map(({ length, kind }, i) => {
    const { offset, firstStage, lastStage } = at(program.memory.placements, i, 'buffersOf');
    const stage = (position: number): string => at(program.stages, position, 'buffersOf').name;
    return {
      name: at(names, i, 'buffersOf'),
      bytes: bytesPerElement * length,
      offset: bytesPerElement * offset,
      kind,
      life: [stage(firstStage), stage(lastStage)],
      kernels: kernels.get(i) ?? [],
    };
  });
};

/**
 * Compiles a graph for one binding of its dimensions; `staged` is its last level. Left: as for `compile`, for example a
 * dimension without a size.
 */
export const compileGraph = (
  { name, stages }: InspectedGraph,
  staged: Level,
  sizes: Sizes,
): E.Either<CompileError, CompiledGraph> => {
  const compiled = compileTraced({ name, sizes, stages });
  if (E.isLeft(compiled)) return compiled;
  const { program, kernelOf } = compiled.right;
  const exprOf = new Map([...kernelOf].map(([expr, kernel]) => [kernel, expr] as const));
  const { list, names } = levelStatements(staged);
  const statements = new Map(list.map(({ expr, name }) => [expr, showName(name, 'text')] as const));
  // views first: where the array itself has a name, that is the kernel's
  const views = [...statements].map(([expr, key]) => [storedAs(expr), key] as const);
  const arrays = new Map([...views, ...statements]);
  const keys = new Map(
    [...exprOf].flatMap(([kernel, expr]) => {
      const key = arrays.get(expr);
      return key === undefined ? [] : [[kernel, key] as const];
    }),
  );
  const buffers = bufferNames(program, keys);
  const bufferName = (buffer: number): string => at(buffers, buffer, 'compileGraph');
  // names of what has a place in memory; everything else is written out
  const stored = new Map([...names].filter(([expr]) => kernelOf.has(storedAs(expr)) || !statements.has(expr)));
  const written = { text: writer(stored, 'text'), math: writer(stored, 'math'), latex: writer(stored, 'latex') };
  const record = (kernel: Kernel, stage: string): InspectedKernel => {
    const expr = exprOf.get(kernel.name);
    const cost = kernelCost(kernel, program);
    return {
      name: kernel.name,
      stage,
      stores: keys.get(kernel.name) ?? bufferName(kernel.output),
      fused: expr === undefined ? [] : inlined(expr, kernelOf).flatMap((e) => statements.get(e) ?? []),
      reads: stepBuffers({ kind: 'kernel', kernel }).reads.map(bufferName),
      expression: notation((style) => (expr === undefined ? '' : written[style].define(expr).text)),
      cost,
      intensity: cost.bytes === 0 ? 0 : cost.flops / cost.bytes,
      listing: kernelText(kernel, bufferName),
    };
  };
  const kernels = program.stages.flatMap(({ name, steps }) => kernelsOf(steps).map((kernel) => record(kernel, name)));
  const users = new Map<string, string[]>();
  const note = (key: string, kernel: string): void => {
    const found = users.get(key);
    if (found === undefined) users.set(key, [kernel]);
    else found.push(kernel);
  };
  for (const { name, stores, fused } of kernels) for (const key of [stores, ...fused]) note(key, name);
  // what is only put together (a concatenation) is computed where its parts are, a result of a loop where the next value
  // of its variable is
  for (const [expr, key] of statements)
    if (!users.has(key))
      for (const part of postorder([storedAs(computedAs(expr))], (e) => e !== expr && kernelOf.has(e))) {
        const kernel = kernelOf.get(part);
        if (kernel !== undefined) note(key, kernel);
      }
  return E.right({
    program,
    inspected: {
      sizes,
      kernels,
      buffers: buffersOf(program, buffers),
      arenaBytes: bytesPerElement * program.memory.length,
      costs: programCost(program),
      kernelsOf: Object.fromEntries(users),
    },
  });
};
