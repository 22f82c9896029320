/** Compiled networks: loss at (θ, batch), then G v for two directions. */
import { compile } from '../../compiler/compile.js';
import { rightOf } from '../support/evaluation.js';
import { type NetworkSpecimen, networkOf } from '../support/networks.js';
import { numbers } from '../support/numbers.js';
import type { ProgramCase } from './programs.js';

/** The case of one network. */
export const networkCase = (specimen: NetworkSpecimen): ProgramCase => {
  const network = networkOf(specimen);
  const values = (name: string): readonly number[] => [...(network.environment.get(name) ?? [])];
  const { inputs, hidden, outputs, activation, loss, batch } = specimen;
  return {
    name: `GGN product of ${[inputs, ...hidden, outputs].join('-')} ${activation}, ${loss}, batch ${batch}`,
    program: rightOf(
      compile({
        name: 'network',
        sizes: { batch },
        stages: [
          {
            name: 'linearize',
            inputs: [network.theta, network.x, network.target],
            outputs: { loss: network.loss, z: network.z },
          },
          { name: 'multiply', inputs: [network.v], outputs: { product: network.ggn } },
        ],
      }),
    ),
    runs: [
      { stage: 'linearize', inputs: { theta: values('theta'), x: values('x'), target: values('target') } },
      { stage: 'multiply', inputs: { v: values('v') } },
      { stage: 'multiply', inputs: { v: [...numbers(specimen.seed + 9, network.space.length)] } },
    ],
  };
};

export const networks: readonly ProgramCase[] = [
  {
    batch: 6,
    inputs: 5,
    hidden: [],
    outputs: 3,
    activation: 'identity',
    loss: 'softmaxCrossEntropy',
    seed: 1,
  } as const,
  {
    batch: 9,
    inputs: 7,
    hidden: [6],
    outputs: 4,
    activation: 'sigmoid',
    loss: 'softmaxCrossEntropy',
    seed: 2,
  } as const,
  { batch: 8, inputs: 3, hidden: [5, 4], outputs: 1, activation: 'tanh', loss: 'meanSquaredError', seed: 3 } as const,
  {
    batch: 4,
    inputs: 4,
    hidden: [6, 5],
    outputs: 2,
    activation: 'softplus',
    loss: 'meanSquaredError',
    seed: 4,
  } as const,
].map(networkCase);
