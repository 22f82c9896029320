/** The laws of derivatives, in float64. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Names } from '../../compiler/print/names.js';
import type { DslError, Expr, Sizes } from '../../dsl/index.js';
import { at, zip } from '../../dsl/internal.js';
import type { Law } from './certificate.js';
import {
  againstDifference,
  type Comparison,
  equalProducts,
  inner,
  judged,
  productSize,
  relativeError,
  valuesOf,
} from './compare.js';
import type { Derivatives } from './derivatives.js';
import type { Point } from './points.js';

/** ⟨w, C v⟩ by the definition of C, from values at the output: z, ∂loss/∂z, J v and J w, all of the shape of z. */
export type CurvatureForm = (at: {
  readonly z: Expr;
  readonly gradient: Expr;
  readonly Jv: Expr;
  readonly Jw: Expr;
}) => Expr;

/** A curvature of the optimizers, as products at θ. */
export interface CheckedCurvature {
  readonly name: string;
  /** The matrix that it has to be: the GGN, the Hessian of the loss, or that of a form. */
  readonly matrix: 'ggn' | 'hessian' | CurvatureForm;
  /** C v at θ, both [d]. */
  readonly product: (theta: Expr, v: Expr) => Expr;
}

/** What is checked. */
export interface Subject {
  readonly theta: Expr;
  readonly output: Expr;
  readonly loss: Expr;
  readonly derivatives: Derivatives;
  /** C v and C w of the optimizers' curvatures. */
  readonly curvatures: readonly (CheckedCurvature & { readonly Cv: Expr; readonly Cw: Expr })[];
  readonly sizes: Sizes;
  /** The names of the parameters. */
  readonly given: Names;
}

/** One law, with where to look if it fails. */
export interface LawCheck {
  readonly law: Law;
  /** What the law is about, where it is about more than the model. */
  readonly subject?: string;
  readonly compare: (point: Point) => E.Either<DslError, Comparison>;
  /** What is searched for the culprit. */
  readonly roots: readonly Expr[];
}

// Two ways of adding up the same terms, in float64.
const sameTolerance = 1e-9;

/**
 * Where the loss saturates, H J v is a difference of nearly equal numbers and nothing but their rounding is left of it:
 * a share of ‖J v‖² that stands for rounding, and the smallest number where even that is 0.
 */
const curvatureRounding = (Jv: ArrayLike<number>): number => Math.max(1e-6 * productSize(Jv, Jv), Number.MIN_VALUE);

