/** Opening the WebAssembly target and running programs on it, for tests. */
import * as E from 'fp-ts/lib/Either.js';
import type { Program } from '../../../compiler/program.js';
import {
  type Executable,
  type StageInput,
  type StageResult,
  showTargetError,
  type Target,
  type TargetError,
} from '../../../runtime/target.js';
import { type WasmOptions, wasmTarget } from '../../../runtime/wasm/index.js';

/** The value of a result, or an exception with its text. */
export const rightOf = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

/** A target for the duration of the enclosing `describe`. */
export const targetFor = (options: WasmOptions): (() => Promise<Target>) => {
  const started = wasmTarget(options)();
  after(async () => rightOf(await started).dispose());
  return async () => rightOf(await started);
};

export const compileOn = async (target: Target, program: Program): Promise<Executable> =>
  rightOf(await target.compile(program)());

type Inputs = Readonly<Record<string, StageInput>>;

export const runStage = async (executable: Executable, stage: string, inputs: Inputs): Promise<StageResult> =>
  rightOf(await executable.run(stage, inputs)());

/** All array outputs of a run, copied to the host. */
export const arraysOf = async ({ arrays }: StageResult): Promise<Readonly<Record<string, Float32Array>>> => {
  const read = Object.entries(arrays).map(async ([name, array]) => [name, rightOf(await array.read())] as const);
  return Object.fromEntries(await Promise.all(read));
};

/** What each target in turn gives for one output of a program's only run of a stage. */
export const outputOn = async (
  targets: readonly Target[],
  program: Program,
  { stage, inputs, output }: { readonly stage: string; readonly inputs: Inputs; readonly output: string },
): Promise<readonly Float32Array[]> => {
  const results: Float32Array[] = [];
  for (const target of targets) {
    const executable = await compileOn(target, program);
    const { [output]: values = new Float32Array(0) } = await arraysOf(await runStage(executable, stage, inputs));
    executable.dispose();
    results.push(values);
  }
  return results;
};
