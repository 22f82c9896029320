import { expect } from 'chai';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import {
  averagePool2d,
  batchNormalization,
  check,
  conv2d,
  type Expr,
  globalAveragePool,
  input,
  maxPool2d,
  relu,
  showDslError,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', ['batch', 1, 28, 28]);
const color = input('x', ['batch', 4, 9, 7]);
const wide: Expr = x;

const numbers = (count: number, seed: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(1 + seed * 7.7 + i * 1.3));

describe('convolutional layers', () => {
  it('have the sizes of their formulas, in types and at run time', () => {
    exactly(conv2d(x, { name: '1', filters: 6, kernel: 5 }), ['batch', 6, 24, 24]);
    exactly(conv2d(x, { name: '1', filters: 6, kernel: 3, padding: 1, activation: relu }), ['batch', 6, 28, 28]);
    exactly(conv2d(x, { name: '1', filters: 6, kernel: 3, stride: 2, dilation: 3 }), ['batch', 6, 11, 11]);
    exactly(conv2d(color, { name: '1', filters: 8, kernel: 1, groups: 4 }), ['batch', 8, 9, 7]);
    exactly(conv2d(color, { name: '1', filters: 8, kernel: 7 }), ['batch', 8, 3, 1]);
    exactly(maxPool2d(color, { size: 2 }), ['batch', 4, 4, 3]);
    exactly(averagePool2d(color, { size: 3, stride: 1 }), ['batch', 4, 7, 5]);
    exactly(globalAveragePool(color), ['batch', 4]);
    expect(conv2d(wide, { name: '1', filters: 6, kernel: 5 }).shape).to.deep.equal(['batch', 6, 24, 24]);
  });

  it('report windows larger than the image, and what is no image', () => {
    // @ts-expect-error: 8 is larger than 7
    mistaken('conv2d', conv2d(color, { name: '1', filters: 6, kernel: 8 }));
    // @ts-expect-error: a window of 4 elements 3 apart spans 10
    mistaken('conv2d', conv2d(color, { name: '1', filters: 6, kernel: 4, dilation: 3 }));
    // @ts-expect-error: 10 is larger than 9
    mistaken('maxPool2d', maxPool2d(color, { size: 10 }));
    // @ts-expect-error: 8 is larger than 7
    mistaken('averagePool2d', averagePool2d(color, { size: 8, stride: 1 }));
    // @ts-expect-error: a matrix is no image
    mistaken('conv2d', conv2d(input('m', ['batch', 784]), { name: '1', filters: 6, kernel: 5 }));
    // @ts-expect-error: a matrix is no image
    mistaken('globalAveragePool', globalAveragePool(input('m', ['batch', 784])));
    // @ts-expect-error: the height is not a literal size
    mistaken('maxPool2d', maxPool2d(input('m', ['batch', 3, 'height', 4]), { size: 2 }));
    mistaken('conv2d', conv2d(wide, { name: '1', filters: 6, kernel: 29 }));
  });

  it('report options that make no sense', () => {
    mistaken('conv2d', conv2d(color, { name: '1', filters: 8, kernel: 1, groups: 3 }));
    mistaken('conv2d', conv2d(color, { name: '1', filters: 6, kernel: 1, groups: 4 }));
    mistaken('conv2d', conv2d(wide, { name: '1', filters: 6, kernel: 2.5 }));
    mistaken('conv2d', conv2d(wide, { name: '1', filters: 6, kernel: 2, stride: 0 }));
    mistaken('conv2d', conv2d(wide, { name: '1', filters: 6, kernel: 2, padding: -1 }));
    mistaken('conv2d', conv2d(wide, { name: '1', filters: 0, kernel: 2 }));
    const error = check(conv2d(wide, { name: 'Stem', filters: 6, kernel: 29 }));
    expect(E.isLeft(error) && showDslError(error.left)).to.equal(
      'conv2d: expected an image no smaller than its windows of 29 × 29, got x [batch, 1, 28, 28] (in conv2d Stem)',
    );
  });

  it('conv2d has the values of its definition', () => {
    const small = fc.integer({ min: 1, max: 3 });
    const options = fc.record({
      channels: small,
      filters: small,
      groups: fc.integer({ min: 1, max: 2 }),
      kernel: small,
      stride: small,
      padding: fc.nat(2),
      dilation: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(
        options,
        fc.nat(99),
        ({ channels: c, filters: f, groups, kernel, stride, padding, dilation }, seed) => {
          const [batch, height, width, channels, filters] = [2, 6, 5, c * groups, f * groups];
          const layer = conv2d(input('x', [batch, channels, height, width]), {
            name: '1',
            filters,
            kernel,
            stride,
            padding,
            dilation,
            groups,
          });
          const values = numbers(batch * channels * height * width, seed);
          const weights = numbers(filters * c * kernel * kernel, seed + 1);
          const biases = numbers(filters, seed + 2);
          const at = (b: number, channel: number, row: number, column: number): number =>
            row < 0 || column < 0 || row >= height || column >= width
              ? 0
              : (values[((b * channels + channel) * height + row) * width + column] ?? Number.NaN);
          const [, , rows = 0, columns = 0] = layer.shape;
          const expected: number[] = [];
          for (let b = 0; b < batch; b++)
            for (let filter = 0; filter < filters; filter++)
              for (let row = 0; row < rows; row++)
                for (let column = 0; column < columns; column++) {
                  let total = biases[filter] ?? Number.NaN;
                  for (let channel = 0; channel < c; channel++)
                    for (let i = 0; i < kernel; i++)
                      for (let j = 0; j < kernel; j++) {
                        const source = Math.floor(filter / f) * c + channel;
                        const value = at(
                          b,
                          source,
                          row * stride - padding + i * dilation,
                          column * stride - padding + j * dilation,
                        );
                        total += value * (weights[((filter * c + channel) * kernel + i) * kernel + j] ?? Number.NaN);
                      }
                  expected.push(total);
                }
          expectClose(valuesOf(layer, { x: values, W1: weights, b1: biases }), expected, 1e-11);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('pools fold each window, and drop a trailing row or column', () => {
    const image = input('x', [1, 1, 3, 5]);
    const values = { x: [1, 5, 2, 0, 9, 3, 4, 8, 7, 9, 6, 6, 6, 6, 6] };
    expect(valuesOf(maxPool2d(image, { size: 2 }), values)).to.deep.equal([5, 8]);
    expect(valuesOf(averagePool2d(image, { size: 2 }), values)).to.deep.equal([13 / 4, 17 / 4]);
    expectClose(valuesOf(globalAveragePool(input('x', [1, 3, 1, 5])), values), [17 / 5, 31 / 5, 6]);
  });

  it('batch normalisation in inference form scales and shifts each channel', () => {
    const [mean, variance] = [input('mean', [2]), input('variance', [2])];
    const layer = batchNormalization(input('x', ['batch', 2, 1, 2]), { name: '1', mean, variance, epsilon: 0.25 });
    exactly(layer, ['batch', 2, 1, 2]);
    exactly(batchNormalization(input('x', ['batch', 2]), { name: '1', mean, variance }), ['batch', 2]);
    const values = valuesOf(
      layer,
      { x: [1, 2, 3, 4], mean: [1, 2], variance: [0.75, 3.75], gamma1: [0, 1], beta1: [5, 0] },
      { batch: 1 },
    );
    expectClose(values, [5, 6, 1, 2]);
    mistaken('batchNormalization', batchNormalization(color, { name: '1', mean, variance }));
  });
});
