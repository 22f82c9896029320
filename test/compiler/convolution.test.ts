/** Convolutional networks in the compiler: their curvature, and that no array of patches is formed for it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { kernelsOf } from '../../compiler/cost.js';
import { grad } from '../../compiler/differentiate/derive.js';
import type { Expr } from '../../dsl/node.js';
import { evaluated } from '../support/evaluation.js';
import { type ImageSpecimen, imageNetworkOf, imageSpecimens, largestImage } from '../support/images.js';
import { denseProduct, type Network } from '../support/networks.js';
import { distance, inner, plus } from '../support/numbers.js';
import { programDistance, programOf, stagedProgramOf } from '../support/staging.js';

const small = { minExtent: 3, maxExtent: 6 };

const gradientOf = ({ loss, theta }: Network): Expr => grad(loss, [theta])[0] ?? loss;

const given = ({ environment }: Network, name: string): Float64Array => environment.get(name) ?? new Float64Array(0);

// where G v is smaller than this, the comparison is absolute: a saturated softmax cancels terms of the size of J v
const floor = 1e-3;

describe('the Gauss-Newton product of random convolutional networks', () => {
  it('is the dense Jᵀ H J v', () => {
    fc.assert(
      fc.property(imageSpecimens(small), (specimen) => {
        const network = imageNetworkOf(specimen);
        const product = evaluated(network.ggn, network.environment, { batch: specimen.batch });
        expect(distance(product, denseProduct(network, specimen), floor)).to.be.below(1e-9);
      }),
      { numRuns: 25 },
    );
  });

  it('is symmetric and positive semidefinite', () => {
    fc.assert(
      fc.property(imageSpecimens(small), (specimen) => {
        const network = imageNetworkOf(specimen);
        const [v, w] = [given(network, 'v'), given(network, 'theta')];
        const [Gv = v, Gw = w] = [v, w].map((direction) =>
          evaluated(network.ggn, new Map([...network.environment, ['v', direction]]), { batch: specimen.batch }),
        );
        const scale = Math.max(floor, Math.abs(inner(v, Gv)), Math.abs(inner(w, Gw)));
        expect(distance([inner(w, Gv)], [inner(v, Gw)], scale)).to.be.below(1e-9);
        expect(inner(v, Gv)).to.be.at.least(-1e-9 * scale);
        expect(inner(w, Gw)).to.be.at.least(-1e-9 * scale);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the gradient of random smooth convolutional networks', () => {
  it('agrees with central finite differences of the loss', () => {
    fc.assert(
      fc.property(imageSpecimens({ ...small, smooth: true }), (specimen) => {
        const network = imageNetworkOf(specimen);
        const { environment, loss } = network;
        const sizes = { batch: specimen.batch };
        const [theta, v] = [given(network, 'theta'), given(network, 'v')];
        const lossAt = (h: number): number =>
          evaluated(loss, new Map([...environment, ['theta', plus(theta, v, h)]]), sizes)[0] ?? Number.NaN;
        const [h, slope] = [1e-5, inner(evaluated(gradientOf(network), environment, sizes), v)];
        const difference = (lossAt(h) - lossAt(-h)) / (2 * h);
        expect(distance([difference], [slope], 1 + Math.abs(lossAt(0)))).to.be.below(1e-5);
      }),
      { numRuns: 40 },
    );
  });
});

describe('programs of random convolutional networks', () => {
  const outputsOf = (network: Network): readonly Expr[] => [network.loss, network.z, gradientOf(network), network.ggn];

  it('compute losses, gradients and Gauss-Newton products, in one stage and in two', () => {
    fc.assert(
      fc.property(imageSpecimens(small), fc.boolean(), (specimen, staged) => {
        const network = imageNetworkOf(specimen);
        const sizes = { batch: specimen.batch };
        const outputs = outputsOf(network);
        const program = staged ? stagedProgramOf(outputs, new Set([network.v]), sizes) : programOf(outputs, sizes);
        expect(programDistance(program, outputs, network.environment, sizes, 'arena')).to.be.below(1e-10);
      }),
      { numRuns: 60 },
    );
  });

  // a batch so large that images, not weights, are the largest arrays
  const batch = 100;

  const writtenAtMost = (specimen: ImageSpecimen): readonly [written: number, limit: number] => {
    const network = imageNetworkOf({ ...specimen, batch });
    const program = stagedProgramOf(outputsOf(network), new Set([network.v]), { batch });
    const written = program.stages
      .flatMap(({ steps }) => kernelsOf(steps))
      .map(({ output }) => program.buffers[output]?.length ?? Number.NaN);
    return [Math.max(...written), largestImage(network.z, batch)];
  };

  it('never write an array of patches', () => {
    fc.assert(
      fc.property(imageSpecimens({ minExtent: 12, maxExtent: 20 }), (specimen) => {
        const [written, limit] = writtenAtMost(specimen);
        expect(written).to.be.at.most(limit);
      }),
      { numRuns: 150 },
    );
  });
});
