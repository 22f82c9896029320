/**
 * Shapes: tuples of dimensions, at run time and in types.
 *
 * A dimension is a literal size (`784`) or the name of a symbolic one (`'batch'`), whose size is bound when a program
 * is compiled. A dimension whose type is the wide `number` is known only at run time.
 */

/** One dimension: a size, or the name of a symbolic dimension. */
export type Dim = number | string;

/** A tuple of dimensions, outermost first. `[]` is a scalar. */
export type Shape = readonly Dim[];

/** Sizes of the symbolic dimensions, by name. */
export type Sizes = Readonly<Record<string, number>>;

/** `[batch, 784]`: the text of a shape in messages and listings. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Are two shapes the same, dimension by dimension? */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/**
 * The number of elements of a shape as `coefficient · Π names`: what two shapes must agree in for a reshape.
 * Names are sorted, so that equal products compare equal.
 */
export const elementCount = (shape: Shape): { readonly coefficient: number; readonly names: readonly string[] } => ({
  coefficient: shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1),
  names: shape.filter((dim): dim is string => typeof dim === 'string').sort(),
});

/** Do two shapes hold the same number of elements for every size of their symbolic dimensions? */
export const sameElementCount = (a: Shape, b: Shape): boolean => {
  const [left, right] = [elementCount(a), elementCount(b)];
  return left.coefficient === right.coefficient && left.names.join() === right.names.join();
};
