import { expect } from 'chai';
import fc from 'fast-check';
import { runPasses } from '../../../compiler/passes.js';
import { simplify } from '../../../compiler/simplify/simplify.js';
import { postorder } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import { expressionSizes, expressions, expressionValues } from '../../cases/expressions.js';
import { evaluatedAll } from '../../support/evaluation.js';
import { networkOf, networkSpecimens } from '../../support/networks.js';
import { distance } from '../../support/numbers.js';

const count = (roots: readonly Expr[]): number => postorder(roots).length;
const shapesOf = (roots: readonly Expr[]) => roots.map(({ shape }) => shape);

/** The largest relative distance between two evaluations; rounding of values far below 1 is not held against them. */
const apart = (before: readonly Float64Array[], after: readonly Float64Array[]): number =>
  Math.max(...before.map((values, i) => distance(after[i] ?? [], values, 1)));

describe('simplify, for every expression', () => {
  it('keeps values and shapes', () => {
    fc.assert(
      fc.property(expressions(), fc.nat(), (roots, seed) => {
        const simplified = simplify(roots);
        expect(shapesOf(simplified)).to.deep.equal(shapesOf(roots));
        const values = expressionValues(seed);
        const [before, after] = [roots, simplified].map((side) => evaluatedAll(side, values, expressionSizes));
        expect(apart(before ?? [], after ?? [])).to.be.below(1e-12);
      }),
      { numRuns: 250 },
    );
  });

  it('is idempotent, and keeps the identity of what is simple', () => {
    fc.assert(
      fc.property(expressions(), (roots) => {
        const once = simplify(roots);
        const twice = simplify(once);
        expect(twice.every((expr, i) => expr === once[i])).to.equal(true);
      }),
      { numRuns: 120 },
    );
  });

  it('does not depend on what else is simplified with it', () => {
    fc.assert(
      fc.property(expressions(), (roots) => {
        const together = simplify(roots);
        const alone = roots.flatMap((root) => simplify([root]));
        expect(alone.every((expr, i) => expr === together[i])).to.equal(true);
      }),
      { numRuns: 100 },
    );
  });

  it('makes graphs smaller, or larger by a few nodes of movement only', () => {
    fc.assert(
      fc.property(expressions(), (roots) => {
        const work = (side: readonly Expr[]): number =>
          postorder(side).filter(({ node }) => ['map', 'contract', 'reduce', 'iterate'].includes(node.op)).length;
        const simplified = simplify(roots);
        expect(work(simplified)).to.be.at.most(1.5 * work(roots) + 3);
        expect(count(simplified)).to.be.at.most(2 * count(roots) + 4);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the value of Gauss-Newton products, with hardly more work', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const { loss, ggn, environment } = networkOf(specimen);
        const simplified = simplify([loss, ggn]);
        const sizes = { batch: specimen.batch };
        const before = evaluatedAll([loss, ggn], environment, sizes);
        expect(apart(before, evaluatedAll(simplified, environment, sizes))).to.be.below(1e-12);
        expect(count(simplified)).to.be.at.most(1.2 * count([loss, ggn]) + 5);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the passes, for every expression', () => {
  it('each keep values and shapes, and are listed with their results', () => {
    fc.assert(
      fc.property(expressions(), fc.nat(), (roots, seed) => {
        const values = expressionValues(seed);
        const [first, ...rest] = runPasses(roots);
        expect(first).to.deep.equal({ pass: 'derived', outputs: roots });
        const before = evaluatedAll(roots, values, expressionSizes);
        for (const { outputs } of rest) {
          expect(shapesOf(outputs)).to.deep.equal(shapesOf(roots));
          expect(apart(before, evaluatedAll(outputs, values, expressionSizes))).to.be.below(1e-12);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('leave neither stopGradient nor concatenations along inner axes', () => {
    fc.assert(
      fc.property(expressions(), (roots) => {
        const last = runPasses(roots).at(-1)?.outputs ?? roots;
        const left = postorder(last).filter(
          ({ node }) => node.op === 'stopGradient' || (node.op === 'concat' && node.axis > 0),
        );
        expect(left.map(String)).to.deep.equal([]);
      }),
      { numRuns: 120 },
    );
  });
});
