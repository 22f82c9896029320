/** `checkModel`: certificates for the derivatives of a user's own model, in float64 and on a target. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { checkAuthored, firstMistake } from '../../compiler/authored.js';
import { type Derivations, derivations } from '../../compiler/differentiate/derive.js';
import { evaluate } from '../../compiler/evaluate.js';
import { boundModel, type InspectedModel } from '../../compiler/inspect/graphs.js';
import { nameOf } from '../../compiler/print/name.js';
import type { Names } from '../../compiler/print/names.js';
import { type DslError, type Expr, input, postorder, type Sizes, showDslError } from '../../dsl/index.js';
import type { Target } from '../target.js';
import { showTargetError } from '../target.js';
import { agreementOf, targetAgreement } from './agreement.js';
import type { Certificate, Culprit, Law } from './certificate.js';
import { againstDifference, type Comparison, equalProducts, inner, judged, productSize } from './compare.js';
import { type Derivatives, derivativesOf } from './derivatives.js';
import { type Point, pointsFor } from './points.js';
import { adjointOf, derivativeOf, type OperationCheck, smallestFailure } from './shrink.js';
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
  /** Where programs are run besides; nowhere if absent. */
  readonly target?: Target;
  /** Of the points and directions. Default: 1. */
  readonly seed?: number;
  /** Samples in the batch. Default: 3. */
  readonly batch?: number;
  /** The derivations that are checked. Default: those that everybody calls. */
  readonly derivations?: Derivations;
  /** Hears of every law at every point, before it is checked. */
  readonly onLaw?: (progress: CheckProgress) => void;
}

/** A check that could not be made. */
export interface CheckError {
  readonly _tag: 'CheckError';
  readonly reason: string;
}

const failed = (reason: string): E.Either<CheckError, never> => E.left({ _tag: 'CheckError', reason });

interface Subject {
  readonly model: InspectedModel;
  readonly theta: Expr;
  readonly output: Expr;
  readonly loss: Expr;
  readonly derivatives: Derivatives;
  readonly sizes: Sizes;
  readonly given: Names;
}

const symbolicSizes = (roots: readonly Expr[], batch: number): Sizes =>
  Object.fromEntries(
    postorder(roots).flatMap(({ shape }) => shape.flatMap((dim) => (typeof dim === 'string' ? [[dim, batch]] : []))),
  );

const subjectOf = (model: InspectedModel, derived: Derivations, batch: number): E.Either<DslError, Subject> => {
  const checked = checkAuthored(model);
  if (E.isLeft(checked)) return checked;
  const theta: Expr = input('theta', [model.parameters.length]);
  const bound = boundModel(model, theta);
  const given = new Map(
    model.parameters.entries.flatMap(({ name }, i) =>
      bound.views.slice(i, i + 1).map((view) => [view, nameOf(name)] as const),
    ),
  );
  const { output, loss } = bound;
  const derivatives = derivativesOf(bound, model.loss, model.parameters, derived);
  const { outer, ...ofTheta } = derivatives;
  const named = { output, loss, ...ofTheta, '∂loss/∂z': outer.gradient, 'H u': outer.Hu };
  const sizes = symbolicSizes([loss], batch);
  return pipe(
    // the author's loss is called again for the derivatives, and may fail where it did not before
    firstMistake(model.name, named),
    E.flatMap(() => checkSize(Object.values(named), sizes)),
    E.map(() => ({ model, theta, output, loss, derivatives, sizes, given })),
  );
};

/** One law, with where to look if it fails. */
interface LawCheck {
  readonly law: Law;
  readonly compare: (subject: Subject, point: Point) => E.Either<DslError, Comparison>;
  /** What is searched for the culprit, and by what. */
  readonly root: (subject: Subject) => Expr;
}

const valuesOf = (subject: Subject, { environment }: Point, ...exprs: readonly Expr[]) =>
  evaluate(exprs, environment, subject.sizes);

/**
 * Where the loss saturates, H J v is a difference of nearly equal numbers and nothing but their rounding is left of it:
 * a share of ‖J v‖² that stands for rounding, and the smallest number where even that is 0.
 */
const curvatureRounding = (Jv: ArrayLike<number>): number => Math.max(1e-6 * productSize(Jv, Jv), Number.MIN_VALUE);

