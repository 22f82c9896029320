import { expect } from 'chai';
import fc from 'fast-check';
import type { Expr } from '../../../dsl/node.js';
import { expressionInputs, expressionSizes, expressions, expressionValues } from '../../cases/expressions.js';
import { networkOf, networkSpecimens } from '../../support/networks.js';
import { programDistance, programOf, stagedProgramOf } from '../../support/staging.js';

/** Which inputs of random expressions come late. */
const lateInputs: fc.Arbitrary<ReadonlySet<Expr>> = fc
  .subarray([...expressionInputs], { minLength: 1 })
  .map((inputs) => new Set(inputs));

describe('compiled programs, for every expression', () => {
  it('compute what the expression says', () => {
    fc.assert(
      fc.property(expressions(), fc.nat(), (roots, seed) => {
        const program = programOf(roots, expressionSizes);
        expect(programDistance(program, roots, expressionValues(seed), expressionSizes)).to.be.below(1e-11);
      }),
      { numRuns: 250 },
    );
  });

  it('compute it in two stages', () => {
    fc.assert(
      fc.property(expressions(), lateInputs, fc.nat(), (roots, late, seed) => {
        const program = stagedProgramOf(roots, late, expressionSizes);
        expect(programDistance(program, roots, expressionValues(seed), expressionSizes)).to.be.below(1e-11);
      }),
      { numRuns: 200 },
    );
  });

  it('compute gradients and Gauss-Newton products of networks, the product in a stage of its own', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const { loss, z, ggn, v, environment } = networkOf(specimen);
        const sizes = { batch: specimen.batch };
        const outputs = [loss, z, ggn];
        const program = stagedProgramOf(outputs, new Set([v]), sizes);
        expect(programDistance(program, outputs, environment, sizes)).to.be.below(1e-11);
      }),
      { numRuns: 60 },
    );
  });
});
