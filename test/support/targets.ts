/** One program on every target that runs without a GPU, held against `evaluate`. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
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

/** Targets for the duration of a `describe`, opened before its tests. */
export const targetsFor = (opens: readonly TE.TaskEither<TargetError, Target>[]): readonly Target[] => {
  const targets: Target[] = [];
  before(async () => {
    for (const open of opens) targets.push(orThrow(await open()));
  });
  after(() => {
    for (const target of targets) target.dispose();
  });
  return targets;
};

/** The interpreter, WebAssembly on one thread and on two, gpu.js in its host modes. */
export const hostTargets = (): readonly Target[] =>
  targetsFor([
    TE.right(interpreterTarget),
    wasmTarget({ threads: 1 }),
    wasmTarget({ threads: 2 }),
    gpujsTarget('cpu'),
    gpujsTarget('webasm'),
  ]);

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
