import { expect } from 'chai';
import { type VggSpec, vgg } from '../../dsl/index.js';
import cifar10 from '../../examples/cifar10.js';
import fashion from '../../examples/fashion.js';
import type { Experiment } from '../../optim/index.js';
import { rightOf } from '../support/evaluation.js';

const relu = { kind: 'activation', function: 'relu' } as const;
const pool = { kind: 'maxPool', size: 2 } as const;
const conv = (filters: number, kernel: number) => ({ kind: 'conv', filters, kernel }) as const;
const fullyConnected = (units: number) => ({ kind: 'fullyConnected', units }) as const;

const vggOf = (layers: VggSpec['layers']): VggSpec => ({ kind: 'vgg', layers });

const leNet = vggOf([
  ...[conv(6, 5), relu, pool, conv(16, 5), relu, pool],
  ...[fullyConnected(120), relu, fullyConnected(84), relu, fullyConnected(10)],
]);

const threeConvolutions = vggOf([
  ...[conv(32, 3), relu, pool, conv(64, 3), relu, pool, conv(64, 3), relu],
  ...[fullyConnected(64), relu, fullyConnected(10)],
]);

describe('the paper’s convolutional networks', () => {
  const is = (name: string, { problem }: Experiment, spec: VggSpec, parameters: number): void => {
    it(`${name}: ${parameters} parameters, the same from functions and from data`, () => {
      const { output, input, parameters: space } = rightOf(problem);
      expect(space.length).to.equal(parameters);
      expect(vgg(input, spec)).to.equal(output);
    });
  };

  is('fashion', fashion, leNet, 44_426);
  is('cifar10', cifar10, threeConvolutions, 122_570);
});
