/** One program on every target that runs without a GPU, held against `evaluate`. */
import * as E from 'fp-ts/lib/Either.js';
import { compile } from '../../compiler/compile.js';
import type { Expr } from '../../dsl/node.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import { showTargetError, type Target, type TargetError } from '../../runtime/target.js';
import { wasmTarget } from '../../runtime/wasm/index.js';
import { outputsOf, type Values } from '../cases/compare.js';
import { evaluatedAll, rightOf } from './evaluation.js';

/** Values of inputs by name. */
export type InputValues = Readonly<Record<string, readonly number[]>>;

const orThrow = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

/** The interpreter, WebAssembly on one thread and on two, gpu.js in its host modes, for the duration of a `describe`. */
export const hostTargets = (): readonly Target[] => {
  const targets: Target[] = [];
  before(async () => {
    targets.push(interpreterTarget);
    for (const threads of [1, 2]) targets.push(orThrow(await wasmTarget({ threads })()));
    for (const mode of ['cpu', 'webasm'] as const) targets.push(orThrow(await gpujsTarget(mode)()));
  });
  after(() => {
    for (const target of targets) target.dispose();
  });
  return targets;
};

/** What a target is called in a failure; the one that is WebAssembly is there twice. */
export const titleOf = (target: Target, i: number): string => `${i} ${target.name}`;

/** The outputs of one stage of the inputs, on each target by its title. */
export const runEverywhere = async (
  targets: readonly Target[],
  outputs: Readonly<Record<string, Expr>>,
  inputs: readonly Expr[],
  values: InputValues,
): Promise<Readonly<Record<string, Values>>> => {
  const program = rightOf(compile({ name: 'everywhere', sizes: {}, stages: [{ name: 'run', inputs, outputs }] }));
  const results: Record<string, Values> = {};
  for (const [i, target] of targets.entries()) {
    const executable = orThrow(await target.compile(program)());
    results[titleOf(target, i)] = await outputsOf(executable, { stage: 'run', inputs: values });
    executable.dispose();
  }
  return results;
};

/** The same outputs by `evaluate`. */
export const evaluatedByName = (outputs: Readonly<Record<string, Expr>>, values: InputValues): Values => {
  const results = evaluatedAll(Object.values(outputs), new Map(Object.entries(values)));
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, [...(results[i] ?? [])]]));
};
