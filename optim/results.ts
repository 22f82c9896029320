/** Reading what a stage of an optimizer's program gave: NaN and infinities are errors. */
import * as E from 'fp-ts/lib/Either.js';
import type { DeviceArray, StageResult, TargetError } from '../runtime/target.js';
import type { OptimizerError } from './optimizer.js';

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
  const bad = Object.entries<string>(quantities).find(([name]) => !Number.isFinite(scalar(name)));
  return bad === undefined ? E.right(scalar) : E.left(nonFinite(step, bad[1], scalar(bad[0])));
};

/** An array output. */
export const arrayOf = (stage: string, result: StageResult, name: string): E.Either<TargetError, DeviceArray> =>
  E.fromNullable<TargetError>({ _tag: 'StageError', stage, expected: `an output named ${name}` })(result.arrays[name]);
