/** Folds over axes, and movement of elements, in types. */
import type { Dim, Shape } from '../shape.js';
import type { Difference, Product, Sum } from './arithmetic.js';
import type { AxesOf, IsUnranked, IsWide, SameShape, Show, WithAxis } from './rule.js';

/** Axes to fold over, counted from 0. */
export type Axes = number | readonly number[];

type AxisUnion<A> = A extends readonly number[] ? A[number] : A;

type DropAxes<S extends Shape, A, Passed extends unknown[] = [], Kept extends Dim[] = []> = S extends readonly [
  infer D extends Dim,
  ...infer More extends Shape,
]
  ? DropAxes<More, A, [...Passed, 0], Passed['length'] extends A ? Kept : [...Kept, D]>
  : Kept;

/** A fold over the axes `A`, over all if undefined. */
export type Fold<Operation extends string, S extends Shape, A> = [A] extends [undefined]
  ? []
  : number extends S['length'] | AxisUnion<A>
    ? Shape
    : [AxisUnion<A>] extends [AxesOf<S>]
      ? DropAxes<S, AxisUnion<A>>
      : `${Operation}: ${Show<S>} has no axis ${Exclude<Extract<AxisUnion<A>, number>, AxesOf<S>>}`;

/** A fold over the last axis. */
export type FoldLast<Operation extends string, S extends Shape> =
  IsUnranked<S> extends true
    ? Shape
    : S extends readonly [...infer Init extends Dim[], Dim]
      ? Init
      : `${Operation}: ${Show<S>} has no axis`;

/** Last axis first. */
export type Reverse<S extends Shape, Done extends Dim[] = []> =
  IsUnranked<S> extends true
    ? Shape
    : S extends readonly [infer D extends Dim, ...infer More extends Shape]
      ? Reverse<More, [D, ...Done]>
      : Done;

type Permuted<S extends Shape, P extends readonly number[], Done extends Dim[] = []> = P extends readonly [
  infer Axis extends number,
  ...infer More extends readonly number[],
]
  ? Permuted<S, More, [...Done, S[Axis]]>
  : Done;

/** Output axis i is the operand's axis `P[i]`; all reversed if undefined. */
export type Transpose<S extends Shape, P> = [P] extends [undefined]
  ? Reverse<S>
  : P extends readonly number[]
    ? number extends S['length'] | P['length'] | P[number]
      ? Shape
      : [P['length'], AxesOf<S>] extends [S['length'], P[number]]
        ? Permuted<S, P>
        : `transpose: ${Show<P>} is not an order of the axes of ${Show<S>}`
    : never;

type Literals<S extends Shape, Count extends number = 1> = S extends readonly [
  infer D extends Dim,
  ...infer More extends Shape,
]
  ? Literals<More, IsWide<D> extends true ? number : D extends number ? Product<Count, D> : Count>
  : Count;

type Names<S extends Shape, Done extends string[] = []> = S extends readonly [
  infer D extends Dim,
  ...infer More extends Shape,
]
  ? Names<More, D extends string ? [...Done, D] : Done>
  : Done;

/** Do two shapes hold equally many elements, as far as types know? */
type SameCount<A extends Shape, B extends Shape> = true extends IsUnranked<A> | IsUnranked<B>
  ? true
  : number extends Literals<A> | Literals<B>
    ? true
    : [Literals<A>, Names<A>['length'], Names<A>[number]] extends [Literals<B>, Names<B>['length'], Names<B>[number]]
      ? [Names<B>[number]] extends [Names<A>[number]]
        ? true
        : false
      : false;

/** The same elements under the shape `To`. */
export type Reshape<S extends Shape, To extends Shape> =
  SameCount<S, To> extends true ? To : `reshape: ${Show<S>} and ${Show<To>} hold different numbers of elements`;

/** [batch, …sizes] gives [batch, Π sizes]. */
export type Flatten<S extends Shape> =
  IsUnranked<S> extends true
    ? [Dim, number]
    : S extends readonly [infer Batch extends Dim, ...infer Sizes extends Shape]
      ? Names<Sizes>['length'] extends 0
        ? [Batch, Literals<Sizes>]
        : `flatten: ${Show<S>} has named dimensions after the first axis`
      : `flatten: ${Show<S>} has no axis`;

/** Is a range start…stop within a literal extent and not empty? (`never`, a negative length, extends 0, too.) */
type InRange<D extends number, Start extends number, Stop extends number> = [Difference<D, Stop>] extends [never]
  ? false
  : [Difference<Stop, Start>] extends [0]
    ? false
    : true;

/** Elements start ≤ i < stop along an axis. */
export type Slice<S extends Shape, Axis extends number, Start extends number, Stop extends number> = number extends
  | S['length']
  | Axis
  ? Shape
  : S[Axis] extends infer D
    ? [D] extends [number]
      ? number extends D
        ? WithAxis<S, Axis, Difference<Stop, Start>>
        : InRange<D, Start, Stop> extends true
          ? WithAxis<S, Axis, Difference<Stop, Start>>
          : `slice: ${Start} … ${Stop} is not a range within axis ${Axis} of ${Show<S>}`
      : `slice: ${Show<S>} has no axis ${Axis} of literal size`
    : never;

/** Zeros before and after along an axis. */
export type Pad<S extends Shape, Axis extends number, Before extends number, After extends number> = number extends
  | S['length']
  | Axis
  ? Shape
  : S[Axis] extends infer D
    ? [D] extends [number]
      ? WithAxis<S, Axis, Sum<Sum<Before, D>, After>>
      : `pad: ${Show<S>} has no axis ${Axis} of literal size`
    : never;

type Joined<A extends Shape, B extends Shape, Axis extends number> = number extends A['length'] | B['length'] | Axis
  ? Shape
  : [A[Axis], B[Axis]] extends [infer D extends number, infer E extends number]
    ? SameShape<WithAxis<A, Axis, 0>, WithAxis<B, Axis, 0>> extends true
      ? WithAxis<A, Axis, Sum<D, E>>
      : `concat: ${Show<A>} and ${Show<B>} differ in other axes than ${Axis}`
    : `concat: ${Show<A>} and ${Show<B>} have no axis ${Axis} of literal size`;

type JoinedAll<T extends readonly Shape[], Axis extends number, Done> = Done extends Shape
  ? T extends readonly [infer Next extends Shape, ...infer More extends readonly Shape[]]
    ? JoinedAll<More, Axis, Joined<Done, Next, Axis>>
    : T extends readonly []
      ? Done
      : Shape
  : Done;

/** Operands of the shapes `T`, one after the other along an axis. */
export type Concat<T extends readonly Shape[], Axis extends number> = T extends readonly [
  infer First extends Shape,
  ...infer More extends readonly Shape[],
]
  ? JoinedAll<More, Axis, First>
  : T extends readonly []
    ? 'concat: there are no operands'
    : Shape;
