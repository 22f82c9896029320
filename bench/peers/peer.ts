/** The same work in other libraries. */
import type { Problem } from '../../optim/index.js';
import type { Contender } from '../measure.js';
import type { Sample } from '../sample.js';

/** A perceptron as peers rebuild it: sigmoid between the layers, the parameters in one flat vector. */
export interface DenseNetwork {
  readonly layers: readonly {
    readonly inputs: number;
    readonly units: number;
    /** Where the weights [inputs, units] and the biases [units] begin in θ. */
    readonly weights: number;
    readonly biases: number;
  }[];
  readonly loss: 'crossEntropy' | 'squaredError';
}

/** A peer, set up for one network and sample. */
export interface Peer {
  readonly contender: Contender;
  /** The result as one flat vector like θ, to be held against ours. */
  readonly result: () => Promise<Float32Array>;
}

/** Sets a peer up for a network and a sample. */
export type OpenPeer = (network: DenseNetwork, sample: Sample) => Promise<Peer>;

/** The losses that peers have, by the names of their likelihoods. */
const losses: Readonly<Record<string, DenseNetwork['loss']>> = {
  categorical: 'crossEntropy',
  gaussian: 'squaredError',
};

/**
 * A problem as a perceptron, or undefined if it is none: parameters W1, b1, W2, … where each layer reads the last one's
 * units.
 */
export const denseNetwork = ({ parameters, likelihood, output }: Problem): DenseNetwork | undefined => {
  const { entries } = parameters;
  const layers: DenseNetwork['layers'][number][] = [];
  for (let i = 0; i < entries.length; i += 2) {
    const [weights, biases] = [entries[i], entries[i + 1]];
    const [inputs, units, ...rest] = weights?.shape ?? [];
    const before = layers[layers.length - 1];
    if (weights === undefined || biases === undefined || inputs === undefined || units === undefined) return undefined;
    if (rest.length > 0 || biases.length !== units || (before !== undefined && before.units !== inputs))
      return undefined;
    layers.push({ inputs, units, weights: weights.offset, biases: biases.offset });
  }
  const loss = likelihood === undefined || output.shape.length !== 2 ? undefined : losses[likelihood.name];
  return loss === undefined ? undefined : { layers, loss };
};
