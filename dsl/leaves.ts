/** Leaves of expressions: data given at run time, trainable arrays, constants. */
import { nameError, shapeError } from './error.js';
import { invalid, make, typed } from './expr.js';
import { isList, strange } from './given.js';
import type { Expr, NodeOf } from './node.js';
import * as primitives from './primitives.js';
import type { Dim } from './shape.js';
import { showValue } from './thrown.js';

/** Letters, digits, `_` and `.`, not starting with a digit: what names of leaves and dimensions look like. */
const namePattern = /^[A-Za-z_][\w.]*$/;

const isDim = (dim: Dim): boolean =>
  typeof dim === 'number' ? Number.isSafeInteger(dim) && dim >= 1 : typeof dim === 'string' && namePattern.test(dim);

type LeafNode = NodeOf<'input'> | NodeOf<'parameter'>;

const leaf = (node: LeafNode): Expr => {
  const { op, name, shape } = node;
  if (typeof name !== 'string' || !namePattern.test(name))
    return invalid(nameError(op, 'a name of letters, digits, _ and .', showValue(name)));
  const expected = `whole sizes of at least 1 or dimension names for ${name}`;
  if (!isList(shape)) return strange(op, expected, shape);
  if (!shape.every(isDim)) return invalid(shapeError(op, expected, shape));
  return make(node);
};

/** Data given at run time. Dimensions are sizes, or names such as `'batch'` that are bound when a program is compiled. */
export const input = <const S extends Dim[] | []>(name: string, shape: readonly [...S]): Expr<S> =>
  typed(leaf({ op: 'input', name, shape }));

/** Whose a parameter is. */
export interface ParameterOptions {
  /** Does it belong to all layers of its name that ask for it to be shared? */
  readonly shared?: boolean;
}

/** A trainable array: a view of the flat θ (see `parameterSpace`). Equal names, shapes and options are one parameter. */
export const parameter = <const S extends Dim[] | []>(
  name: string,
  shape: readonly [...S],
  { shared = false }: ParameterOptions = {},
): Expr<S> => typed(leaf({ op: 'parameter', name, shape, ...(shared ? { shared } : {}) }));

/** A scalar constant. */
export const constant = (value: number): Expr<[]> => primitives.literal(value);

/** The size of a dimension as a scalar. */
export const size = (dim: Dim): Expr<[]> => typed(primitives.size(dim));

/** `0, 1, …, n − 1`. */
export const iota = <D extends Dim>(dim: D): Expr<[D]> => typed(primitives.iota(dim));
