/** Compiling random expressions and comparing programs with the oracle. */

import { compile } from '../../compiler/compile.js';
import { programFaults } from '../../compiler/legal.js';
import type { Program } from '../../compiler/program.js';
import { postorder } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import type { Sizes } from '../../dsl/shape.js';
import { evaluatedAll, rightOf } from './evaluation.js';
import { distance } from './numbers.js';
import { machine, type Storage } from './programs.js';

/** The name of an input leaf. */
export const nameOf = ({ node }: Expr): string => (node.op === 'input' ? node.name : '');

/** The input leaves below some expressions, by name. */
export const inputsOf = (roots: readonly Expr[]): readonly Expr[] =>
  postorder(roots)
    .filter(({ node }) => node.op === 'input')
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

const named = (outputs: readonly Expr[]): Readonly<Record<string, Expr>> =>
  Object.fromEntries(outputs.map((expr, i) => [`y${i}`, expr]));

/** A program of one stage `run` with outputs y0, y1, … */
export const programOf = (outputs: readonly Expr[], sizes: Sizes): Program =>
  rightOf(
    compile({
      name: 'test',
      sizes,
      stages: [{ name: 'run', inputs: inputsOf(outputs), outputs: named(outputs) }],
    }),
  );

/**
 * A program of two stages, `early` and `late`: the inputs in `late` come with the second, and every expression that
 * needs none of them is an output of the first.
 */
export const stagedProgramOf = (outputs: readonly Expr[], late: ReadonlySet<Expr>, sizes: Sizes): Program => {
  const isLate = (expr: Expr): boolean => postorder([expr]).some((e) => late.has(e));
  const inputs = inputsOf(outputs);
  const all = Object.entries(named(outputs));
  return rightOf(
    compile({
      name: 'test',
      sizes,
      stages: [
        {
          name: 'early',
          inputs: inputs.filter((input) => !late.has(input)),
          outputs: Object.fromEntries(all.filter(([, expr]) => !isLate(expr))),
        },
        {
          name: 'late',
          inputs: inputs.filter((input) => late.has(input)),
          outputs: Object.fromEntries(all.filter(([, expr]) => isLate(expr))),
        },
      ],
    }),
  );
};

/** The inputs of a stage, out of all values. */
export const inputsFor = (
  program: Program,
  stage: string,
  values: ReadonlyMap<string, Float64Array>,
): Readonly<Record<string, Float64Array>> =>
  Object.fromEntries(
    (program.stages.find(({ name }) => name === stage)?.inputs ?? []).map(({ name }) => [
      name,
      values.get(name) ?? new Float64Array(0),
    ]),
  );

/** How far a program's outputs are from the oracle's, relative to 1 or to the largest; fails on an illegal program. */
export const programDistance = (
  program: Program,
  outputs: readonly Expr[],
  values: ReadonlyMap<string, Float64Array>,
  sizes: Sizes,
  storage: Storage = 'separate',
): number => {
  const faults = programFaults(program);
  if (faults.length > 0) throw new Error(`illegal program: ${faults.join('; ')}`);
  const run = machine(program, storage);
  const results = Object.assign(
    {},
    ...program.stages.map(({ name }) => run(name, inputsFor(program, name, values))),
  ) as Readonly<Record<string, Float64Array>>;
  const expected = evaluatedAll(outputs, values, sizes);
  return Math.max(0, ...expected.map((values_, i) => distance(results[`y${i}`] ?? [], values_, 1)));
};

/** The same for outputs compiled as one stage. */
export const compiledDistance = (
  outputs: readonly Expr[],
  values: ReadonlyMap<string, Float64Array>,
  sizes: Sizes,
  storage: Storage = 'separate',
): number => programDistance(programOf(outputs, sizes), outputs, values, sizes, storage);
