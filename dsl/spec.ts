/** Networks described as plain data, in TypeScript or JSON. Descriptions are validated; errors name the field. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { z } from 'zod';
import { activationNames, activations } from './activations.js';
import { averagePool2d, conv2d, globalAveragePool, maxPool2d } from './convolution.js';
import { type DslError, specError } from './error.js';
import { invalid } from './expr.js';
import { dense, mlp, within } from './layers.js';
import { flatten } from './movement.js';
import type { Expr } from './node.js';
import { guarded, showValue } from './thrown.js';

const count = z.int().min(1);
const windows = { size: count, stride: count.optional() };

const layerSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conv'),
    filters: count,
    kernel: count,
    stride: count.default(1),
    padding: z.int().min(0).default(0),
    dilation: count.default(1),
    groups: count.default(1),
  }),
  z.strictObject({ kind: z.literal('activation'), function: z.enum(activationNames) }),
  z.strictObject({ kind: z.literal('maxPool'), ...windows }),
  z.strictObject({ kind: z.literal('averagePool'), ...windows }),
  z.strictObject({ kind: z.literal('globalAveragePool') }),
  z.strictObject({ kind: z.literal('fullyConnected'), units: count }),
]);

const vggSpec = z.strictObject({
  kind: z.literal('vgg'),
  /** Stands before the layers' numbers in the names of the parameters. */
  name: z.string().default(''),
  layers: z.array(layerSpec).min(1),
});

const mlpSpec = z.strictObject({
  kind: z.literal('mlp'),
  name: z.string().default(''),
  hidden: z.array(count),
  outputs: count,
  activation: z.enum(activationNames).default('sigmoid'),
});

const networkSpec = z.discriminatedUnion('kind', [vggSpec, mlpSpec]);

type LayerSpec = z.output<typeof layerSpec>;

/** A feed-forward network of convolutions, pools and fully connected layers, in order. */
export type VggSpec = z.input<typeof vggSpec>;

/** A multilayer perceptron. */
export type MlpSpec = z.input<typeof mlpSpec>;

/** A network as data. */
export type NetworkSpec = z.input<typeof networkSpec>;

/** `layers[2].filters`. */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

/** Validates a description; the error is that of the first field that is wrong. */
const validated = <T>(schema: z.ZodType<T>, description: unknown): E.Either<DslError, T> => {
  // in JavaScript a description may be anything, even what throws where it is read
  const read = guarded(() => {
    const result = schema.safeParse(description);
    if (result.success) return E.right(result.data);
    const [issue] = result.error.issues;
    const path = issue?.path ?? [];
    const value = valueAt(description, path);
    const text = guarded(() => JSON.stringify(value) ?? 'nothing');
    const actual = E.isRight(text) ? text.right : showValue(value);
    return E.left(specError('network', fieldOf(path), `a valid value (${issue?.message})`, actual));
  });
  return E.isRight(read) ? read.right : E.left(specError('network', '', 'plain data', `a throw: ${read.left}`));
};

/** Reads the JSON text of a description. */
export const parseNetwork = (text: string): E.Either<DslError, NetworkSpec> =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      (error) => specError('network', '', `JSON text (${error})`, JSON.stringify(text.slice(0, 40))),
    ),
    E.flatMap((description) => validated(networkSpec, description)),
  );

/** One layer on top of `x`. An image is flattened before its first fully connected layer. */
const layerOn = (x: Expr, layer: LayerSpec, name: string): Expr => {
  switch (layer.kind) {
    case 'conv':
      return conv2d(x, { ...layer, name });
    case 'activation':
      return activations[layer.function](x);
    case 'maxPool':
      return maxPool2d(x, { size: layer.size, stride: layer.stride ?? layer.size });
    case 'averagePool':
      return averagePool2d(x, { size: layer.size, stride: layer.stride ?? layer.size });
    case 'globalAveragePool':
      return globalAveragePool(x);
    case 'fullyConnected':
      return dense(x.shape.length > 2 ? flatten(x) : x, { name, units: layer.units });
  }
};

const hasParameters = ({ kind }: LayerSpec): boolean => kind === 'conv' || kind === 'fullyConnected';

/** A network of the description on images x [batch, channels, height, width]; layers with parameters count from 1. */
export const vgg = (x: Expr, spec: VggSpec): Expr =>
  pipe(
    validated(vggSpec, spec),
    E.match(invalid, ({ layers, name }) =>
      layers.reduce((below, layer, i) => {
        const number = layers.slice(0, i + 1).filter(hasParameters).length;
        return within(`layers[${i}]`, below, (inputs) => layerOn(inputs, layer, `${name}${number}`));
      }, x),
    ),
  );

/** The network of any description on x: a batch of rows or of images. */
export const network = (x: Expr, spec: NetworkSpec): Expr =>
  pipe(
    validated(networkSpec, spec),
    E.match(invalid, (valid) => (valid.kind === 'vgg' ? vgg(x, valid) : mlp(x, valid))),
  );
