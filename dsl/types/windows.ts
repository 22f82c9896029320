/** Sliding windows over images [batch, channels, height, width] in types. */
import type { Dim, Shape } from '../shape.js';
import type { Difference, Product, Quotient, Sum } from './arithmetic.js';
import type { IsUnranked, Show } from './rule.js';

/** A numeric option of a record; `Default` if it is not there, `number` if only known at run time. */
export type OptionOf<O, Name extends string, Default extends number> = O extends {
  readonly [P in Name]: infer N extends number;
}
  ? N
  : Name extends keyof O
    ? number
    : Default;

/** How windows slide along both axes of an image. */
export interface Sliding {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** dilation · (size − 1) + 1: the elements that a window spans. */
type Span<K extends number, Dilation extends number> = Dilation extends 1
  ? K
  : Sum<Product<Dilation, Difference<K, 1>>, 1>;

/** ⌊(n + 2·padding − span) / stride⌋ + 1; `never` where the window is larger. */
type Positions<N extends Dim, W extends Sliding> = N extends number
  ? Difference<Sum<N, Product<2, W['padding']>>, Span<W['size'], W['dilation']>> extends infer Free
    ? [Free] extends [never]
      ? never
      : Free extends number
        ? Sum<Quotient<Free, W['stride']>, 1>
        : never
    : never
  : number;

/** Windows over an image [batch, channels, height, width] give [batch, `Channels`, positions, positions]. */
export type Slide<Operation extends string, S extends Shape, Channels, W extends Sliding> =
  IsUnranked<S> extends true
    ? [Dim, Extract<Channels, Dim>, number, number]
    : S extends readonly [infer Batch extends Dim, infer C extends Dim, infer H extends Dim, infer V extends Dim]
      ? [H, V] extends [number, number]
        ? true extends
            | ([Positions<H, W>] extends [never] ? true : false)
            | ([Positions<V, W>] extends [never] ? true : false)
          ? `${Operation}: a window of ${W['size']} is larger than the image ${Show<S>}${W['padding'] extends 0 ? '' : ` with padding ${W['padding']}`}`
          : [Batch, [Channels] extends [Dim] ? Channels : C, Positions<H, W>, Positions<V, W>]
        : `${Operation}: the height and width of ${Show<S>} are not literal sizes`
      : `${Operation}: ${Show<S>} is not [batch, channels, height, width]`;

/** The mean of each channel: [batch, channels, height, width] gives [batch, channels]. */
export type GlobalPool<S extends Shape> =
  IsUnranked<S> extends true
    ? [Dim, Dim]
    : S extends readonly [infer Batch extends Dim, infer C extends Dim, Dim, Dim]
      ? [Batch, C]
      : `globalAveragePool: ${Show<S>} is not [batch, channels, height, width]`;
