import { expect } from 'chai';
import fc from 'fast-check';
import { grad, hessianVectorProduct, jvp, linearize, transpose } from '../../../compiler/differentiate/derive.js';
import { freshVariable, make } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import type { Shape, Sizes } from '../../../dsl/shape.js';
import { allCases, mistake, type PrimitiveCase } from '../../cases/primitives.js';
import { evaluated, evaluatedAll, lengthOf } from '../../support/evaluation.js';
import { distance, inner, numbers, plus } from '../../support/numbers.js';

const sizes: Sizes = { n: 4 };
const runs = { numRuns: 8 };
const seeds = fc.integer({ min: 0, max: 2 ** 30 });

const leaves = (given: PrimitiveCase, name: string): readonly Expr[] =>
  given.operands.map(({ shape }, i) => make({ op: 'input', name: `${name}${i}`, shape }));

const environmentOf = (
  names: readonly (readonly [readonly Expr[], readonly ArrayLike<number>[]])[],
): Map<Expr | string, ArrayLike<number>> =>
  new Map<Expr | string, ArrayLike<number>>([
    ['given', numbers(5, lengthOf(['n'], sizes))],
    ...names.flatMap(([exprs, values]) => exprs.map((expr, i) => [expr, values[i] ?? []] as const)),
  ]);

/** A case at a random point with random directions. */
const atPoint = (given: PrimitiveCase, seed: number) => {
  const x = leaves(given, 'x');
  const points = given.operands.map(({ shape, sample }, i) => sample(seed + i, lengthOf(shape, sizes)));
  const direction = (salt: number) =>
    given.operands.map(({ shape }, i) => numbers(seed + salt + i, lengthOf(shape, sizes)));
  return { x, y: given.build(...x), points, direction };
};

const seedsOf = (x: readonly Expr[], tangents: readonly Expr[]): ReadonlyMap<Expr, Expr> =>
  new Map(x.flatMap((expr, i) => tangents.slice(i, i + 1).map((tangent) => [expr, tangent] as const)));

// (f(x + h v) − f(x − h v)) / 2h, for an error of order h²
const central = (
  f: (points: readonly Float64Array[]) => Float64Array,
  points: readonly Float64Array[],
  v: readonly Float64Array[],
): Float64Array => {
  const h = 1e-5;
  const moved = (s: number) => f(points.map((point, i) => plus(point, v[i] ?? [], s * h)));
  return plus(moved(1), moved(-1), -1).map((d) => d / (2 * h));
};

describe('derivatives of every primitive', () => {
  for (const given of allCases) {
    describe(given.name, () => {
      it('jvp = central finite differences', () => {
        fc.assert(
          fc.property(seeds, (seed) => {
            const { x, y, points, direction } = atPoint(given, seed);
            const [v, dots, at] = [direction(100), leaves(given, 'v'), leaves(given, 'at')];
            const tangent = jvp(y, seedsOf(x, dots));
            const function_ = given.reference?.(x, at) ?? y;
            const differences = central(
              (moved) =>
                evaluated(
                  function_,
                  environmentOf([
                    [x, moved],
                    [at, points],
                  ]),
                  sizes,
                ),
              points,
              v,
            );
            expect(
              distance(
                evaluated(
                  tangent,
                  environmentOf([
                    [x, points],
                    [dots, v],
                  ]),
                  sizes,
                ),
                differences,
                1,
              ),
            ).to.be.below(1e-7);
          }),
          runs,
        );
      });

      it('jvp of the jvp = finite differences of the jvp', () => {
        fc.assert(
          fc.property(seeds, (seed) => {
            const { x, points, direction } = atPoint(given, seed);
            const [v, w] = [direction(200), direction(300)];
            const [dots, dots2, at] = [leaves(given, 'v'), leaves(given, 'w'), leaves(given, 'at')];
            const tangent = jvp(given.build(...x), seedsOf(x, dots));
            const second = jvp(tangent, seedsOf(x, dots2));
            const moving = given.reference === undefined ? tangent : jvp(given.reference(x, at), seedsOf(x, dots));
            const differences = central(
              (moved) =>
                evaluated(
                  moving,
                  environmentOf([
                    [x, moved],
                    [dots, v],
                    [at, points],
                  ]),
                  sizes,
                ),
              points,
              w,
            );
            const environment = environmentOf([
              [x, points],
              [dots, v],
              [dots2, w],
            ]);
            expect(distance(evaluated(second, environment, sizes), differences, 1)).to.be.below(1e-6);
          }),
          runs,
        );
      });

      if (given.transposable)
        it('⟨u, J v⟩ = ⟨Jᵀ u, v⟩', () => {
          fc.assert(
            fc.property(seeds, (seed) => {
              const { x, y, points, direction } = atPoint(given, seed);
              const { variables, tangent } = linearize(y, x);
              const u = make({ op: 'input', name: 'u', shape: y.shape });
              const uValue = numbers(seed + 400, lengthOf(y.shape, sizes));
              const v = direction(500);
              const environment = environmentOf([
                [x, points],
                [variables, v],
                [[u], [uValue]],
              ]);
              const [jv = new Float64Array(0), ...jtu] = evaluatedAll(
                [tangent, ...transpose([tangent], [u], variables)],
                environment,
                sizes,
              );
              const left = inner(uValue, jv);
              const right = jtu.reduce((sum, piece, i) => sum + inner(piece, v[i] ?? []), 0);
              expect(distance([left], [right], 1)).to.be.below(1e-12);
            }),
            runs,
          );
        });

      if (!given.transposable)
        it('has no transpose, and the error says so', () => {
          const x = leaves(given, 'x');
          const { variables, tangent } = linearize(given.build(...x), x);
          const [first] = transpose([tangent], [tangent], variables);
          expect(first?.node).to.have.nested.property('error._tag', 'UnsupportedError');
          expect(first?.node).to.have.nested.property('error.operation', 'transpose');
          expect(first?.node).to.have.nested.property('error.actual', 'the non-linear operation result');
        });

      if (given.linear)
        it('transposed twice is itself', () => {
          fc.assert(
            fc.property(seeds, (seed) => {
              const { x, y, points } = atPoint(given, seed);
              const u = freshVariable<Shape>('u', y.shape);
              const adjoint = transpose([y], [u], x);
              const back = transpose(adjoint, x, [u]);
              const environment = environmentOf([[x, points]]);
              const [there = [], again = []] = evaluatedAll([y, ...back], environment, sizes);
              expect(distance(again, there, 1)).to.be.below(1e-13);
            }),
            runs,
          );
        });
    });
  }

  it('a mistake is its own derivative', () => {
    const x = make({ op: 'input', name: 'x', shape: [] });
    expect(jvp(mistake, new Map([[x, x]]))).to.equal(mistake);
    expect(transpose([mistake], [x], [x])).to.deep.equal([mistake]);
    expect(transpose([x], [mistake], [x])).to.deep.equal([mistake]);
    expect(grad(mistake, [x])).to.deep.equal([mistake]);
    expect(hessianVectorProduct(mistake, [x], [x])).to.deep.equal([mistake]);
  });
});
