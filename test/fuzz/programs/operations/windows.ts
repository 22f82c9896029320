/** Steps over sliding windows: the primitives, and layers over images. */
import * as d from '../../../../dsl/convolution.js';
import type { Expr, WindowAxis } from '../../../../dsl/node.js';
import { add, relu, square, tanh } from '../../../../dsl/pointwise.js';
import * as p from '../../../../dsl/primitives.js';
import type { Shape } from '../../../../dsl/shape.js';
import { windowPositions } from '../../../../dsl/structure.js';
import type { Grow, Growth } from '../growth.js';

/** Windows that fit a shape, along one or two literal axes. */
const windowsOver = (growth: Growth, shape: Shape): readonly WindowAxis[] => {
  const axes = growth.shuffled([...shape.keys()]).slice(0, 1 + growth.below(2));
  return axes.flatMap((axis) => {
    const extent = shape[axis];
    const window = {
      axis,
      size: 1 + growth.below(3),
      stride: 1 + growth.below(3),
      dilation: growth.among([1, 1, 1, 2, -1, -2]),
    };
    return typeof extent === 'number' && windowPositions(extent, window) >= 1 ? [window] : [];
  });
};

/** Steps for the primitives. */
export const windowPrimitives = {
  windowed: (growth) => {
    const x = growth.pick(({ shape }) => shape.length <= 4 && shape.some((dim) => typeof dim === 'number' && dim > 1));
    const windows = windowsOver(growth, x.shape);
    return windows.length === 0 ? undefined : p.windowed(x, windows);
  },
  windowAdjoint: (growth) => {
    const shape = growth.pick(
      (x) => x.shape.length <= 3 && x.shape.some((dim) => typeof dim === 'number' && dim > 1),
    ).shape;
    const windows = windowsOver(growth, shape);
    if (windows.length === 0) return undefined;
    const slid = p.windowed(p.zeros(shape), windows).shape;
    return p.windowAdjoint(growth.like(slid), windows, shape);
  },
} satisfies Readonly<Record<string, Grow>>;

/** An image [batch, channels, height, width]. */
export const image = (growth: Growth): Expr => {
  const found = growth.any(
    growth.pool.filter(
      ({ shape: [, c, h, w, ...more] }) =>
        more.length === 0 && [c, h, w].every((dim) => typeof dim === 'number') && Number(h) > 1 && Number(w) > 1,
    ),
  );
  if (found !== undefined && growth.chance(0.7)) return found;
  const side = (): number => 2 + growth.below(growth.mostElements > 1000 ? 9 : 4);
  return growth.like([growth.among(growth.dims), growth.among([1, 2, 2, 3, 4]), side(), side()]);
};

const least = ({ shape }: Expr): number => Math.min(Number(shape[2]), Number(shape[3]));

/** A name that no other layer has. */
export const fresh = ({ below }: Growth, prefix: string): string => `${prefix}${below(2 ** 30)}`;

const pooling =
  (f: (x: Expr, options: d.PoolOptions) => Expr): Grow =>
  (growth) => {
    const x = image(growth);
    const size = 1 + growth.below(Math.min(3, least(x)));
    return f(x, { size, ...(growth.chance(0.5) ? { stride: 1 + growth.below(3) } : {}) });
  };

/** The layers that `dsl/convolution.ts` exports. */
export type ConvolutionName = keyof typeof d;

/** A step for every layer over images. */
export const convolutionSteps: { readonly [N in ConvolutionName]: Grow } = {
  conv2d: (growth) => {
    const x = image(growth);
    const channels = Number(x.shape[1]);
    const groups = growth.any([1, 1, 2, 3].filter((n) => channels % n === 0)) ?? 1;
    const padding = growth.below(3);
    const kernel = 1 + growth.below(Math.min(3, least(x) + 2 * padding));
    const dilation = (kernel - 1) * 2 + 1 <= least(x) + 2 * padding ? 1 + growth.below(2) : 1;
    return d.conv2d(x, {
      name: fresh(growth, 'c'),
      filters: groups * (1 + growth.below(3)),
      kernel,
      stride: 1 + growth.below(2),
      padding,
      dilation,
      groups,
      ...(growth.chance(0.5) ? { activation: growth.among([relu, tanh]) } : {}),
    });
  },
  maxPool2d: pooling((x, options) => d.maxPool2d(x, options)),
  averagePool2d: pooling((x, options) => d.averagePool2d(x, options)),
  globalAveragePool: (growth) => d.globalAveragePool(image(growth)),
  batchNormalization: (growth) => {
    const x = growth.pick(({ shape }) => shape.length > 1);
    const channels = x.shape[1];
    if (typeof channels !== 'number') return undefined;
    const [mean, spread] = [growth.like([channels]), growth.like([channels])];
    return d.batchNormalization(x, { name: fresh(growth, 'n'), mean, variance: add(square(spread), 0.3) });
  },
};
