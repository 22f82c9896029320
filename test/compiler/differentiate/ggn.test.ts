import { expect } from 'chai';
import fc from 'fast-check';
import { grad, hessianVectorProduct, jvp } from '../../../compiler/differentiate/derive.js';
import { make, substitute } from '../../../dsl/expr.js';
import { map } from '../../../dsl/primitives.js';
import { evaluated, evaluatedAll } from '../../support/evaluation.js';
import {
  denseProduct,
  type Network,
  type NetworkSpecimen,
  networkOf,
  networkSpecimens,
} from '../../support/networks.js';
import { distance, inner } from '../../support/numbers.js';

const product = ({ ggn, environment }: Network, batch: number, v?: Float64Array): Float64Array =>
  evaluated(ggn, v === undefined ? environment : new Map([...environment, ['v', v]]), { batch });

// where G v is smaller than this, the comparison is absolute
const floor = 1e-6;

describe('the Gauss-Newton product of random networks', () => {
  it('is the dense Jᵀ H J v', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const network = networkOf(specimen);
        expect(distance(product(network, specimen.batch), denseProduct(network, specimen), floor)).to.be.below(1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('is symmetric and positive semidefinite', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const network = networkOf(specimen);
        const v = network.environment.get('v') ?? new Float64Array(0);
        const w = network.environment.get('theta') ?? new Float64Array(0);
        const [Gv, Gw] = [product(network, specimen.batch), product(network, specimen.batch, w)];
        expect(distance([inner(w, Gv)], [inner(v, Gw)], floor)).to.be.below(1e-9);
        expect(inner(v, Gv)).to.be.at.least(-1e-12);
        expect(inner(w, Gw)).to.be.at.least(-1e-12);
      }),
      { numRuns: 100 },
    );
  });

  it('is the Hessian of the loss of the linearised network z₀ + J (θ − θ₀)', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const network = networkOf(specimen);
        const { theta, v, z, lossOf, environment } = network;
        const origin = make({ op: 'input', name: 'origin', shape: theta.shape });
        const [start = z] = substitute([z], new Map([[theta, origin]]));
        const linearised = map('add', start, jvp(start, new Map([[origin, map('sub', theta, origin)]])));
        const [hessian = z] = hessianVectorProduct(lossOf(linearised), [theta], [v]);
        const at = new Map([...environment, ['origin', environment.get('theta') ?? []] as const]);
        const expected = evaluated(hessian, at, { batch: specimen.batch });
        expect(distance(product(network, specimen.batch), expected, floor)).to.be.below(1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('is the exact Hessian where the network is linear', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const network = networkOf({ ...specimen, hidden: [] });
        const [hessian = network.z] = hessianVectorProduct(network.loss, [network.theta], [network.v]);
        const expected = evaluated(hessian, network.environment, { batch: specimen.batch });
        expect(distance(product(network, specimen.batch), expected, floor)).to.be.below(1e-10);
      }),
      { numRuns: 40 },
    );
  });

  it('is not the exact Hessian where the network is not linear', () => {
    const specimen: NetworkSpecimen = {
      batch: 3,
      inputs: 2,
      hidden: [3],
      outputs: 2,
      activation: 'tanh',
      loss: 'meanSquaredError',
      seed: 1,
    };
    const network = networkOf(specimen);
    const [hessian = network.z] = hessianVectorProduct(network.loss, [network.theta], [network.v]);
    const exact = evaluated(hessian, network.environment, { batch: 3 });
    expect(distance(product(network, 3), exact)).to.be.above(1e-2);
  });

  it('vanishes with its direction, and gradients descend', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const network = networkOf(specimen);
        const zero = new Float64Array(network.space.length);
        expect(distance(product(network, specimen.batch, zero), zero, 1)).to.equal(0);
        const [gradient = network.z] = grad(network.loss, [network.theta]);
        const sizes = { batch: specimen.batch };
        const [g = zero, [before = 0] = []] = evaluatedAll([gradient, network.loss], network.environment, sizes);
        const theta = network.environment.get('theta') ?? zero;
        const moved = theta.map((t, i) => t - 1e-6 * (g[i] ?? 0));
        const [after = 0] = evaluated(network.loss, new Map([...network.environment, ['theta', moved]]), sizes);
        // to first order the loss falls by 1e-6 ‖∇‖²
        expect(before - after).to.be.closeTo(1e-6 * inner(g, g), 1e-3 * 1e-6 * inner(g, g) + 1e-13);
      }),
      { numRuns: 40 },
    );
  });
});
