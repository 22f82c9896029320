/**
 * Shape rules in types. A rule gives the resulting tuple of dimensions, or a string that says what is wrong: the type
 * of the offending parameter, so that the compiler's message shows it. Dimensions and ranks that are only known at
 * run time (`number`, `string`, `Shape`) pass here and are checked there.
 */
import type { Dim, Shape } from '../shape.js';

/** What a rule demands of a parameter, in an intersection with its type: nothing, or the text of the mistake. */
export type Fits<Rule> = [Rule] extends [string] ? Rule : unknown;

/** The shape that a rule gives; of unknown shape where the rule found a mistake. */
export type Result<Rule> = Rule extends Shape ? Rule : Shape;

/** Is the rank of a shape only known at run time? */
export type IsUnranked<S extends Shape> = number extends S['length'] ? true : false;

/** Is a dimension only known at run time? */
export type IsWide<D> = number extends D ? true : string extends D ? true : false;

type Join<S extends Shape, Done extends string = ''> = S extends readonly [
  infer D extends Dim,
  ...infer More extends Shape,
]
  ? Join<More, Done extends '' ? `${D}` : `${Done}, ${D}`>
  : Done;

/** `[batch, 784]`: the text of a shape in a message. */
export type Show<S extends Shape> = IsUnranked<S> extends true ? '[…]' : `[${Join<S>}]`;

/** Does a dimension agree with another, as far as types know? */
export type Agrees<A, B> = true extends IsWide<A> | IsWide<B>
  ? true
  : [A] extends [B]
    ? [B] extends [A]
      ? true
      : false
    : false;

/** Of two dimensions that agree, the one that says more. */
export type Sharper<A, B> = IsWide<A> extends true ? B : A;

/** Do two shapes agree, dimension by dimension? Unknown ranks agree with all. */
export type SameShape<A extends Shape, B extends Shape> = true extends IsUnranked<A> | IsUnranked<B>
  ? true
  : A extends readonly [infer AHead, ...infer ATail extends Shape]
    ? B extends readonly [infer BHead, ...infer BTail extends Shape]
      ? Agrees<AHead, BHead> extends true
        ? SameShape<ATail, BTail>
        : false
      : false
    : B extends readonly []
      ? true
      : false;

/** Two operands of one shape give `R`. */
export type Same<Operation extends string, A extends Shape, B extends Shape, R extends Shape> =
  SameShape<A, B> extends true ? R : `${Operation}: the shapes ${Show<A>} and ${Show<B>} differ`;

/** The positions of the axes of a shape: `0 | 1` for a matrix. */
export type AxesOf<S extends Shape, Passed extends number[] = []> = S extends readonly [
  Dim,
  ...infer More extends Shape,
]
  ? AxesOf<More, [...Passed, Passed['length']]>
  : Passed[number];

/** A shape with the dimension of one axis replaced. */
export type WithAxis<S extends Shape, Axis extends number, D extends Dim> = {
  [I in keyof S]: I extends `${Axis}` ? D : S[I];
};

/** Logits [batch, …, classes] and labels [batch, …] give a scalar. */
export type Labelled<Operation extends string, Z extends Shape, L extends Shape> =
  IsUnranked<Z> extends true
    ? []
    : Z extends readonly [infer Batch extends Dim, ...infer Positions extends Dim[], Dim]
      ? SameShape<[Batch, ...Positions], L> extends true
        ? []
        : `${Operation}: the ${Positions extends [] ? 'batches' : 'positions'} of the logits ${Show<Z>} and the labels ${Show<L>} differ`
      : `${Operation}: the logits ${Show<Z>} are not [batch, …, classes]`;

/** A layer of `Units` over the rows of a matrix: [batch, inputs] gives [batch, units]. */
export type Units<Operation extends string, S extends Shape, U extends number> =
  IsUnranked<S> extends true
    ? [Dim, U]
    : S extends readonly [infer Batch extends Dim, Dim]
      ? [Batch, U]
      : `${Operation}: ${Show<S>} is not [batch, inputs]`;
