/**
 * The WebAssembly target: SIMD, and threads where memory can be shared. Every run of a stage is one call into
 * WebAssembly per thread.
 */

import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { type EmittedProgram, emitProgram, showKernel } from '../../compiler/emit/wasm/index.js';
import { addressOf, maximumPages, pageBytes } from '../../compiler/emit/wasm/layout.js';
import type { Program, Stage } from '../../compiler/program.js';
import { lengthOf } from '../../compiler/queries.js';
import { at, internal } from '../../dsl/internal.js';
import { stageGate, turnstile } from '../stages.js';
import {
  type DeviceArray,
  type Executable,
  gibibytes,
  type StageInput,
  type StageResult,
  type Target,
  type TargetError,
} from '../target.js';
import { elementsOf, slotsOver } from './arrays.js';
import { type Surroundings, surroundings } from './host.js';
import { type Pool, startPool } from './pool.js';

/** Choices of the target; all have defaults. */
export interface WasmOptions {
  /** Threads to run on, main thread included. Default: the number of processors, at most 8. */
  readonly threads?: number;
  /** Fused multiply-add by relaxed SIMD where the engine has it. Faster on some processors; other bits. */
  readonly relaxedSimd?: boolean;
  /** About how long a thread that does not answer is waited for. Default: 10. */
  readonly patienceSeconds?: number;
  /**
   * What there is to compute on. Default: this engine.
   * @internal for tests; its types need those of WebAssembly, which a project without the DOM's does not have
   */
  readonly surroundings?: Surroundings;
}

const defaultThreads = 8;
// far more than machines have cores, and fewer than engines start
const mostThreads = 256;
const defaultPatience = 10;

const unavailable = (reason: string): TargetError => ({ _tag: 'TargetUnavailable', target: 'wasm', reason });
const compileError = (program: Program, reason: string): TargetError => ({
  _tag: 'TargetCompileError',
  target: 'wasm',
  kernel: program.name,
  reason,
});
const executionError = (stage: string, reason: string): TargetError => ({
  _tag: 'TargetExecutionError',
  target: 'wasm',
  stage,
  reason,
});

/** A module with one function that has one relaxed SIMD instruction. */
const relaxedProbe = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 13, 1, 11, 0, 0x20, 0,
  0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b,
]);

/** Has the engine relaxed SIMD? */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(relaxedProbe);

interface Instance {
  readonly emitted: EmittedProgram;
  readonly memory: Float32Array;
  readonly stages: readonly StageFunction[];
  /** The pool that helps with the program, and the program's number there. */
  readonly helped: { readonly pool: Pool; readonly id: number } | undefined;
  /** Gives the memory up. */
  readonly release: () => void;
}

/** Runs a stage: status 0, or 1 if a helper has not finished what it had taken. */
type StageFunction = () => number;

const instantiate = async (
  program: Program,
  pool: Pool | undefined,
  relaxedSimd: boolean,
  patience: number,
): Promise<E.Either<TargetError, Instance>> => {
  const shared = pool !== undefined;
  const emitted = emitProgram(program, { shared, relaxedSimd, patienceSeconds: patience });
  const { pages, bytes } = emitted.layout;
  if (pages > maximumPages)
    return E.left(
      compileError(
        program,
        `it needs ${gibibytes(bytes)} of memory, and WebAssembly has ${gibibytes(maximumPages * pageBytes)}`,
      ),
    );
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const module = await WebAssembly.compile(emitted.bytes);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const stages = emitted.stages.flatMap((name): StageFunction[] => {
    const fn = exports[name];
    return typeof fn === 'function' ? [() => Number(fn())] : [];
  });
  const instance = { emitted, memory: new Float32Array(memory.buffer), stages };
  const release = (): void => pool?.release(pages * pageBytes);
  if (pool === undefined || !emitted.usesThreads) return E.right({ ...instance, helped: undefined, release });
  const added = await pool.add({ module, memory });
  if (E.isLeft(added)) return E.left(compileError(program, added.left));
  const id = added.right;
  return E.right({
    ...instance,
    helped: { pool, id },
    release: () => {
      pool.remove(id);
      release();
    },
  });
};

/** Hands the elements of a stage input on: at once, without a copy, where they are at hand. */
const take = async (
  input: StageInput,
  use: (elements: ArrayLike<number>) => void,
): Promise<E.Either<TargetError, void>> => {
  if (typeof input === 'number') return E.right(use([input]));
  if (input instanceof Float32Array) return E.right(use(input));
  const known = elementsOf(input);
  // after a pause, the executable that the array comes from may have put another into its place
  return known === undefined ? E.map(use)(await input.read()) : E.right(use(known));
};

