/**
 * Layers over images [batch, channels, height, width]: ordinary functions over `window`, whose derivatives follow from
 * the primitives'.
 */
import { applied } from './applications.js';
import { invalid, typed } from './expr.js';
import { mistakeIn, optionsOf, strange } from './given.js';
import { within } from './layers.js';
import { parameter } from './leaves.js';
import { misfit } from './misfit.js';
import type { Expr, WindowAxis } from './node.js';
import { add, div, identity, mul, type Unary } from './pointwise.js';
import * as primitives from './primitives.js';
import { mean } from './reductions.js';
import { type Dim, type Shape, sameShape } from './shape.js';
import { windowPositions } from './structure.js';
import type { Fits, Result } from './types/rule.js';
import type { GlobalPool, OptionOf, Slide, Sliding } from './types/windows.js';

/** What a convolution needs to know. Sizes are the same along height and width. */
export interface ConvolutionOptions {
  /** Tells its parameters from those of other layers: the weights `W${name}` [filters, channels / groups, kernel, kernel] and the biases `b${name}` [filters]. */
  readonly name: string;
  readonly filters: number;
  readonly kernel: number;
  /** Elements from one window to the next; 1 if absent. */
  readonly stride?: number;
  /** Zeros around the image on every side; 0 if absent. */
  readonly padding?: number;
  /** Elements from one tap of a window to the next; 1 if absent. */
  readonly dilation?: number;
  /** Into how many groups channels and filters are split; a filter reads the channels of its group. 1 if absent. */
  readonly groups?: number;
  /** Pointwise; the identity if absent. */
  readonly activation?: Unary;
  /** Does it share its parameters with the other layers of its name that say so, too? A name is one layer's if absent. */
  readonly shared?: boolean;
}

interface ConvolutionSliding<O extends ConvolutionOptions> {
  readonly size: O['kernel'];
  readonly stride: OptionOf<O, 'stride', 1>;
  readonly padding: OptionOf<O, 'padding', 0>;
  readonly dilation: OptionOf<O, 'dilation', 1>;
}

/** The shape of a convolution's result. */
export type Convolved<S extends Shape, O extends ConvolutionOptions> = Slide<
  'conv2d',
  S,
  O['filters'],
  ConvolutionSliding<O>
>;