const lawChecks: readonly LawCheck[] = [
  {
    law: 'J v is the finite difference of z',
    compare: ({ output, theta, derivatives: { v, Jv }, sizes }, { environment }) =>
      againstDifference({ output, directions: [[theta, v]], tangent: Jv }, environment, sizes),
    root: ({ output }) => output,
  },
  {
    law: '⟨g, v⟩ is the finite difference of the loss',
    compare: ({ loss, theta, derivatives: { v, slope }, sizes }, { environment }) =>
      againstDifference({ output: loss, directions: [[theta, v]], tangent: slope }, environment, sizes),
    root: ({ loss }) => loss,
  },
  {
    law: 'H u is the finite difference of ∂loss/∂z',
    compare: (subject, point) => {
      const { output, derivatives, sizes } = subject;
      const { z, gradient, Hu } = derivatives.outer;
      return E.flatMap(([at = new Float64Array(0)]: readonly Float64Array[]) =>
        againstDifference(
          { output: gradient, directions: [[z, derivatives.u]], tangent: Hu },
          new Map([...point.environment, [z, at]]),
          sizes,
        ),
      )(valuesOf(subject, point, output));
    },
    root: ({ loss }) => loss,
  },
  {
    law: '⟨u, J v⟩ = ⟨Jᵀ u, v⟩',
    compare: (subject, point) => {
      const { u, v, Jv, JTu } = subject.derivatives;
      return E.map(([a = [], b = [], c = [], d = []]: readonly ArrayLike<number>[]) =>
        equalProducts(inner(a, b), inner(c, d), Math.max(productSize(a, b), productSize(c, d))),
      )(valuesOf(subject, point, u, Jv, JTu, v));
    },
    root: ({ output }) => output,
  },
  {
    law: '⟨w, G v⟩ = ⟨v, G w⟩',
    compare: (subject, point) => {
      const { v, w, Gv, Gw, Jv } = subject.derivatives;
      return E.map(([a = [], b = [], c = [], d = [], j = []]: readonly ArrayLike<number>[]) =>
        equalProducts(inner(a, b), inner(c, d), Math.max(productSize(a, b), productSize(c, d), curvatureRounding(j))),
      )(valuesOf(subject, point, w, Gv, v, Gw, Jv));
    },
    root: ({ loss }) => loss,
  },
  {
    law: '⟨v, G v⟩ ≥ 0',
    compare: (subject, point) => {
      const { v, Gv, Jv } = subject.derivatives;
      return E.map(([a = [], b = [], j = []]: readonly ArrayLike<number>[]) =>
        judged(Math.max(0, -inner(a, b)) / Math.max(productSize(a, b), curvatureRounding(j)), 1e-9),
      )(valuesOf(subject, point, v, Gv, Jv));
    },
    root: ({ loss }) => loss,
  },
];

const withCulprit = (comparison: Comparison, culprit: Culprit | undefined): Comparison['verdict'] =>
  comparison.verdict._tag === 'Failed' && culprit !== undefined ? { _tag: 'Failed', culprit } : comparison.verdict;

const certified = async (
  law: Law,
  point: Point,
  comparison: Comparison,
  search: () => Promise<Culprit | undefined>,
): Promise<Certificate> => ({
  law,
  point: point.name,
  error: comparison.error,
  tolerance: comparison.tolerance,
  verdict: withCulprit(comparison, comparison.verdict._tag === 'Failed' ? await search() : undefined),
});

/**
 * Checks every law at random and adversarial points. A law that fails is followed to the smallest operation that fails
 * by itself. Left: a mistake in the model, or a target that fails.
 */
export const checkModel =
  (model: InspectedModel, options: CheckOptions = {}): TE.TaskEither<CheckError, readonly Certificate[]> =>
  async () => {
    const { seed = 1, batch = 3, target } = options;
    const derived = options.derivations ?? derivations;
    const subject = subjectOf(model, derived, batch);
    if (E.isLeft(subject)) return failed(showDslError(subject.left));
    const { derivatives, sizes, given, loss, theta } = subject.right;
    const points = pointsFor([loss], theta, [derivatives.v, derivatives.w, derivatives.u], sizes, seed);
    const operationChecks: readonly OperationCheck[] = [
      async (isolated) => derivativeOf(isolated, sizes, derived),
      async (isolated) => adjointOf(isolated, sizes, derived),
    ];
    const certificates: Certificate[] = [];
    const total = points.length * (lawChecks.length + (target === undefined ? 0 : 1));
    const tell = (law: Law, { name }: Point): void =>
      options.onLaw?.({ law, point: name, share: certificates.length / total });
    for (const point of points) {
      for (const { law, compare, root } of lawChecks) {
        tell(law, point);
        const comparison = compare(subject.right, point);
        if (E.isLeft(comparison)) return failed(showDslError(comparison.left));
        const search = () => smallestFailure(root(subject.right), given, point.environment, sizes, operationChecks);
        certificates.push(await certified(law, point, comparison.right, search));
      }
      if (target === undefined) continue;
      tell('the target agrees with float64', point);
      const agreement = await targetAgreement(target, subject.right, point);
      if (E.isLeft(agreement))
        return failed(typeof agreement.left === 'string' ? agreement.left : showTargetError(agreement.left));
      const search = () => smallestFailure(loss, given, point.environment, sizes, [agreementOf(target, sizes)]);
      certificates.push(await certified('the target agrees with float64', point, agreement.right, search));
    }
    return E.right(certificates);
  };
