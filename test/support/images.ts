/** Random convolutional networks for laws of curvature, programs and targets. */
import fc from 'fast-check';
import { type ActivationName, activations } from '../../dsl/activations.js';
import { averagePool2d, batchNormalization, conv2d, globalAveragePool, maxPool2d } from '../../dsl/convolution.js';
import { make, postorder } from '../../dsl/expr.js';
import { dense } from '../../dsl/layers.js';
import { flatten } from '../../dsl/movement.js';
import type { Expr } from '../../dsl/node.js';
import { map } from '../../dsl/primitives.js';
import { windowSpan } from '../../dsl/structure.js';
import { lengthOf } from './evaluation.js';
import { type Network, type NetworkSpecimen, overFlatParameters } from './networks.js';
import { numbers } from './numbers.js';

/** A layer of a random network; sizes that do not fit its image are made to fit. */
type LayerSpecimen =
  | {
      readonly kind: 'conv';
      readonly filters: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      readonly dilation: number;
      readonly groups: number;
      readonly activation: ActivationName;
    }
  | { readonly kind: 'maxPool' | 'averagePool'; readonly size: number; readonly stride: number }
  | { readonly kind: 'residual'; readonly kernel: 1 | 3; readonly activation: ActivationName }
  | { readonly kind: 'normalization' };

/** What a random convolutional network is made of. */
export interface ImageSpecimen extends Pick<NetworkSpecimen, 'batch' | 'outputs' | 'loss' | 'seed'> {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly layers: readonly LayerSpecimen[];
  readonly head: 'flatten' | 'globalAveragePool';
}

/** The activations whose derivative has no jumps. */
const smoothActivations = ['identity', 'tanh', 'gelu', 'softplus'] as const;

/** How large specimens are, and whether their loss is smooth. */
interface SpecimenOptions {
  readonly minExtent: number;
  readonly maxExtent: number;
  readonly smooth?: boolean;
}

/** Random networks of one or two convolutions with what else may stand between them. */
export const imageSpecimens = ({
  minExtent,
  maxExtent,
  smooth = false,
}: SpecimenOptions): fc.Arbitrary<ImageSpecimen> => {
  const size = fc.integer({ min: 1, max: 3 });
  const few = fc.integer({ min: 1, max: 2 });
  const extent = fc.integer({ min: minExtent, max: maxExtent });
  const activation: fc.Arbitrary<ActivationName> = smooth
    ? fc.constantFrom(...smoothActivations)
    : fc.constantFrom(...smoothActivations, 'relu', 'leakyRelu');
  const conv = fc.record({
    kind: fc.constant('conv' as const),
    filters: few,
    kernel: size,
    stride: few,
    padding: fc.nat(2),
    dilation: few,
    groups: few,
    activation,
  });
  const pool = fc.record({
    kind: smooth ? fc.constant('averagePool' as const) : fc.constantFrom('maxPool' as const, 'averagePool' as const),
    size: fc.integer({ min: 2, max: 3 }),
    stride: size,
  });
  const residual = fc.record({
    kind: fc.constant('residual' as const),
    kernel: fc.constantFrom(1 as const, 3 as const),
    activation,
  });
  const between: fc.Arbitrary<LayerSpecimen> = fc.oneof(
    pool,
    residual,
    fc.record({ kind: fc.constant('normalization' as const) }),
    conv,
  );
  return fc.record({
    batch: few,
    channels: few,
    height: extent,
    width: extent,
    layers: fc.tuple(conv, fc.array(between, { maxLength: 2 })).map(([first, others]) => [first, ...others]),
    head: fc.constantFrom('flatten' as const, 'globalAveragePool' as const),
    outputs: size,
    loss: fc.constantFrom('meanSquaredError' as const, 'softmaxCrossEntropy' as const),
    seed: fc.integer({ min: 0, max: 2 ** 30 }),
  });
};

const layerOn = (x: Expr, layer: LayerSpecimen, name: string): Expr => {
  const [channels, height, width] = x.shape.slice(1).map(Number);
  const least = Math.min(height ?? 1, width ?? 1);
  switch (layer.kind) {
    case 'conv': {
      const kernel = Math.min(layer.kernel, least);
      const dilation = layer.dilation * (kernel - 1) + 1 <= least + 2 * layer.padding ? layer.dilation : 1;
      const groups = (channels ?? 1) % layer.groups === 0 ? layer.groups : 1;
      const activation = activations[layer.activation];
      return conv2d(x, { ...layer, name, kernel, dilation, groups, filters: groups * layer.filters, activation });
    }
    case 'maxPool':
      return maxPool2d(x, { size: Math.min(layer.size, least), stride: layer.stride });
    case 'averagePool':
      return averagePool2d(x, { size: Math.min(layer.size, least), stride: layer.stride });
    case 'residual': {
      const options = { name, filters: channels ?? 1, kernel: layer.kernel, padding: (layer.kernel - 1) / 2 };
      return map('add', x, conv2d(x, { ...options, activation: activations[layer.activation] }));
    }
    case 'normalization': {
      const statistics = (what: string): Expr => make({ op: 'input', name: `${what}${name}`, shape: [channels ?? 1] });
      return batchNormalization(x, { name, mean: statistics('mean'), variance: statistics('variance') });
    }
  }
};

/** Builds a network on images [batch, channels, height, width]. */
export const imageNetworkOf = (specimen: ImageSpecimen): Network => {
  const { channels, height, width, layers, head, outputs, seed } = specimen;
  const x = make({ op: 'input', name: 'x', shape: ['batch', channels, height, width] });
  const image = layers.reduce<Expr>((below, layer, i) => layerOn(below, layer, `${i + 1}`), x);
  const features = head === 'flatten' ? flatten(image) : globalAveragePool(image);
  const output: Expr = dense(features, { name: 'Head', units: outputs });
  const statistics = postorder([output]).flatMap(({ node, shape }, i) =>
    node.op === 'input' && node.name !== 'x'
      ? [[node.name, numbers(seed + 10 + i, lengthOf(shape), 0.5, 1.5)] as const]
      : [],
  );
  return overFlatParameters({ ...specimen, x, output, constants: new Map(statistics) });
};

/**
 * The largest array that a product with the curvature of a network has a reason to form: an image, an output, a padded
 * image, or the output of a convolution with the zeros around it (and, where it has a stride, between its elements)
 * that make its data gradient a convolution.
 */
export const largestImage = (z: Expr, batch: number): number =>
  Math.max(
    ...postorder([z]).map(({ node, shape }) => {
      if (node.op === 'window') return 0;
      if (node.op !== 'contract' || node.left.node.op !== 'window') return lengthOf(shape, { batch });
      const { operand, windows } = node.left.node;
      const positions = windows.reduce((product, { axis }) => product * Number(node.left.shape[axis]), 1);
      const spread = windows.reduce((product, w) => product * (Number(operand.shape[w.axis]) + windowSpan(w) - 1), 1);
      return (lengthOf(shape, { batch }) / positions) * spread;
    }),
  );
