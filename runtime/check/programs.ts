/** The laws of compiled programs: what passes, staging and targets make of a model's derivatives. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type Compilation, type CompilerRules, compileTraced } from '../../compiler/compile.js';
import type { Environment } from '../../compiler/evaluate.js';
import { stepBuffers } from '../../compiler/memory.js';
import { passesBy, runPasses } from '../../compiler/passes.js';
import type { Program, Stage } from '../../compiler/program.js';
import { type DslError, type Expr, postorder, type Sizes, showDslError } from '../../dsl/index.js';
import { at, lookup, zip } from '../../dsl/internal.js';
import { type Executable, showTargetError, type Target, type TargetError, withExecutable } from '../target.js';
import { type Comparison, judged, relativeError, valuesOf } from './compare.js';
import type { Subject } from './laws.js';
import type { Point } from './points.js';
import type { Isolated } from './shrink.js';

/** Why a program could not be run, in words. */
type Failure = string;

/** Float64 with what leaves a stage as float32, and float32, which carries 24 bits: long folds lose some of them. */
export const tolerances = { passes: 1e-9, interpreter: 1e-6, target: 2e-3 } as const;

// Values that are small against 1 are compared with 1: a difference of nearly equal numbers has their rounding.
const floor = 1;

/** A stage to run with what it has to give. */
interface StageOf {
  readonly name: string;
  readonly inputs: readonly Expr[];
  readonly outputs: Readonly<Record<string, Expr>>;
}

/** The derivatives as optimizers stage them: what depends on θ and the batch alone, then products along directions. */
export const stagesOf = ({ theta, output, loss, derivatives }: Subject): readonly [StageOf, StageOf] => {
  const { v, u, gradient, Jv, JTu, curved, Gv } = derivatives;
  const inputs = postorder([output, loss]).filter(({ node }) => node.op === 'input');
  return [
    { name: 'linearize', inputs: [...new Set([theta, ...inputs])], outputs: { z: output, loss, gradient } },
    { name: 'product', inputs: [v, u], outputs: { Jv, JTu, curved, Gv } },
  ];
};

/** The staged program of a model's derivatives. */
export const compileStaged = (subject: Subject, rules: CompilerRules): E.Either<DslError, Compilation> =>
  compileTraced({ name: 'check', sizes: subject.sizes, stages: stagesOf(subject) }, rules);

const outputsOf = (subject: Subject): readonly Expr[] =>
  stagesOf(subject).flatMap(({ outputs }) => Object.values(outputs));

/** Compares expressions with what the passes make of them. */
export const passAgreement = (
  exprs: readonly Expr[],
  { simplify }: CompilerRules,
  environment: Environment,
  sizes: Sizes,
): E.Either<DslError, Comparison> => {
  const trace = runPasses(exprs, passesBy(simplify));
  const passed = at(trace, trace.length - 1, 'check').outputs;
  return pipe(
    valuesOf([...exprs, ...passed], environment, sizes),
    E.map((values) => {
      const pairs = zip(values.slice(0, exprs.length), values.slice(exprs.length), 'values before and after passes');
      const errors = pairs.map(([before, after]) => relativeError(before, after, floor));
      return judged(Math.max(...errors), tolerances.passes);
    }),
  );
};

/** The passes' law for all derivatives of a model. */
export const passesKeepValues = (subject: Subject, rules: CompilerRules, { environment }: Point) =>
  passAgreement(outputsOf(subject), rules, environment, subject.sizes);

/** Kernels of a stage that need nothing which the stage introduces, and so belong to an earlier one. */
const lateKernels = ({ inputs, steps }: Stage): readonly string[] => {
  const own = new Set(inputs.map(({ buffer }) => buffer));
  return steps.flatMap((step) => {
    const { reads, writes } = stepBuffers(step);
    if (reads.some((buffer) => own.has(buffer))) {
      for (const buffer of writes) own.add(buffer);
      return [];
    }
    return step.kind === 'kernel' ? [step.kernel.name] : step.kind === 'loop' ? [step.name] : [];
  });
};

