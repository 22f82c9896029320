/**
 * The nodes of the expression language: a small discriminated union, closed under differentiation. Everything else
 * (dense layers, losses, convolutions, solvers) is an ordinary function that builds these.
 */
import type { DslError } from './error.js';
import type { ScalarFunction } from './scalar.js';
import type { Dim, Shape } from './shape.js';

/** An expression: a hash-consed, deeply immutable node with its shape. Structural equality is `===`. */
export interface Expr<S extends Shape = Shape> {
  /** Creation order: every operand has a smaller id than the expression that uses it. */
  readonly id: number;
  readonly shape: Readonly<S>;
  readonly node: Node;
}

/** A sliding window along one axis of the operand. */
export interface WindowAxis {
  /** The operand's axis that is slid over. */
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  /** Elements from one tap to the next; negative where a window is read backwards, from its last element. */
  readonly dilation: number;
}

/** Which fold a reduction applies. `argmax` yields the index (0, 1, …) of the first of the largest elements. */
export type Reduction = 'sum' | 'max' | 'argmax';

/** One primitive with its operands. */
export type Node =
  /** A scalar constant. Shape `[]`. */
  | { readonly op: 'literal'; readonly value: number }
  /** The size of a symbolic dimension, as a scalar. Shape `[]`. */
  | { readonly op: 'size'; readonly dim: string }
  /** `0, 1, …, n − 1`. Shape `[n]`. */
  | { readonly op: 'iota'; readonly dim: Dim }
  /** Data given at run time, by name. */
  | { readonly op: 'input'; readonly name: string; readonly shape: Shape }
  /** A trainable array, by name: a view into the flat θ. `shared`: several layers asked for it as theirs. */
  | { readonly op: 'parameter'; readonly name: string; readonly shape: Shape; readonly shared?: true }
  /** A variable bound by a transformation (a tangent) or by `iterate`. `unique` tells equal names apart. */
  | { readonly op: 'variable'; readonly name: string; readonly shape: Shape; readonly unique: number }
  /** `fn` applied element by element to operands of one shape. */
  | { readonly op: 'map'; readonly fn: ScalarFunction; readonly operands: readonly Expr[] }
  /**
   * Two-operand einsum. Each axis carries a label; labels of both operands that are absent from `output` are summed.
   * Every label of one operand alone must be in `output`. Labels are numbered by first appearance.
   */
  | {
      readonly op: 'contract';
      readonly left: Expr;
      readonly right: Expr;
      readonly leftLabels: readonly number[];
      readonly rightLabels: readonly number[];
      readonly output: readonly number[];
    }
  /** A fold over `axes` (sorted), which disappear from the shape. */
  | { readonly op: 'reduce'; readonly kind: Reduction; readonly operand: Expr; readonly axes: readonly number[] }
  /** Repetition: operand axis i becomes output axis `axes[i]` (increasing); the operand repeats along the others. */
  | { readonly op: 'broadcast'; readonly operand: Expr; readonly shape: Shape; readonly axes: readonly number[] }
  /** Output axis i is operand axis `permutation[i]`. */
  | { readonly op: 'transpose'; readonly operand: Expr; readonly permutation: readonly number[] }
  /** The same elements in row-major order under another shape. */
  | { readonly op: 'reshape'; readonly operand: Expr; readonly shape: Shape }
  /** Elements `start ≤ i < stop` along `axis`. */
  | {
      readonly op: 'slice';
      readonly operand: Expr;
      readonly axis: number;
      readonly start: number;
      readonly stop: number;
    }
  /** Zeros before and after the operand along `axis`: the adjoint of `slice`. Negative amounts are not allowed. */
  | {
      readonly op: 'pad';
      readonly operand: Expr;
      readonly axis: number;
      readonly before: number;
      readonly after: number;
    }
  /** Operands one after the other along `axis`. */
  | { readonly op: 'concat'; readonly operands: readonly Expr[]; readonly axis: number }
  /**
   * Sliding windows: each axis `[n]` in `windows` becomes a position axis in its place,
   * `⌊(n − |dilation|·(size − 1) − 1) / stride⌋ + 1` long, and a new axis of its `size` at the end (in the order of
   * `windows`): `out[…, p, …, k] = operand[…, stride·p + dilation·k, …]`, or with `stride·p + |dilation|·(size − 1 − k)`
   * where the dilation is negative.
   */
  | { readonly op: 'window'; readonly operand: Expr; readonly windows: readonly WindowAxis[] }
  /** The adjoint of `window` (overlap-add) back to `shape`. */
  | {
      readonly op: 'windowAdjoint';
      readonly operand: Expr;
      readonly windows: readonly WindowAxis[];
      readonly shape: Shape;
    }
  /** The operand, with derivative zero. */
  | { readonly op: 'stopGradient'; readonly operand: Expr }
  /**
   * A bounded loop with an early exit: `variables` start at `initial` and become `next` while the scalar `proceed`
   * (over the variables) is not 0. Its results are read by `result` nodes. Shape `[]` (it is not a value itself).
   */
  | {
      readonly op: 'iterate';
      readonly variables: readonly Expr[];
      readonly initial: readonly Expr[];
      readonly next: readonly Expr[];
      readonly proceed: Expr;
    }
  /** The final value of variable `index` of an `iterate`. */
  | { readonly op: 'result'; readonly iterate: Expr; readonly index: number }
  /** A mistake, carried as a value to wherever the expression is checked or compiled. */
  | { readonly op: 'invalid'; readonly error: DslError };

/** The name of a primitive. */
export type Op = Node['op'];

/** The node type of one primitive. */
export type NodeOf<O extends Op> = Extract<Node, { readonly op: O }>;
