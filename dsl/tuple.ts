/** Lists whose length their type knows. */
import { internal } from './internal.js';

/** A list of `B`s as long as `T`: a tuple gives a tuple, so that what is made one by one needs no default. */
export type Each<T extends readonly unknown[], B> = { readonly [K in keyof T]: B };

/**
 * States that a list is as long as another one, a tuple like a tuple. The one place where this becomes a type, which
 * TypeScript forgets in `map`.
 */
export const alike = <const T extends readonly unknown[], B>(like: T, values: readonly B[]): Each<T, B> =>
  values.length === like.length
    ? (values as Each<T, B>)
    : internal('alike', `${values.length} values for ${like.length}`);

/** `map`, which keeps the length of a tuple. */
export const each = <const T extends readonly unknown[], B>(list: T, make: (value: T[number]) => B): Each<T, B> =>
  alike(list, list.map(make));
