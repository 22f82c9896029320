/** `checkModel`: certificates for the derivatives of a user's own model, in float64 and on a target. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { checkAuthored, firstMistake } from '../../compiler/authored.js';
import { type Compilation, type CompilerRules, compilerRules } from '../../compiler/compile.js';
import { type Derivations, derivations } from '../../compiler/differentiate/derive.js';
import { boundModel, type InspectedModel } from '../../compiler/inspect/graphs.js';
import { nameOf } from '../../compiler/print/name.js';
import { type DslError, type Expr, nameError, postorder, type Sizes, showDslError } from '../../dsl/index.js';
import { zip } from '../../dsl/internal.js';
import { interpreterTarget } from '../interpreter.js';
import type { Target } from '../target.js';
import { type Certificate, type Culprit, type Law, laws } from './certificate.js';
import { type Comparison, judged } from './compare.js';
import { derivativesOf, leaf, reservedInput } from './derivatives.js';
import { type CheckedCurvature, lawChecks, type Subject } from './laws.js';
import { type Point, type PointName, pointNames, pointsFor } from './points.js';
import {
  agreementOf,
  compileStaged,
  misplacedKernels,
  passAgreement,
  passesKeepValues,
  targetAgreement,
  tolerances,
} from './programs.js';
import { adjointOf, derivativeOf, firstToDiffer, type OperationCheck, smallestFailure } from './shrink.js';
import { checkSize } from './size.js';

/** What is about to be checked. */
export interface CheckProgress {
  readonly law: Law;
  /** As in the certificate. */
  readonly point: string;
  /** How much is checked already, from 0 to 1. */
  readonly share: number;
}

/** How a model is checked; everything has a default. */
export interface CheckOptions {
  /** Where programs are run besides the interpreter; nowhere if absent. */
  readonly target?: Target;
  /** Of the points and directions. Default: 1. */
  readonly seed?: number;
  /** Samples in the batch. Default: 3. */
  readonly batch?: number;
  /** The laws that are checked. Default: all. */
  readonly laws?: readonly Law[];
  /** Where they are checked. Default: at all points. */
  readonly points?: readonly PointName[];
  /** The derivations that are checked. Default: those that everybody calls. */
  readonly derivations?: Derivations;
  /** The rules of the compiler that are checked. Default: those of `compile`. */
  readonly compiler?: CompilerRules;
  /** Curvatures of optimizers that are checked as well. Default: none. */
  readonly curvatures?: readonly CheckedCurvature[];
  /** Hears of every law at every point, before it is checked. */
  readonly onLaw?: (progress: CheckProgress) => void;
}

/** A check that could not be made. */
export interface CheckError {
  readonly _tag: 'CheckError';
  readonly reason: string;
}

const failed = (reason: string): E.Either<CheckError, never> => E.left({ _tag: 'CheckError', reason });

const symbolicSizes = (roots: readonly Expr[], batch: number): Sizes =>
  Object.fromEntries(
    postorder(roots).flatMap(({ shape }) => shape.flatMap((dim) => (typeof dim === 'string' ? [[dim, batch]] : []))),
  );

/** What the language has no derivative of, such as the transpose of a loop, is reported by the laws that need it. */
const isUnsupported = ({ node }: Expr): boolean => node.op === 'invalid' && node.error._tag === 'UnsupportedError';

const subjectOf = (
  model: InspectedModel,
  derived: Derivations,
  curvatures: readonly CheckedCurvature[],
  batch: number,
): E.Either<DslError, Subject> => {
  const checked = checkAuthored(model);
  if (E.isLeft(checked)) return checked;
  const taken = reservedInput([checked.right]);
  if (taken !== undefined) return E.left(nameError('check', 'inputs of other names than those of the laws', taken));
  const theta = leaf('theta', [model.parameters.length]);
  const bound = boundModel(model, theta);
  const names = model.parameters.entries.map(({ name }) => nameOf(name));
  const { output, loss } = bound;
  const derivatives = derivativesOf(bound, model.loss, model.parameters, derived);
  const products = curvatures.map((curvature) => ({
    ...curvature,
    Cv: curvature.product(theta, derivatives.v),
    Cw: curvature.product(theta, derivatives.w),
  }));
  const { outer, ...ofTheta } = derivatives;
  const named = { output, loss, ...ofTheta, '∂loss/∂z': outer.gradient, 'H u': outer.Hu };
  const derivable = Object.fromEntries(Object.entries(named).filter(([, expr]) => !isUnsupported(expr)));
  const sizes = symbolicSizes([loss], batch);
  return pipe(
    // the author's loss is called again for the derivatives, and may fail where it did not before
    firstMistake(model.name, { output, loss, 'loss at z': outer.loss }),
    E.flatMap(() => firstMistake(model.name, derivable)),
    E.flatMap(() => checkSize(Object.values(derivable), sizes)),
    E.map(() => ({
      theta,
      output,
      loss,
      derivatives,
      curvatures: products,
      sizes,
      given: new Map(zip(bound.views, names, 'check')),
    })),
  );
};

