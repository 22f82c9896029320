/** One random program: compiled, evaluated and run everywhere, and held against the reference. */
import * as E from 'fp-ts/lib/Either.js';
import { compile } from '../../../compiler/compile.js';
import { evaluate } from '../../../compiler/evaluate.js';
import type { Program } from '../../../compiler/program.js';
import { showDslError } from '../../../dsl/error.js';
import type { Expr } from '../../../dsl/node.js';
import { type Arithmetic, float32, float64 } from './arithmetic.js';
import type { ProgramOutput, RandomProgram } from './generate.js';
import { difference, disagreement, sharpness } from './judge.js';
import { type Machine, outcomeOf } from './machines.js';
import { reference } from './reference.js';
import { exact, type Tensor } from './tensor.js';

type Judged = E.Either<string, readonly string[]>;
type Checked = Pick<RandomProgram, 'sizes' | 'stages' | 'inputs' | 'outputs'>;

const compiled = ({ sizes, stages, inputs, outputs }: Checked): E.Either<string, Program> =>
  E.mapLeft((error: Parameters<typeof showDslError>[0]) => `compile: ${showDslError(error)}`)(
    compile({
      name: 'random',
      sizes,
      stages: Array.from({ length: stages }, (_, stage) => ({
        name: `stage${stage}`,
        inputs: inputs.filter((one) => one.stage === stage).map(({ expr }) => expr),
        outputs: Object.fromEntries(
          outputs.filter((one) => one.stage === stage).map(({ name, expr }) => [name, expr] as const),
        ),
      })),
    }),
  );

/** The outputs by the reference, in the arithmetic of a target. */
const expectedIn = (arithmetic: Arithmetic, { sizes, inputs, outputs }: Checked): ReadonlyMap<string, Tensor> => {
  const given = new Map(
    inputs.map(({ expr, values }) => [
      expr,
      exact(
        expr.shape.map((dim) => (typeof dim === 'number' ? dim : Number(sizes[dim]))),
        values,
      ),
    ]),
  );
  const value = reference(given, sizes, arithmetic);
  return new Map(
    outputs.map(({ name, expr, expected }) => [name, arithmetic === float32 && expected ? expected : value(expr)]),
  );
};

const worst = (
  expected: ReadonlyMap<string, Tensor>,
  actual: (name: string) => ArrayLike<number>,
  held?: (x: number) => number,
): string | undefined => {
  for (const [name, tensor] of expected) {
    const found = disagreement(actual(name), tensor, held);
    if (found !== undefined) return `${name}: ${found}`;
  }
  return undefined;
};

const evaluated = ({ sizes, inputs, outputs }: Checked, expected: ReadonlyMap<string, Tensor>): string | undefined => {
  const environment = new Map<Expr, ArrayLike<number>>(inputs.map(({ expr, values }) => [expr, values]));
  const result = evaluate(
    outputs.map(({ expr }) => expr),
    environment,
    sizes,
  );
  if (E.isLeft(result)) return showDslError(result.left);
  const names = outputs.map(({ name }) => name);
  return worst(expected, (name) => result.right[names.indexOf(name)] ?? []);
};

/** Runs a program on every machine. Left: the first thing that is not as it should be. Right: what was covered. */
export const checkProgram = async (program: Checked, machines: readonly Machine[]): Promise<Judged> => {
  const [precise, single] = [expectedIn(float64, program), expectedIn(float32, program)];
  const inEvaluator = evaluated(program, precise);
  if (inEvaluator !== undefined) return E.left(`evaluate: ${inEvaluator}`);
  const ready = compiled(program);
  if (E.isLeft(ready)) return ready;
  const covered: string[] = ['evaluate'];
  let first: { readonly name: string; readonly outputs: ReadonlyMap<string, ArrayLike<number>> } | undefined;
  for (const machine of machines) {
    const { name, target } = machine;
    const { outputs, threads } = await outcomeOf(machine, ready.right, program);
    const actual = (output: string): ArrayLike<number> => outputs.get(output) ?? [];
    const isDouble = target.name === 'interpreter';
    const found = isDouble ? worst(precise, actual, Math.fround) : worst(single, actual);
    if (found !== undefined) return E.left(`${name}: ${found}`);
    if (target.name === 'wasm') {
      for (const output of first === undefined ? [] : outputs.keys()) {
        const apart = difference(first?.outputs.get(output) ?? [], actual(output));
        if (apart !== undefined) return E.left(`${output}: ${first?.name} and ${name} differ: ${apart}`);
      }
      first = first ?? { name, outputs };
    }
    covered.push(threads > 1 ? `${name} shared` : name);
  }
  return E.right([...covered, ...sharpnessOf([...single.values()])]);
};

// how much the comparison says: of a program whose bound is loose, little
const sharpnessOf = (outputs: readonly Tensor[]): readonly string[] => {
  const totals = outputs.map(sharpness);
  const [elements, sharp] = [
    totals.reduce((sum, one) => sum + one.elements, 0),
    totals.reduce((sum, one) => sum + one.sharp, 0),
  ];
  const nonFinite = outputs.some(({ values, errors }) => values.some((x, i) => !Number.isFinite(x) && errors[i] === 0));
  return [
    sharp === elements ? 'sharp' : sharp >= 0.5 * elements ? 'partly sharp' : 'loose',
    ...(nonFinite ? ['not finite'] : []),
  ];
};

/** The part of a program that one expression needs. */
export const restrictedTo = (program: Checked, expr: Expr): Checked => {
  const output: ProgramOutput = { expr, name: 'y0', stage: program.stages - 1 };
  return { ...program, outputs: [output] };
};
