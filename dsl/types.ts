/**
 * Shape rules in types. Each rule gives the resulting tuple of dimensions, or a string that says what is wrong: the
 * type of the offending parameter, so that the compiler's message shows it. Dimensions and ranks that are only known
 * at run time (`number`, `string`, `Shape`) pass here and are checked there.
 */
import type { Dim, Shape } from './shape.js';

/** What a rule demands of a parameter, in an intersection with its type: nothing, or the text of the mistake. */
export type Fits<Rule> = [Rule] extends [string] ? Rule : unknown;

/** The shape that a rule gives; of unknown shape where the rule found a mistake. */
export type Result<Rule> = Rule extends Shape ? Rule : Shape;

/** Is a dimension only known at run time? */
type IsWide<D> = number extends D ? true : string extends D ? true : false;

type Join<S extends Shape> = S extends readonly [infer Head extends Dim, ...infer Tail extends Shape]
  ? Tail extends readonly []
    ? `${Head}`
    : `${Head}, ${Join<Tail>}`
  : '';

/** `[batch, 784]`: the text of a shape in a message. */
export type Show<S extends Shape> = number extends S['length'] ? '[…]' : `[${Join<S>}]`;

/** Does a dimension agree with another, as far as types know? */
type Agrees<A, B> = true extends IsWide<A> | IsWide<B> ? true : [A] extends [B] ? true : false;

/** Of two dimensions that agree, the one that says more. */
type Sharper<A, B> = true extends IsWide<A> ? B : A;

/** The dimension of two stretched to each other, or `never` where that is impossible. */
type Stretch<A, B> = [A] extends [1] ? B : [B] extends [1] ? A : Agrees<A, B> extends true ? Sharper<A, B> : never;

type BroadcastFrom<A extends Shape, B extends Shape, Done extends Dim[]> = A extends readonly []
  ? [...B, ...Done]
  : B extends readonly []
    ? [...A, ...Done]
    : A extends readonly [...infer AInit extends Shape, infer ALast extends Dim]
      ? B extends readonly [...infer BInit extends Shape, infer BLast extends Dim]
        ? [Stretch<ALast, BLast>] extends [never]
          ? `the dimensions ${ALast} and ${BLast}`
          : BroadcastFrom<AInit, BInit, [Stretch<ALast, BLast>, ...Done]>
        : Shape
      : Shape;

/**
 * NumPy's broadcasting: shapes are aligned at their last axes; paired dimensions are equal or one of them is 1;
 * missing ones count as 1.
 */
export type Broadcast<Operation extends string, A extends Shape, B extends Shape> =
  BroadcastFrom<A, B, []> extends infer R
    ? R extends string
      ? `${Operation}: ${R} of ${Show<A>} and ${Show<B>} differ`
      : R
    : never;

/** [m, k] · [k, n] = [m, n]; a vector stands for a row on the left and for a column on the right. */
export type Matmul<A extends Shape, B extends Shape> = number extends A['length'] | B['length']
  ? Shape
  : [A['length'], B['length']] extends [1 | 2, 1 | 2]
    ? A extends readonly [...infer Outer extends Dim[], infer K extends Dim]
      ? B extends readonly [infer L extends Dim, ...infer Inner extends Dim[]]
        ? Agrees<K, L> extends true
          ? [...Outer, ...Inner]
          : `matmul: the inner dimensions ${K} and ${L} of ${Show<A>} and ${Show<B>} differ`
        : never
      : never
    : `matmul: ${Show<A>} and ${Show<B>} must be matrices or vectors`;

type SameFrom<A extends Shape, B extends Shape> = A extends readonly [infer AHead, ...infer ATail extends Shape]
  ? B extends readonly [infer BHead, ...infer BTail extends Shape]
    ? Agrees<AHead, BHead> extends true
      ? SameFrom<ATail, BTail>
      : false
    : false
  : B extends readonly []
    ? true
    : false;

/** Two operands of one shape; gives `R`. */
export type Same<Operation extends string, A extends Shape, B extends Shape, R extends Shape> = number extends
  | A['length']
  | B['length']
  ? R
  : SameFrom<A, B> extends true
    ? R
    : `${Operation}: the shapes ${Show<A>} and ${Show<B>} differ`;

/** Axes to fold over, counted from 0. */
export type Axes = number | readonly number[];

type AxisUnion<A> = A extends readonly number[] ? A[number] : A;

type DropAxes<S extends Shape, A, Passed extends unknown[], Kept extends Dim[]> = S extends readonly [
  infer Head extends Dim,
  ...infer Tail extends Shape,
]
  ? DropAxes<Tail, A, [...Passed, 0], Passed['length'] extends A ? Kept : [...Kept, Head]>
  : Kept;

type IndicesOf<S extends Shape, Passed extends number[] = []> = S extends readonly [Dim, ...infer Tail extends Shape]
  ? IndicesOf<Tail, [...Passed, Passed['length']]>
  : Passed[number];

/** A fold over `A` (all axes if undefined). */
export type Reduce<Operation extends string, S extends Shape, A> = [A] extends [undefined]
  ? []
  : number extends S['length'] | AxisUnion<A>
    ? Shape
    : [AxisUnion<A>] extends [IndicesOf<S>]
      ? DropAxes<S, AxisUnion<A>, [], []>
      : `${Operation}: ${Show<S>} has no axis ${Exclude<Extract<AxisUnion<A>, number>, IndicesOf<S>>}`;

/** A fold over the last axis. */
export type ReduceLast<Operation extends string, S extends Shape> = number extends S['length']
  ? Shape
  : S extends readonly [...infer Init extends Dim[], Dim]
    ? Init
    : `${Operation}: ${Show<S>} has no axis to fold over`;

/** Logits [batch, classes] and labels [batch] give a scalar. */
export type Labelled<Operation extends string, Z extends Shape, L extends Shape> = number extends
  | Z['length']
  | L['length']
  ? []
  : Z extends readonly [infer Batch extends Dim, Dim]
    ? SameFrom<[Batch], L> extends true
      ? []
      : `${Operation}: the batches of the logits ${Show<Z>} and the labels ${Show<L>} differ`
    : `${Operation}: the logits ${Show<Z>} are not [batch, classes]`;

/** A layer of `Units` over the rows of a matrix: [batch, inputs] gives [batch, units]. */
export type LastReplaced<Operation extends string, S extends Shape, Units extends Dim> = number extends S['length']
  ? [Dim, Units]
  : S extends readonly [infer Batch extends Dim, Dim]
    ? [Batch, Units]
    : `${Operation}: ${Show<S>} is not [batch, inputs]`;
