/** Shape errors that point at the expressions that do not fit. */
import { type ShapeError, shapeError } from './error.js';
import type { Expr } from './node.js';
import { showOperand } from './print.js';
import type { Shape } from './shape.js';

const isShape = (given: Expr | Shape): given is Shape => !('node' in given);

/** A shape error of an operation that was given expressions, or bare shapes; with an empty path. */
export const misfit = (operation: string, expected: string, ...given: readonly (Expr | Shape)[]): ShapeError => ({
  ...shapeError(operation, expected, ...given.map((one) => (isShape(one) ? one : one.shape))),
  operands: given.map((one) => (isShape(one) ? '' : showOperand(one))),
});
