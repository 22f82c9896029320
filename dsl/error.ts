/**
 * Errors of the expression language, as values. An operation on shapes that do not fit yields an `invalid` expression
 * that carries one of these; `check` and the compiler turn it into a `Left`.
 */
import { type Shape, showShape } from './shape.js';

/** Two shapes do not fit the operation. */
export interface ShapeError {
  readonly _tag: 'ShapeError';
  /** The operator as the user called it, for example `matmul`. */
  readonly operation: string;
  /** What the operation needs, in words. */
  readonly expected: string;
  /** The shapes that it was given. */
  readonly actual: readonly Shape[];
  /** The expressions that have them, as text, in the same order; empty for a shape that no expression has. */
  readonly operands: readonly string[];
  /** Names of the operands or enclosing definitions, outermost first; empty where nothing was named. */
  readonly path: readonly string[];
}

/** A name is unknown, used twice, or not usable. */
export interface NameError {
  readonly _tag: 'NameError';
  readonly operation: string;
  readonly expected: string;
  readonly actual: string;
  readonly path: readonly string[];
}

/** An expression was used where its operation has no meaning, for example the transpose of a non-linear map. */
export interface UnsupportedError {
  readonly _tag: 'UnsupportedError';
  readonly operation: string;
  readonly expected: string;
  readonly actual: string;
  readonly path: readonly string[];
}

/** A description of a network is not valid. */
export interface SpecError {
  readonly _tag: 'SpecError';
  readonly operation: string;
  /** The field of the description, for example `layers[2].filters`; empty for the whole. */
  readonly field: string;
  readonly expected: string;
  /** The field's value as JSON. */
  readonly actual: string;
  readonly path: readonly string[];
}

/** Every error of building or deriving an expression. */
export type DslError = ShapeError | NameError | UnsupportedError | SpecError;

/** A shape error with an empty path, of shapes that no expression has; `misfit` makes those of expressions. */
export const shapeError = (operation: string, expected: string, ...actual: readonly Shape[]): ShapeError => ({
  _tag: 'ShapeError',
  operation,
  expected,
  actual,
  operands: actual.map(() => ''),
  path: [],
});

/** A name error with an empty path. */
export const nameError = (operation: string, expected: string, actual: string): NameError => ({
  _tag: 'NameError',
  operation,
  expected,
  actual,
  path: [],
});

/** An unsupported-operation error with an empty path. */
export const unsupportedError = (operation: string, expected: string, actual: string): UnsupportedError => ({
  _tag: 'UnsupportedError',
  operation,
  expected,
  actual,
  path: [],
});

/** A description error with an empty path. */
export const specError = (operation: string, field: string, expected: string, actual: string): SpecError => ({
  _tag: 'SpecError',
  operation,
  field,
  expected,
  actual,
  path: [],
});

const showActual = ({ actual, operands }: ShapeError): string =>
  actual.map((shape, i) => `${operands[i] ?? ''} ${showShape(shape)}`.trimStart()).join(' and ');

/** One line for people: where, which operation, what was expected and what came. */
export const showDslError = (error: DslError): string => {
  const actual = error._tag === 'ShapeError' ? showActual(error) : error.actual;
  const where = error.path.length === 0 ? '' : ` (in ${error.path.join(' › ')})`;
  const field = error._tag === 'SpecError' && error.field !== '' ? `${error.field}: ` : '';
  return `${error.operation}: ${field}expected ${error.expected}, got ${actual}${where}`;
};
