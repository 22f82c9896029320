/** TensorFlow.js on its WebAssembly back end: the gradient of the loss. It has no forward mode for a GGN product. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { DenseNetwork, OpenPeer } from './peer.js';

const tensorsOf = ({ layers }: DenseNetwork, flat: Float32Array): tf.Tensor[] =>
  layers.flatMap(({ inputs, units, weights, biases }) => [
    tf.tensor(flat.slice(weights, weights + inputs * units), [inputs, units]),
    tf.tensor(flat.slice(biases, biases + units), [units]),
  ]);

const forward = (x: tf.Tensor, parameters: readonly tf.Tensor[]): tf.Tensor => {
  const last = parameters.length - 2;
  let values = x;
  for (let i = 0; i <= last; i += 2) {
    const [weights, biases] = parameters.slice(i, i + 2);
    if (weights === undefined || biases === undefined) break;
    const sums = tf.add(tf.matMul(values, weights), biases);
    values = i < last ? tf.sigmoid(sums) : sums;
  }
  return values;
};

/** The gradient in TensorFlow.js. */
export const openTfjs: OpenPeer = async (network, { batch, theta }) => {
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(main) + sep);
  await tf.setBackend('wasm');
  await tf.ready();
  const [first] = network.layers;
  const outputs = network.layers[network.layers.length - 1]?.units ?? 1;
  const x = tf.tensor(batch.inputs, [batch.count, first?.inputs ?? 1]);
  const y =
    network.loss === 'crossEntropy'
      ? tf.oneHot(tf.tensor1d(Int32Array.from(batch.targets), 'int32'), outputs)
      : tf.tensor(batch.targets, [batch.count, outputs]);
  const parameters = tensorsOf(network, theta);
  const gradient = tf.grads((...at: tf.Tensor[]): tf.Tensor => {
    const z = forward(x, at);
    return network.loss === 'crossEntropy' ? tf.losses.softmaxCrossEntropy(y, z) : tf.losses.meanSquaredError(y, z);
  });
  const run = (): tf.Tensor[] => tf.tidy(() => gradient(parameters));
  return {
    contender: {
      name: 'tfjs',
      run: async () => {
        const result = run();
        // the back end is synchronous, but a read makes sure that all is done
        await result[result.length - 1]?.data();
        tf.dispose(result);
      },
    },
    result: async () => {
      const flat = new Float32Array(theta.length);
      const offsets = network.layers.flatMap(({ weights, biases }) => [weights, biases]);
      for (const [i, tensor] of run().entries()) flat.set(await tensor.data(), offsets[i]);
      return flat;
    },
  };
};