const executableOf = (program: Program, instance: Instance): Executable => {
  const { emitted, memory, helped } = instance;
  const { layout } = emitted;
  const { admit, done } = stageGate(program);
  const inTurn = turnstile();
  let disposed = false;
  const slots = layout.slots.map((outputs) =>
    Object.fromEntries(Object.entries(outputs).map(([name, places]) => [name, slotsOver(memory, places)])),
  );
  const view = (buffer: number): Float32Array => {
    const start = addressOf(layout, buffer) / Float32Array.BYTES_PER_ELEMENT;
    return memory.subarray(start, start + lengthOf(program.buffers, buffer));
  };

  const call = (stage: Stage, position: number): E.Either<TargetError, void> => {
    const entered = helped === undefined ? E.right(undefined) : helped.pool.enter(helped.id);
    if (E.isLeft(entered)) return E.left(executionError(stage.name, entered.left));
    if (at(instance.stages, position, 'wasm stages')() === 0) return E.right(undefined);
    const reason = 'a helper thread did not finish its task';
    helped?.pool.fail(reason);
    return E.left(executionError(stage.name, reason));
  };

  const results = (stage: Stage, position: number): StageResult => {
    // entries, as an assignment would lose an output of the name __proto__
    const scalars = new Map<string, number>();
    const arrays = new Map<string, DeviceArray>();
    for (const { name, buffer, shape } of stage.outputs) {
      const kept = slots[position]?.[name];
      if (shape.length === 0) scalars.set(name, at(view(buffer), 0, 'wasm results'));
      else
        arrays.set(name, (kept ?? internal('wasm results', `no place for ${stage.name}.${name}`)).keep(view(buffer)));
    }
    return { scalars: Object.fromEntries(scalars), arrays: Object.fromEntries(arrays) };
  };

  const run: Executable['run'] = (name, inputs) =>
    inTurn(async () => {
      if (disposed) return E.left(executionError(name, 'the program has been disposed of'));
      const admitted = admit(name, inputs);
      if (E.isLeft(admitted)) return admitted;
      const stage = admitted.right;
      for (const port of stage.inputs) {
        const taken = await take(inputs[port.name] ?? internal('wasm inputs', `no ${port.name}`), (elements) =>
          view(port.buffer).set(elements),
        );
        if (E.isLeft(taken)) return taken;
      }
      const position = program.stages.indexOf(stage);
      try {
        const called = call(stage, position);
        if (E.isLeft(called)) return called;
        done(stage);
        return E.right(results(stage, position));
      } catch (error) {
        return E.left(executionError(name, String(error)));
      }
    });

  return {
    program,
    memoryBytes: layout.pages * pageBytes,
    threads: helped?.pool.threads ?? 1,
    run,
    exclusive: turnstile(),
    sources: () =>
      [...emitted.kernels].map(([kernel, functions]) => ({ kernel, language: 'wat', text: showKernel(functions) })),
    dispose: () => {
      if (disposed) return;
      disposed = true;
      for (const outputs of slots) for (const kept of Object.values(outputs)) kept.vacate();
      instance.release();
    },
  };
};

/**
 * The target. Fails where the engine has no WebAssembly SIMD or a worker does not start. Where memory cannot be shared
 * (a page that is not cross-origin isolated) it is single-threaded, and `description` says so. The calling thread works
 * with the helpers; while it waits for one to end its last task it sleeps, or spins where sleeping is forbidden: on a
 * browser's page, not in its workers. A lost helper is an error of the next run or, if it held a task, of this one.
 */
export const wasmTarget =
  (options: WasmOptions = {}): TE.TaskEither<TargetError, Target> =>
  async () => {
    const around = options.surroundings ?? surroundings();
    const wanted = options.threads ?? Math.min(around.processors, defaultThreads);
    const patience = options.patienceSeconds ?? defaultPatience;
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > mostThreads)
      return E.left(unavailable(`${wanted} threads are no whole number from 1 to ${mostThreads}`));
    if (typeof WebAssembly !== 'object') return E.left(unavailable('this engine has no WebAssembly'));
    const relaxed = options.relaxedSimd === true;
    if (relaxed && !hasRelaxedSimd()) return E.left(unavailable('this engine has no relaxed SIMD'));
    const { host } = around;
    const started = wanted > 1 && E.isRight(host) ? await startPool(host.right, wanted, patience) : undefined;
    if (started !== undefined && E.isLeft(started)) return E.left(unavailable(started.left));
    const pool = started?.right;
    const threads = pool?.threads ?? 1;
    const why = wanted > 1 && E.isLeft(host) ? ` (${host.left})` : '';
    return E.right({
      name: 'wasm',
      description: `WebAssembly SIMD${relaxed ? ' with fused multiply-add' : ''}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${why}, ${around.engine}`,
      compile: (program) => async () => {
        try {
          const instance = await instantiate(program, pool, relaxed, patience);
          return E.isLeft(instance) ? instance : E.right(executableOf(program, instance.right));
        } catch (error) {
          return E.left(compileError(program, String(error)));
        }
      },
      dispose: () => pool?.dispose(),
    });
  };
