/** Products in types: matrix products and einsum. */
import type { Dim, Shape } from '../shape.js';
import type { Agrees, IsUnranked, Sharper, Show } from './rule.js';

/** [m, k] · [k, n] = [m, n]; a vector stands for a row on the left and for a column on the right. */
export type Matmul<A extends Shape, B extends Shape> = true extends IsUnranked<A> | IsUnranked<B>
  ? Shape
  : [A['length'], B['length']] extends [1 | 2, 1 | 2]
    ? A extends readonly [...infer Outer extends Dim[], infer K extends Dim]
      ? B extends readonly [infer L extends Dim, ...infer Inner extends Dim[]]
        ? Agrees<K, L> extends true
          ? [...Outer, ...Inner]
          : `matmul: the inner dimensions ${K} and ${L} of ${Show<A>} and ${Show<B>} differ`
        : never
      : never
    : `matmul: ${Show<A>} and ${Show<B>} are not matrices or vectors`;

/** The dimensions by letter. */
type Letters = Readonly<Record<string, Dim>>;

/** Binds the letters of one operand to its dimensions; `false` where a letter's dimensions differ or the rank does. */
type Bound<Word extends string, S extends Shape, Known extends Letters> = Word extends `${infer L}${infer More}`
  ? S extends readonly [infer D extends Dim, ...infer Rest extends Shape]
    ? L extends keyof Known
      ? Agrees<Known[L], D> extends true
        ? Bound<More, Rest, Known & Record<L, Sharper<Known[L], D>>>
        : false
      : Bound<More, Rest, Known & Record<L, D>>
    : false
  : S extends readonly []
    ? Known
    : false;

type Read<Word extends string, Known, Done extends Dim[] = []> = Word extends `${infer L}${infer More}`
  ? L extends keyof Known
    ? Known[L] extends infer D extends Dim
      ? Read<More, Known, [...Done, D]>
      : false
    : false
  : Done;

type Einsum2<Equation extends string, A extends Shape, B extends Shape, Given> = Given extends Shape
  ? Given
  : `einsum: ${Equation} does not fit ${Show<A>} and ${Show<B>}`;

// biome-ignore lint/complexity/noBannedTypes: the empty record is where the binding of letters starts
type Empty = {};

/** A product by an equation such as `'ij,jk->ik'`: one letter per axis; letters missing after the arrow are summed. */
export type Einsum<Equation extends string, A extends Shape, B extends Shape> = true extends
  | IsUnranked<A>
  | IsUnranked<B>
  ? Shape
  : string extends Equation
    ? Shape
    : Equation extends `${infer L},${infer R}->${infer O}`
      ? Bound<L, A, Empty> extends infer First extends Letters
        ? Bound<R, B, First> extends infer Both extends Letters
          ? Einsum2<Equation, A, B, Read<O, Both>>
          : Einsum2<Equation, A, B, false>
        : Einsum2<Equation, A, B, false>
      : `einsum: ${Equation} is not of the form ij,jk->ik`;
