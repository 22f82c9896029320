/** The targets that random programs run on. They are opened once and take one program after the other. */
import * as E from 'fp-ts/lib/Either.js';
import type { Program } from '../../../compiler/program.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import { showTargetError, type Target, type TargetError } from '../../../runtime/target.js';
import { wasmTarget } from '../../../runtime/wasm/index.js';
import type { RandomProgram } from './generate.js';

/** A target under a name of its own. */
export interface Machine {
  readonly name: string;
  readonly target: Target;
}

const right = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

/** Opens all targets that need no device; throws where one is missing. */
export const openMachines = async (): Promise<readonly Machine[]> => {
  const wasm = async (threads: number): Promise<Machine> => ({
    name: `wasm:${threads}`,
    target: right(await wasmTarget({ threads })()),
  });
  const gpujs = async (mode: 'cpu' | 'webasm'): Promise<Machine> => ({
    name: `gpujs:${mode}`,
    target: right(await gpujsTarget(mode)()),
  });
  return [
    { name: 'interpreter', target: interpreterTarget },
    await wasm(1),
    await wasm(2),
    await wasm(5),
    await gpujs('cpu'),
    await gpujs('webasm'),
  ];
};

/** What a program gave on a target. */
export interface Outcome {
  /** By name of the output. */
  readonly outputs: ReadonlyMap<string, ArrayLike<number>>;
  /** On how many threads it ran. */
  readonly threads: number;
}

/** Runs all stages in order, and reads every output once all have run. */
export const outcomeOf = async (
  { target }: Machine,
  compiled: Program,
  { inputs, stages }: Pick<RandomProgram, 'inputs' | 'stages'>,
): Promise<Outcome> => {
  const executable = right(await target.compile(compiled)());
  try {
    const outputs = new Map<string, ArrayLike<number>>();
    for (let stage = 0; stage < stages; stage += 1) {
      const arriving = inputs.filter((one) => one.stage === stage);
      const given = Object.fromEntries(arriving.map(({ name, values }) => [name, Float32Array.from(values)]));
      const { scalars, arrays } = right(await executable.run(`stage${stage}`, given)());
      for (const [name, value] of Object.entries(scalars)) outputs.set(name, [value]);
      for (const [name, array] of Object.entries(arrays)) outputs.set(name, right(await array.read()));
    }
    return { outputs, threads: executable.threads };
  } finally {
    executable.dispose();
  }
};