/** One law at one point, ready to be checked. */
interface Task extends Pick<Certificate, 'law' | 'point' | 'subject'> {
  readonly compare: () => Promise<E.Either<DslError | string, Comparison>>;
  /** The smallest operation that breaks the law by itself. */
  readonly search: () => Promise<Culprit | undefined>;
}

/** What all laws are checked with. */
interface Checked {
  readonly subject: Subject;
  readonly derived: Derivations;
  readonly compiler: CompilerRules;
  readonly compiled: E.Either<DslError, Compilation>;
  readonly target: Target | undefined;
}

/** The laws of compiled programs at a point; the interpreter, which is slow, runs them at the first. */
const programTasks = (
  { subject, compiler, compiled, target }: Checked,
  point: Point,
  isFirst: boolean,
): readonly Task[] => {
  const { given, loss, sizes, derivatives } = subject;
  const { environment, name } = point;
  const roots = [loss, derivatives.gradient, derivatives.Gv];
  const onTarget = (law: Law, where: Target, tolerance: number): Task => ({
    law,
    point: name,
    compare: async () =>
      E.isLeft(compiled) ? compiled : targetAgreement(where, compiled.right, subject, point, tolerance),
    search: () => smallestFailure([loss], given, environment, sizes, [agreementOf(where, compiler, sizes, tolerance)]),
  });
  return [
    {
      law: 'every pass keeps the values',
      point: name,
      compare: async () => passesKeepValues(subject, compiler, point),
      search: async () => firstToDiffer(roots, given, (expr) => passAgreement([expr], compiler, environment, sizes)),
    },
    ...(isFirst
      ? [onTarget('the program agrees with the expressions', interpreterTarget, tolerances.interpreter)]
      : []),
    ...(target === undefined ? [] : [onTarget('the target agrees with float64', target, tolerances.target)]),
  ];
};

/** The law of stages, which is about no point. */
const stagingTask = ({ compiled }: Checked): Task => ({
  law: 'what is known in a stage is computed there',
  point: 'any',
  compare: async () =>
    pipe(
      compiled,
      E.map(({ program }) => judged(misplacedKernels(program).length, 0)),
    ),
  search: async () => undefined,
});

/** Every law at every point. */
const tasksOf = (checked: Checked, points: readonly Point[]): readonly Task[] => {
  const { subject, derived } = checked;
  const { given, sizes } = subject;
  const operationChecks: readonly OperationCheck[] = [
    async (isolated) => derivativeOf(isolated, sizes, derived),
    async (isolated) => adjointOf(isolated, sizes, derived),
  ];
  const derivativeTasks = (point: Point): readonly Task[] =>
    lawChecks(subject).map(({ compare, roots, ...named }) => ({
      ...named,
      point: point.name,
      compare: async () => compare(point),
      search: () => smallestFailure(roots, given, point.environment, sizes, operationChecks),
    }));
  return [
    stagingTask(checked),
    ...points.flatMap((point, i) => [...derivativeTasks(point), ...programTasks(checked, point, i === 0)]),
  ];
};

/** Checks a law. Left: why it could not be checked. */
const certified = async ({ compare, search, ...named }: Task): Promise<E.Either<CheckError, Certificate>> => {
  const comparison = await compare();
  if (E.isLeft(comparison)) {
    const reason = typeof comparison.left === 'string' ? comparison.left : showDslError(comparison.left);
    const known = typeof comparison.left !== 'string' && comparison.left._tag === 'UnsupportedError';
    return known
      ? E.right({ ...named, error: Number.NaN, tolerance: 0, verdict: { _tag: 'NotDerived', reason } })
      : failed(reason);
  }
  const { verdict } = comparison.right;
  const culprit = verdict._tag === 'Failed' ? await search() : undefined;
  return E.right({
    ...named,
    ...comparison.right,
    verdict: culprit === undefined ? verdict : { _tag: 'Failed', culprit },
  });
};

/**
 * Checks every law at random and adversarial points. A law that fails is followed to the smallest operation that fails
 * by itself. Left: a mistake in the model, or a target that fails.
 */
export const checkModel =
  (model: InspectedModel, options: CheckOptions = {}): TE.TaskEither<CheckError, readonly Certificate[]> =>
  async () => {
    const { seed = 1, batch = 3, derivations: derived = derivations, compiler = compilerRules, target } = options;
    const subject = subjectOf(model, derived, options.curvatures ?? [], batch);
    if (E.isLeft(subject)) return failed(showDslError(subject.left));
    const { derivatives, sizes, loss, theta } = subject.right;
    const points = pointsFor([loss], theta, [derivatives.v, derivatives.w, derivatives.u], sizes, seed);
    const compiled = compileStaged(subject.right, compiler);
    const chosen = options.laws ?? laws;
    const at = options.points ?? pointNames;
    const where = points.filter(({ name }) => at.includes(name));
    const all = tasksOf({ subject: subject.right, derived, compiler, compiled, target }, where);
    const tasks = all.filter(({ law }) => chosen.includes(law));
    const certificates: Certificate[] = [];
    for (const task of tasks) {
      options.onLaw?.({ law: task.law, point: task.point, share: certificates.length / tasks.length });
      const certificate = await certified(task);
      if (E.isLeft(certificate)) return certificate;
      certificates.push(certificate.right);
    }
    return E.right(certificates);
  };