/** The kernels that are computed in a later stage than the first that knows all that they need. */
export const misplacedKernels = ({ stages }: Program): readonly string[] => stages.slice(1).flatMap(lateKernels);

const rounded = (environment: Environment): ReadonlyMap<Expr | string, Float32Array> =>
  new Map([...environment].map(([name, values]) => [name, Float32Array.from(values)]));

/** Runs a stage and compares what it gives with float64. */
const compareStage = async (
  { run }: Executable,
  { name, inputs, outputs }: StageOf,
  environment: Environment,
  sizes: Sizes,
): Promise<E.Either<Failure, number>> => {
  const values = rounded(environment);
  const expected = valuesOf(Object.values(outputs), values, sizes);
  if (E.isLeft(expected)) return E.left(showDslError(expected.left));
  const given = inputs.flatMap((leaf) =>
    leaf.node.op === 'input' ? [[leaf.node.name, lookup(values, leaf, 'check')] as const] : [],
  );
  const result = await run(name, Object.fromEntries(given))();
  if (E.isLeft(result)) return E.left(showTargetError(result.left));
  const errors: number[] = [];
  for (const [output, wanted] of zip(Object.keys(outputs), expected.right, 'check')) {
    const { [output]: scalar } = result.right.scalars;
    const actual = scalar === undefined ? await result.right.arrays[output]?.read() : E.right(Float32Array.of(scalar));
    if (actual === undefined) return E.left(`the target gave no ${output}`);
    if (E.isLeft(actual)) return E.left(showTargetError(actual.left));
    errors.push(relativeError(wanted, actual.right, floor));
  }
  return E.right(Math.max(...errors));
};

const runOn = async <A>(
  target: Target,
  program: Program,
  use: (executable: Executable) => Promise<E.Either<Failure, A>>,
): Promise<E.Either<Failure, A>> =>
  pipe(
    await withExecutable<Failure, A>(target, program, (executable) => () => use(executable))(),
    E.mapLeft((failure: Failure | TargetError) => (typeof failure === 'string' ? failure : showTargetError(failure))),
  );

/**
 * Compares a staged program on a target with float64: all derivatives at a point, then, without another linearisation,
 * the products along another direction.
 */
export const targetAgreement = (
  target: Target,
  { program }: Compilation,
  subject: Subject,
  { environment }: Point,
  tolerance: number,
): Promise<E.Either<Failure, Comparison>> => {
  const { v, w } = subject.derivatives;
  const [linearize, product] = stagesOf(subject);
  const along = new Map([...environment, [v, lookup(environment, w, 'check')]]);
  return runOn(target, program, async (executable) => {
    const errors: number[] = [];
    for (const [stage, values] of [
      [linearize, environment],
      [product, environment],
      [product, along],
    ] as const) {
      const error = await compareStage(executable, stage, values, subject.sizes);
      if (E.isLeft(error)) return error;
      errors.push(error.right);
    }
    return E.right(judged(Math.max(...errors), tolerance));
  });
};

/** Compares one operation by itself, as a target runs it, with float64. */
export const agreementOf =
  (target: Target, rules: CompilerRules, sizes: Sizes, tolerance: number) =>
  async ({ output, environment }: Isolated): Promise<E.Either<Failure, Comparison>> => {
    const inputs = postorder([output]).filter(({ node }) => node.op === 'input');
    const stage: StageOf = { name: 'all', inputs, outputs: { y: output } };
    const compiled = compileTraced({ name: 'check', sizes, stages: [stage] }, rules);
    if (E.isLeft(compiled)) return E.left(showDslError(compiled.left));
    return runOn(target, compiled.right.program, async (executable) =>
      pipe(
        await compareStage(executable, stage, environment, sizes),
        E.map((error) => judged(error, tolerance)),
      ),
    );
  };
