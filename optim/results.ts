/** Reading what a stage of an optimizer's program gave: NaN and infinities are errors. */
import * as E from 'fp-ts/lib/Either.js';
import { internal } from '../dsl/internal.js';
import type { DeviceArray, StageResult } from '../runtime/target.js';
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

/** A scalar output, finite or not. */
export const scalarOf = ({ scalars }: StageResult, name: string): number =>
  scalars[name] ?? internal('results of a stage', `no scalar ${name}`);

/**
 * The scalar outputs named by the keys of `quantities`, as a function of the name, if all are finite. They are checked
 * in that order; the values are what an error calls them. They must be finite as float32 holds them, as they are on most
 * targets and as what a state keeps is on all, unless `holds` says otherwise.
 */
export const finiteScalars = <Name extends string>(
  step: number,
  result: StageResult,
  quantities: Readonly<Record<Name, string>>,
  holds: (value: number) => boolean = isFiniteFloat,
): E.Either<OptimizerError, (name: Name) => number> => {
  const scalar = (name: string): number => scalarOf(result, name);
  const bad = Object.entries<string>(quantities).find(([name]) => !holds(scalar(name)));
  return bad === undefined ? E.right(scalar) : E.left(nonFinite(step, bad[1], Math.fround(scalar(bad[0]))));
};

/** An array output. */
export const arrayOf = ({ arrays }: StageResult, name: string): DeviceArray =>
  arrays[name] ?? internal('results of a stage', `no array ${name}`);
