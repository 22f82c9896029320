/** Runs a case on a target and on the interpreter and says where they differ. */
import * as E from 'fp-ts/lib/Either.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import { type Executable, showTargetError, type Target, type TargetError } from '../../runtime/target.js';
import type { CaseRun, ProgramCase } from './programs.js';

/**
 * Relative tolerance of float32 targets. It is absolute below the floor: this share of an array's largest element, or of
 * 1 if that is smaller.
 */
const tolerance = { relative: 1e-4, floor: 1e-3 } as const;

/** Outputs by name, scalars as one element. */
export type Values = Readonly<Record<string, readonly number[]>>;

const orThrow = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

/** Every output of one run; throws if it fails. */
export const outputsOf = async (executable: Executable, { stage, inputs }: CaseRun): Promise<Values> => {
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, typeof value === 'number' ? value : Float32Array.from(value)]),
  );
  const { scalars, arrays } = orThrow(await executable.run(stage, given)());
  const values: Record<string, readonly number[]> = {};
  for (const [name, value] of Object.entries(scalars)) values[name] = [value];
  for (const [name, array] of Object.entries(arrays)) values[name] = [...orThrow(await array.read())];
  return values;
};

const agree = (actual: number, expected: number, scale: number): boolean =>
  Number.isFinite(expected)
    ? Math.abs(actual - expected) <= tolerance.relative * Math.max(Math.abs(expected), tolerance.floor * scale)
    : Object.is(actual, expected);

const differences = (where: string, actual: Values, expected: Values, within: number): readonly string[] =>
  Object.entries(expected).flatMap(([name, values]) => {
    const given = actual[name] ?? [];
    if (given.length !== values.length)
      return [`${where} ${name}: ${given.length} elements instead of ${values.length}`];
    const scale = Math.max(within, Math.min(1, Math.max(0, ...values.filter(Number.isFinite).map(Math.abs))));
    return values.flatMap((value, i) => {
      const other = given[i] ?? Number.NaN;
      return agree(other, value, scale) ? [] : [`${where} ${name}[${i}]: ${other} instead of ${value}`];
    });
  });

/**
 * Where the target differs from the interpreter, at most ten places; empty if nowhere. Throws if either fails. Where
 * values within the program are larger than its outputs and cancel, `within` is their size: it counts as the largest
 * element.
 */
export const compareToInterpreter = async (
  target: Target,
  { program, runs }: ProgramCase,
  within = 0,
): Promise<readonly string[]> => {
  const executable = orThrow(await target.compile(program)());
  const oracle = orThrow(await interpreterTarget.compile(program)());
  const found: string[] = [];
  for (const [i, run] of runs.entries()) {
    const actual = await outputsOf(executable, run);
    found.push(...differences(`run ${i}`, actual, await outputsOf(oracle, run), within));
  }
  executable.dispose();
  return found.slice(0, 10);
};
