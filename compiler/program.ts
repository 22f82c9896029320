/**
 * Programs: what the compiler hands to the targets. Plain data, no strings of code.
 *
 * A program is a sequence of *stages*. Each stage is run by name with the inputs that it introduces; it may read every
 * buffer that an earlier stage left, so that work which depends only on early inputs (θ and the mini-batch) is done
 * once and kept while a later stage (one direction v) is run again and again.
 *
 * A stage is a list of steps; the main one is a *kernel*: a pull-style loop nest over the elements of one output
 * buffer. Every buffer is a dense row-major array of float32.
 */
import type { ScalarFunction } from '../dsl/scalar.js';

/** `offset + Σ stride · axis`: an element address or an index, affine in the kernel's axes. */
export interface Affine {
  readonly offset: number;
  readonly terms: readonly { readonly axis: number; readonly stride: number }[];
}

/**
 * One axis of a kernel, named by its position in `Kernel.axes`.
 * - `loop`: runs over `0 … extent − 1`, as an output axis or inside an accumulator.
 * - `quotient`: `from / divisor`; it is *valid* where `from` is a multiple of `divisor` and the quotient lies in
 *   `0 … extent − 1`. Zero padding and the adjoint of sliding windows are loads guarded by such axes.
 */
export type Axis =
  | { readonly kind: 'loop'; readonly name: string; readonly extent: number }
  | {
      readonly kind: 'quotient';
      readonly name: string;
      readonly extent: number;
      readonly from: Affine;
      readonly divisor: number;
    };

/** One instruction of a block; operands are positions of earlier instructions of the same block. */
export type Instruction =
  | { readonly op: 'constant'; readonly value: number }
  /** An index as a number. */
  | { readonly op: 'index'; readonly index: Affine }
  /** An element of a buffer; 0, and no access, unless every axis in `guards` is valid. */
  | { readonly op: 'load'; readonly buffer: number; readonly index: Affine; readonly guards: readonly number[] }
  /** 1 where every axis in `guards` is valid, else 0. */
  | { readonly op: 'valid'; readonly guards: readonly number[] }
  /** The value of one of the kernel's accumulators; only in `Kernel.body`. */
  | { readonly op: 'accumulator'; readonly accumulator: number }
  | { readonly op: 'apply'; readonly fn: ScalarFunction; readonly operands: readonly number[] };

/** Straight-line code in single-assignment form; its value is that of the last instruction. Never empty. */
export type Block = readonly Instruction[];

/** A term folded over its own reduction axes (positions in `Kernel.axes`, outermost first). */
export interface Part {
  readonly axes: readonly number[];
  readonly term: Block;
}

/**
 * A fold inside a kernel, once per output element.
 * - `sum`: of all parts; `ȧ·W + a·Ẇ` is one accumulator of two parts.
 * - `max`, `argmax`: over exactly one part; `argmax` gives the row-major position, within the part's axes, of the
 *   first of the largest terms.
 */
export interface Accumulator {
  readonly kind: 'sum' | 'max' | 'argmax';
  readonly parts: readonly Part[];
}

/**
 * One loop nest. Element `i` of buffer `output` is the value of `body`, where `i` counts the `outputAxes` row-major
 * (last fastest); the product of their extents is the buffer's length. A kernel may read its own output buffer only in
 * `body`, and only at the element that it writes (an update in place).
 */
export interface Kernel {
  /** Unique in the program, readable: letters, digits, `_` and `.` only. */
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly outputAxes: readonly number[];
  readonly output: number;
  readonly accumulators: readonly Accumulator[];
  readonly body: Block;
}

/** One step of a stage. */
export type Step =
  | { readonly kind: 'kernel'; readonly kernel: Kernel }
  /** Buffer `to` becomes a copy of `from`, of the same length. */
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  /**
   * Buffer `output` becomes the `parts`, one after the other. Where the memory plan has placed a part inside the
   * output already, there is nothing to do for it.
   */
  | { readonly kind: 'join'; readonly output: number; readonly parts: readonly number[] }
  /** Repeats { `condition`; stop if the scalar buffer `proceed` is 0; `body` }. */
  | {
      readonly kind: 'loop';
      readonly name: string;
      readonly condition: readonly Step[];
      readonly proceed: number;
      readonly body: readonly Step[];
    };

/** An array of float32 of the program, named by its position in `Program.buffers`. */
export interface Buffer {
  readonly name: string;
  readonly length: number;
  /** `input`: given by the caller; `temporary`: written by steps. */
  readonly kind: 'input' | 'temporary';
}

/** A named value that enters or leaves a stage. */
export interface Port {
  readonly name: string;
  readonly buffer: number;
  /** Row-major logical shape, with every dimension bound. `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** One part of a program, run by name. */
export interface Stage {
  readonly name: string;
  /** Inputs that this stage introduces; they stay readable in later stages until it is run again. */
  readonly inputs: readonly Port[];
  /** Values that are ready when this stage has run. */
  readonly outputs: readonly Port[];
  readonly steps: readonly Step[];
}

/** Where a buffer lives in the arena, in elements. */
export interface Placement {
  readonly offset: number;
  /** The stages (inclusive positions) over which its contents must stay. */
  readonly firstStage: number;
  readonly lastStage: number;
}

/** The memory plan: one arena, buffers reused by liveness. */
export interface MemoryPlan {
  /** By buffer. Offsets are multiples of 4 elements (16 bytes), except for parts placed inside a join's output. */
  readonly placements: readonly Placement[];
  /** Elements of the whole arena. */
  readonly length: number;
}

/** A compiled program, for one binding of the symbolic dimensions. */
export interface Program {
  readonly name: string;
  readonly buffers: readonly Buffer[];
  readonly stages: readonly Stage[];
  readonly memory: MemoryPlan;
}