/** The laws of a subject, in the order in which they are checked: what later ones build on comes first. */
export const lawChecks = ({ theta, output, loss, derivatives, curvatures, sizes }: Subject): readonly LawCheck[] => {
  const { v, w, u, Jv, Jw, linear, JTu, transposed, gradient, pulled, slope, curved, Gv, Gw, wGv, outer } = derivatives;
  // most laws ask for the same values: those are computed together, once at a point
  const asked = [output, Jv, Jw, linear, JTu, transposed, gradient, pulled, curved, Gv, Gw];
  const shared = [...asked, ...curvatures.flatMap(({ Cv, Cw }) => [Cv, Cw])].filter(
    ({ node }) => node.op !== 'invalid',
  );
  const known = new Map<Point, E.Either<DslError, ReadonlyMap<Expr, Float64Array>>>();
  const sharedAt = (point: Point): E.Either<DslError, ReadonlyMap<Expr, Float64Array>> => {
    const before = known.get(point);
    if (before !== undefined) return before;
    const computed = pipe(
      valuesOf(shared, point.environment, sizes),
      E.map((all) => new Map(zip(shared, all, 'values at a point'))),
    );
    known.set(point, computed);
    return computed;
  };
  const values = <const T extends readonly Expr[]>(exprs: T, point: Point) =>
    pipe(
      sharedAt(point),
      E.flatMap((table) => valuesOf(exprs, new Map([...point.environment, ...table]), sizes)),
    );
  const difference = (y: Expr, tangent: Expr) => (point: Point) =>
    againstDifference({ output: y, directions: [[theta, v]], tangent }, point.environment, sizes);
  const equal = (a: Expr, b: Expr) => (point: Point) =>
    pipe(
      values([a, b], point),
      E.map(([left, right]) => judged(relativeError(left, right, Number.MIN_VALUE), sameTolerance)),
    );
  /** ⟨a, b⟩ = ⟨c, d⟩, where what is as small as the rounding of a curvature counts as 0. */
  const products = (a: Expr, b: Expr, c: Expr, d: Expr, curvature: boolean) => (point: Point) =>
    pipe(
      values([a, b, c, d, Jv], point),
      E.map(([av, bv, cv, dv, j]) =>
        equalProducts(
          inner(av, bv),
          inner(cv, dv),
          Math.max(productSize(av, bv), productSize(cv, dv), curvature ? curvatureRounding(j) : 0),
        ),
      ),
    );
  /** The point, with what the network gives there as inputs of the loss. */
  const atOutput = (point: Point): E.Either<DslError, Point['environment']> =>
    pipe(
      values([output, Jv, Jw], point),
      E.map(
        ([at, along, across]) =>
          new Map([...point.environment, [outer.z, at], [outer.v, along], [outer.w, across]] as const),
      ),
    );
  /** ⟨w, C v⟩ is the number of a form. */
  const formed = (form: CurvatureForm, Cv: Expr) => {
    const { z, gradient: atZ, v: along, w: across } = outer;
    const formOf = form({ z, gradient: atZ, Jv: along, Jw: across });
    return (point: Point) =>
      pipe(
        E.Do,
        E.bind('environment', () => atOutput(point)),
        E.bind('form', ({ environment }) => valuesOf([formOf], environment, sizes)),
        E.bind('own', () => values([w, Cv, Jv], point)),
        E.map(({ form: [number], own: [direction, product, j] }) =>
          equalProducts(
            inner(direction, product),
            at(number, 0, 'the number of a form'),
            Math.max(productSize(direction, product), curvatureRounding(j)),
          ),
        ),
      );
  };
  const second = [loss, gradient];
  const ofCurvatures = curvatures.flatMap(({ name, matrix, Cv, Cw }): readonly LawCheck[] => [
    {
      law: 'a curvature of the optimizers is the matrix of its name',
      subject: name,
      compare: typeof matrix === 'function' ? formed(matrix, Cv) : equal(Cv, matrix === 'ggn' ? Gv : curved),
      roots: second,
    },
    {
      law: 'a curvature of the optimizers is symmetric',
      subject: name,
      compare: products(w, Cv, v, Cw, true),
      roots: second,
    },
  ]);
  return [
    { law: 'J v is the finite difference of z', compare: difference(output, Jv), roots: [output] },
    { law: 'the map that linearize gives takes v to J v', compare: equal(linear, Jv), roots: [output] },
    { law: 'its transpose takes u to Jᵀ u', compare: equal(transposed, JTu), roots: [output] },
    { law: '⟨u, J v⟩ = ⟨Jᵀ u, v⟩', compare: products(u, Jv, JTu, v, false), roots: [output] },
    { law: '⟨g, v⟩ is the finite difference of the loss', compare: difference(loss, slope), roots: [loss] },
    { law: 'g = Jᵀ ∂loss/∂z', compare: equal(gradient, pulled), roots: [loss] },
    {
      law: 'H u is the finite difference of ∂loss/∂z',
      compare: (point) =>
        pipe(
          values([output], point),
          E.flatMap(([at]) =>
            againstDifference(
              { output: outer.gradient, directions: [[outer.z, u]], tangent: outer.Hu },
              new Map([...point.environment, [outer.z, at]]),
              sizes,
            ),
          ),
        ),
      roots: [loss, gradient],
    },
    { law: '∇²L v is the finite difference of g', compare: difference(gradient, curved), roots: second },
    {
      // for z + J δ, the derivative along J v of ⟨∂loss/∂z, J w⟩: another definition of the same number
      law: '⟨w, G v⟩ is the curvature of the loss of the linearised model',
      compare: (point) =>
        pipe(
          atOutput(point),
          E.flatMap((environment) =>
            againstDifference(
              { output: outer.slope, directions: [[outer.z, outer.v]], tangent: wGv },
              environment,
              sizes,
            ),
          ),
        ),
      roots: second,
    },
    { law: '⟨w, G v⟩ = ⟨v, G w⟩', compare: products(w, Gv, v, Gw, true), roots: second },
    {
      law: '⟨v, G v⟩ ≥ 0',
      compare: (point) =>
        pipe(
          values([v, Gv, Jv], point),
          E.map(([direction, product, j]) => {
            const size = Math.max(productSize(direction, product), curvatureRounding(j));
            return judged(Math.max(0, -inner(direction, product)) / size, sameTolerance);
          }),
        ),
      roots: second,
    },
    ...ofCurvatures,
  ];
};
