/** Compiled networks: loss at (θ, batch), then G v for two directions. */
import { compile } from '../../compiler/compile.js';
import { rightOf } from '../support/evaluation.js';
import { type Network, type NetworkSpecimen, networkOf } from '../support/networks.js';
import { numbers } from '../support/numbers.js';
import { inputsOf, nameOf } from '../support/staging.js';
import type { ProgramCase } from './programs.js';

/** The case of a network with its values. */
export const networkProgramCase = (
  name: string,
  network: Network,
  { batch, seed }: Pick<NetworkSpecimen, 'batch' | 'seed'>,
): ProgramCase => {
  const { v, loss, z, ggn, space, environment } = network;
  const data = inputsOf([loss, z, ggn]).filter((input) => input !== v);
  const values = (input: string): readonly number[] => [...(environment.get(input) ?? [])];
  return {
    name,
    program: rightOf(
      compile({
        name: 'network',
        sizes: { batch },
        stages: [
          { name: 'linearize', inputs: data, outputs: { loss, z } },
          { name: 'multiply', inputs: [v], outputs: { product: ggn } },
        ],
      }),
    ),
    runs: [
      { stage: 'linearize', inputs: Object.fromEntries(data.map((input) => [nameOf(input), values(nameOf(input))])) },
      { stage: 'multiply', inputs: { v: values('v') } },
      { stage: 'multiply', inputs: { v: [...numbers(seed + 9, space.length)] } },
    ],
  };
};

/** The case of one perceptron. */
export const networkCase = (specimen: NetworkSpecimen): ProgramCase => {
  const { inputs, hidden, outputs, activation, loss, batch } = specimen;
  const name = `GGN product of ${[inputs, ...hidden, outputs].join('-')} ${activation}, ${loss}, batch ${batch}`;
  return networkProgramCase(name, networkOf(specimen), specimen);
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
