/** Reading what a stage of an optimizer's program gave: NaN and infinities are errors. */
import * as E from 'fp-ts/lib/Either.js';
import type { DeviceArray, StageResult, TargetError } from '../runtime/target.js';
import type { OptimizerError } from './optimizer.js';

/** Is a number finite as float32 holds it, on every target? The interpreter's scalars are float64, its arrays are not. */
export const isFiniteFloat = (value: number): boolean => Number.isFinite(Math.fround(value));

/** The error of a step that met NaN or an infinity. */
export const nonFinite = (step: number, quantity: string, value: number): OptimizerError => ({
  _tag: 'NonFiniteError',
  step,
  quantity,
  value,
});

/**
 * The scalar outputs named by the keys of `quantities`, as a function of the name, if all are finite. They are checked
 * in that order; the values are what an error calls them. A missing output counts as NaN.
 */
export const finiteScalars = <Name extends string>(
  step: number,
  result: StageResult,
  quantities: Readonly<Record<Name, string>>,
): E.Either<OptimizerError, (name: Name) => number> => {
  const scalar = (name: string): number => result.scalars[name] ?? Number.NaN;
  const bad = Object.entries<string>(quantities).find(([name]) => !isFiniteFloat(scalar(name)));
  return bad === undefined ? E.right(scalar) : E.left(nonFinite(step, bad[1], Math.fround(scalar(bad[0]))));
};

/** A scalar output, finite or not. */
export const scalarOf = (result: StageResult, name: string): number => result.scalars[name] ?? Number.NaN;

/** An array output. */
export const arrayOf = (stage: string, result: StageResult, name: string): E.Either<TargetError, DeviceArray> =>
  E.fromNullable<TargetError>({ _tag: 'StageError', stage, expected: `an output named ${name}` })(result.arrays[name]);
