/**
 * The one interface of all targets: compile a program, hold arrays, run stages. Arrays are immutable handles; what a
 * target does behind them (GPU buffers, WebAssembly memory) never shows.
 */
import type * as IO from 'fp-ts/lib/IO.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Program } from '../compiler/program.js';

/** The names of all targets, as the command line and experiment files spell them. */
export const targetNames = [
  'gpujs:webgpu',
  'gpujs:webgl2',
  'gpujs:webgl',
  'gpujs:webasm',
  'gpujs:cpu',
  'wasm',
  'interpreter',
] as const;

/** The name of a target. */
export type TargetName = (typeof targetNames)[number];

/** What can go wrong between a program and its results. */
export type TargetError =
  /** The target cannot be used on this machine. */
  | { readonly _tag: 'TargetUnavailable'; readonly target: TargetName; readonly reason: string }
  /** The program cannot be compiled for the target, for example because a limit of the device is exceeded. */
  | {
      readonly _tag: 'TargetCompileError';
      readonly target: TargetName;
      readonly kernel: string;
      readonly reason: string;
    }
  /** An input is missing, unknown, or of another length than the program was compiled for. */
  | {
      readonly _tag: 'TargetInputError';
      readonly stage: string;
      readonly input: string;
      readonly expected: string;
      readonly actual: string;
    }
  /** A stage was run before a stage whose results it reads, or does not exist. */
  | { readonly _tag: 'StageError'; readonly stage: string; readonly expected: string }
  /** The device failed while running. */
  | {
      readonly _tag: 'TargetExecutionError';
      readonly target: TargetName;
      readonly stage: string;
      readonly reason: string;
    }
  /** The device is gone, and all that was on it: only a target that is opened anew can go on. */
  | { readonly _tag: 'TargetLost'; readonly target: TargetName; readonly reason: string };

/** Memory for people. */
export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** One line for people. */
export const showTargetError = (error: TargetError): string => {
  switch (error._tag) {
    case 'TargetUnavailable':
      return `target ${error.target} is not available here: ${error.reason}`;
    case 'TargetCompileError':
      return (
        `target ${error.target} cannot compile kernel ${error.kernel}: ${error.reason}; ` +
        'choose a smaller batch, a network with fewer parameters, or another target'
      );
    case 'TargetInputError':
      return `stage ${error.stage}, input ${error.input}: expected ${error.expected}, got ${error.actual}`;
    case 'StageError':
      return `stage ${error.stage}: ${error.expected}`;
    case 'TargetExecutionError':
      return `target ${error.target} failed in stage ${error.stage}: ${error.reason}`;
    case 'TargetLost':
      return `target ${error.target} is lost: ${error.reason}; open it anew and go on from what was saved`;
  }
};

/** An immutable array of float32 that lives on a target. It stays valid for as long as anybody holds it. */
export interface DeviceArray {
  readonly length: number;
  /** A copy of the elements on the host. */
  readonly read: TE.TaskEither<TargetError, Float32Array>;
}

/** What a stage may be given for an input: a scalar, host data (row-major), or a result of an earlier run. */
export type StageInput = number | Float32Array | DeviceArray;

/** What a stage gave: outputs of shape `[]` as numbers, read back together; all others as handles. */
export interface StageResult {
  readonly scalars: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, DeviceArray>>;
}

/** The source of one kernel in one language, as the target runs it. */
export interface KernelSource {
  readonly kernel: string;
  readonly language: 'gpujs' | 'wgsl' | 'glsl' | 'wat';
  readonly text: string;
}

/** A program, compiled for a target. It keeps the buffers that pass between stages, so it runs one thing at a time. */
export interface Executable {
  readonly program: Program;
  /** Bytes that the target holds for the program's arrays. */
  readonly memoryBytes: number;
  /** Threads that a stage runs on (1 where the question does not arise). */
  readonly threads: number;
  /**
   * Runs one stage. Every input that the stage introduces must be given. Stages may be run again in any order in which
   * each follows the stages it reads from; running a stage again makes the results of later ones stale.
   */
  readonly run: (
    stage: string,
    inputs: Readonly<Record<string, StageInput>>,
  ) => TE.TaskEither<TargetError, StageResult>;
  /** Runs a task of several `run`s with nobody else in between; waits for those that came before. */
  readonly exclusive: <Failure, A>(task: TE.TaskEither<Failure, A>) => TE.TaskEither<Failure, A>;
  /** The emitted sources; complete once every stage has run. */
  readonly sources: IO.IO<readonly KernelSource[]>;
  readonly dispose: IO.IO<void>;
}

/** A place where programs run. */
export interface Target {
  readonly name: TargetName;
  /** For people: the device or engine behind it. */
  readonly description: string;
  readonly compile: (program: Program) => TE.TaskEither<TargetError, Executable>;
  readonly dispose: IO.IO<void>;
}

/** Compiles a program, uses the executable and lets it go, whatever comes of it. */
export const withExecutable = <Failure, A>(
  target: Target,
  program: Program,
  use: (executable: Executable) => TE.TaskEither<Failure | TargetError, A>,
): TE.TaskEither<Failure | TargetError, A> =>
  TE.bracket<Failure | TargetError, Executable, A>(target.compile(program), use, ({ dispose }) => TE.fromIO(dispose));
