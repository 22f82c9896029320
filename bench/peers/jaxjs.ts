/**
 * jax-js on its WebAssembly back end: the GGN product as jvp → Hessian of the loss → vjp, under `jit`. Its arrays are
 * counted by hand: `ref` keeps one for another use.
 */
import {
  blockUntilReady,
  defaultDevice,
  grad,
  init,
  type Array as JaxArray,
  jit,
  jvp,
  nn,
  numpy as np,
  vjp,
} from '@jax-js/jax';
import type { DenseNetwork, OpenPeer } from './peer.js';

type Layer = { weights: JaxArray; biases: JaxArray };

const kept = (layers: readonly Layer[]): Layer[] =>
  layers.map(({ weights, biases }) => ({ weights: weights.ref, biases: biases.ref }));

const dispose = (layers: readonly Layer[]): void => {
  for (const { weights, biases } of layers) {
    weights.dispose();
    biases.dispose();
  }
};

const layersOf = ({ layers }: DenseNetwork, flat: Float32Array): Layer[] =>
  layers.map(({ inputs, units, weights, biases }) => ({
    weights: np.array(flat.slice(weights, weights + inputs * units)).reshape([inputs, units]),
    biases: np.array(flat.slice(biases, biases + units)),
  }));

const forward = (layers: readonly Layer[], x: JaxArray): JaxArray =>
  layers.reduce((values, { weights, biases }, i) => {
    const sums = np.matmul(values, weights).add(biases);
    return i < layers.length - 1 ? nn.sigmoid(sums) : sums;
  }, x);

const crossEntropy = (z: JaxArray, oneHot: JaxArray): JaxArray =>
  np.mean(np.sum(nn.logSoftmax(z).mul(oneHot).neg(), 1));

const squaredError = (z: JaxArray, y: JaxArray): JaxArray => np.mean(np.square(z.sub(y)));

/** The GGN product in jax-js. */
export const openJaxjs: OpenPeer = async (network, { batch, theta, direction }) => {
  await init('wasm');
  defaultDevice('wasm');
  const [first] = network.layers;
  const outputs = network.layers[network.layers.length - 1]?.units ?? 1;
  const x = np.array(batch.inputs).reshape([batch.count, first?.inputs ?? 1]);
  const y =
    network.loss === 'crossEntropy'
      ? nn.oneHot(np.array(Int32Array.from(batch.targets), { dtype: np.int32 }), outputs)
      : np.array(batch.targets).reshape([batch.count, outputs]);
  const loss = network.loss === 'crossEntropy' ? crossEntropy : squaredError;
  const [parameters, tangents] = [layersOf(network, theta), layersOf(network, direction)];

  const product = jit((at: Layer[], along: Layer[], inputs: JaxArray, targets: JaxArray): Layer[] => {
    const model = (layers: Layer[]): JaxArray => forward(layers, inputs.ref);
    const [z, tangent] = jvp(model, [kept(at)], [along]);
    const [slope, curved] = jvp(
      grad((output: JaxArray) => loss(output, targets.ref)),
      [z],
      [tangent],
    );
    slope.dispose();
    const [output, pullBack] = vjp(model, [at]);
    output.dispose();
    const [result] = pullBack(curved);
    inputs.dispose();
    targets.dispose();
    return result;
  });
  const run = async (): Promise<Layer[]> => {
    const result = product(kept(parameters), kept(tangents), x.ref, y.ref);
    await blockUntilReady(result);
    return result;
  };
  return {
    contender: { name: 'jaxjs', run: async () => dispose(await run()) },
    result: async () => {
      const flat = new Float32Array(theta.length);
      for (const [i, { weights, biases }] of (await run()).entries()) {
        const layer = network.layers[i];
        flat.set(await weights.data(), layer?.weights);
        flat.set(await biases.data(), layer?.biases);
      }
      return flat;
    },
  };
};
