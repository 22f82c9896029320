/** NumPy's broadcasting in types. */
import type { Dim, Shape } from '../shape.js';
import type { Agrees, Result, SameShape, Sharper, Show } from './rule.js';

/** The dimension of two stretched to each other, or `never` where that is impossible. */
type Stretch<A, B> = [A] extends [1] ? B : [B] extends [1] ? A : Agrees<A, B> extends true ? Sharper<A, B> : never;

type Aligned<A extends Shape, B extends Shape, Done extends Dim[] = []> = A extends readonly []
  ? [...B, ...Done]
  : B extends readonly []
    ? [...A, ...Done]
    : A extends readonly [...infer AInit extends Shape, infer ALast extends Dim]
      ? B extends readonly [...infer BInit extends Shape, infer BLast extends Dim]
        ? [Stretch<ALast, BLast>] extends [never]
          ? `the dimensions ${ALast} and ${BLast}`
          : Aligned<AInit, BInit, [Stretch<ALast, BLast>, ...Done]>
        : Shape
      : Shape;

type Reported<Operation extends string, R, Shapes extends string> = R extends string
  ? `${Operation}: ${R} of ${Shapes} differ`
  : R;

/**
 * The common shape of two operands: they are aligned at their last axes; paired dimensions are equal or one of them
 * is 1; missing ones count as 1.
 */
export type Broadcast<Operation extends string, A extends Shape, B extends Shape> = Reported<
  Operation,
  Aligned<A, B>,
  `${Show<A>} and ${Show<B>}`
>;

/** The common shape of three operands. */
export type Broadcast3<Operation extends string, A extends Shape, B extends Shape, C extends Shape> =
  Broadcast<Operation, A, B> extends infer R ? (R extends Shape ? Broadcast<Operation, R, C> : R) : never;

/** An operand repeated to the shape `To`. */
export type BroadcastTo<S extends Shape, To extends Shape> =
  SameShape<Result<Aligned<S, To>>, To> extends true
    ? Aligned<S, To> extends string
      ? `broadcast: ${Show<S>} does not repeat to ${Show<To>}`
      : To
    : `broadcast: ${Show<S>} does not repeat to ${Show<To>}`;