interface Image {
  readonly batch: Dim;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Builds on the sizes of an image, or reports a shape that is none, with `operation` as the culprit. */
const overImage = (operation: string, x: Expr, build: (image: Image) => Expr): Expr => {
  const bad = mistakeIn(operation, [x]);
  if (bad !== undefined) return bad;
  const [batch, channels, height, width]: Shape = x.shape;
  return x.shape.length === 4 &&
    batch !== undefined &&
    typeof channels === 'number' &&
    typeof height === 'number' &&
    typeof width === 'number'
    ? build({ batch, channels, height, width })
    : invalid(misfit(operation, 'an image [batch, channels, height, width]', x));
};

/** An array [channels] repeated to the shape of an image. */
const perChannel = (values: Expr, image: Shape): Expr => primitives.broadcastTo(values, image, [1]);

const isWhole = (n: number, least: number): boolean => Number.isSafeInteger(n) && n >= least;

/** The windows of an image whose last two axes are height and width: [batch, …, rows, columns, size, size]. */
const slide = (
  operation: string,
  image: Expr,
  { size, stride, padding, dilation }: Sliding,
  build: (windows: Expr) => Expr,
): Expr => {
  if (![size, stride, dilation].every((n) => isWhole(n, 1)) || !isWhole(padding, 0))
    return invalid(misfit(operation, 'size, stride and dilation ≥ 1 and padding ≥ 0, whole numbers', image));
  const axes = [image.shape.length - 2, image.shape.length - 1];
  const padded = axes.reduceRight((wider, axis) => primitives.pad(wider, axis, padding, padding), image);
  const window: Omit<WindowAxis, 'axis'> = { size, stride, dilation };
  const span = dilation * (size - 1) + 1;
  return axes.every((axis) => windowPositions(Number(padded.shape[axis]), window) >= 1)
    ? build(
        primitives.windowed(
          padded,
          axes.map((axis) => ({ axis, ...window })),
        ),
      )
    : invalid(misfit(operation, `an image no smaller than its windows of ${span} × ${span}`, padded));
};

/** A convolution (a cross-correlation, as usual in networks) with bias, then the activation: images give images. */
export const conv2d = <S extends Shape, const O extends ConvolutionOptions>(
  x: Expr<S> & Fits<Convolved<S, O>>,
  options: O,
): Expr<Result<Convolved<S, O>>> => {
  const {
    name,
    filters,
    kernel,
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
    activation = identity,
    shared = false,
  } = optionsOf<ConvolutionOptions>(options);
  if (typeof name !== 'string') return typed(strange('conv2d', 'a name', name));
  if (typeof filters !== 'number' || typeof kernel !== 'number')
    return typed(strange(`conv2d ${name}`, 'numbers of filters and of elements along a kernel', options));
  return typed(
    within(`conv2d ${name}`, x, (images) =>
      overImage('conv2d', images, ({ batch, channels, height, width }) => {
        if (![filters, groups].every((n) => isWhole(n, 1)) || channels % groups !== 0 || filters % groups !== 0)
          return invalid(misfit('conv2d', `${groups} groups to divide the channels and ${filters} filters`, images));
        // The axis of the groups is there only if they are many.
        const group = groups === 1 ? [] : [groups];
        const split = primitives.reshape(images, [batch, ...group, channels / groups, height, width]);
        const weights: Expr = parameter(`W${name}`, [filters, channels / groups, kernel, kernel], { shared });
        const biases: Expr = parameter(`b${name}`, [filters], { shared });
        const filtersOf = primitives.reshape(weights, [...group, filters / groups, channels / groups, kernel, kernel]);
        const g = group.map(() => 7);
        // out[b, g, f, y, x] = Σ_{c, i, j} windows[b, g, c, y, x, i, j] · weights[g, f, c, i, j]
        const products = slide('conv2d', split, { size: kernel, stride, padding, dilation }, (windows) =>
          primitives.contract(windows, [0, ...g, 1, 2, 3, 4, 5], filtersOf, [...g, 6, 1, 4, 5], [0, ...g, 6, 2, 3]),
        );
        if (products.node.op === 'invalid') return products;
        const convolved = primitives.reshape(products, [batch, filters, ...products.shape.slice(-2)]);
        const linear = add(convolved, perChannel(biases, convolved.shape));
        return applied({ layer: `conv2d ${name}`, input: images, parameters: [weights, biases], linear }, activation);
      }),
    ),
  );
};

/** What a pool needs to know. A trailing row or column that fills no window is dropped. */
export interface PoolOptions {
  readonly size: number;
  /** Elements from one window to the next; the size if absent. */
  readonly stride?: number;
}

interface PoolSliding<O extends PoolOptions> {
  readonly size: O['size'];
  readonly stride: OptionOf<O, 'stride', O['size']>;
  readonly padding: 0;
  readonly dilation: 1;
}

/** The shape of a pool's result. */
export type Pooled<Operation extends string, S extends Shape, O extends PoolOptions> = Slide<
  Operation,
  S,
  undefined,
  PoolSliding<O>
>;

const pooled = (operation: string, x: Expr, options: PoolOptions, fold: (windows: Expr) => Expr): Expr => {
  const { size, stride = size } = optionsOf(options);
  if (typeof size !== 'number' || typeof stride !== 'number') return strange(operation, 'a size and a stride', options);
  return overImage(operation, x, () => slide(operation, x, { size, stride, padding: 0, dilation: 1 }, fold));
};

/** The largest element of each window; the derivative follows the first of equals. */
export const maxPool2d = <S extends Shape, const O extends PoolOptions>(
  x: Expr<S> & Fits<Pooled<'maxPool2d', S, O>>,
  options: O,
): Expr<Result<Pooled<'maxPool2d', S, O>>> =>
  typed(pooled('maxPool2d', x, options, (windows) => primitives.reduce('max', windows, [4, 5])));

/** The mean of each window. */
export const averagePool2d = <S extends Shape, const O extends PoolOptions>(
  x: Expr<S> & Fits<Pooled<'averagePool2d', S, O>>,
  options: O,
): Expr<Result<Pooled<'averagePool2d', S, O>>> =>
  typed(pooled('averagePool2d', x, options, (windows) => mean(windows, [4, 5])));

/** The mean of each channel: [batch, channels, height, width] gives [batch, channels]. */
export const globalAveragePool = <S extends Shape>(x: Expr<S> & Fits<GlobalPool<S>>): Expr<Result<GlobalPool<S>>> =>
  typed(overImage('globalAveragePool', x, () => mean<Shape, [2, 3]>(x, [2, 3])));

/** What a batch normalisation in inference form needs to know. */
export interface NormalizationOptions {
  /** Tells its parameters from those of other layers: the scales `gamma${name}` and the shifts `beta${name}`, each [channels]. */
  readonly name: string;
  /** The mean of each channel over the training data, [channels]. */
  readonly mean: Expr;
  /** The variance of each channel over the training data, [channels]. */
  readonly variance: Expr;
  /** Added to the variance; 1e-5 if absent. */
  readonly epsilon?: number;
  /** Does it share its parameters with the other layers of its name that say so, too? A name is one layer's if absent. */
  readonly shared?: boolean;
}

/**
 * Batch normalisation in inference form, (1 + γ) (x − mean) / √(variance + ε) + β per channel (axis 1). The scale is
 * written 1 + γ, so that γ, like β, starts at 0 as every initialiser has it.
 */
export const batchNormalization = <S extends Shape>(x: Expr<S>, options: NormalizationOptions): Expr<S> => {
  const { name, mean: centre, variance, epsilon = 1e-5, shared = false } = optionsOf(options);
  if (typeof name !== 'string') return typed(strange('batchNormalization', 'a name', name));
  const bad = mistakeIn(`batchNormalization ${name}`, [centre, variance]);
  if (centre === undefined || variance === undefined || bad !== undefined)
    return typed(bad ?? strange(`batchNormalization ${name}`, 'mean and variance', options));
  return typed(
    within(`batchNormalization ${name}`, x, (images) => {
      const channels = images.shape[1];
      if (channels === undefined || !sameShape(centre.shape, [channels]) || !sameShape(variance.shape, [channels]))
        return invalid(misfit('batchNormalization', 'mean and variance [channels]', images, centre, variance));
      const deviation = primitives.map('sqrt', add(variance, epsilon));
      const gamma: Expr = parameter(`gamma${name}`, [channels], { shared });
      const beta: Expr = parameter(`beta${name}`, [channels], { shared });
      const scale = div(add(gamma, 1), deviation);
      const centred = primitives.map('sub', images, perChannel(centre, images.shape));
      const linear = add(mul(centred, perChannel(scale, images.shape)), perChannel(beta, images.shape));
      const layer = `batchNormalization ${name}`;
      return applied({ layer, input: images, parameters: [gamma, beta], linear }, identity);
    }),
  );
};
