/** Packed operands: which sums get them, and that their values are those of the float64 interpreter. */
import { assert } from 'chai';
import { normalise } from '../../../../compiler/emit/wasm/normalise.js';
import { packOperands } from '../../../../compiler/emit/wasm/pack.js';
import type { Instruction, Kernel } from '../../../../compiler/program.js';
import { interpreterTarget } from '../../../../runtime/interpreter.js';
import { accumulator, affine, apply, fold, load, program, step } from '../../../cases/builder.js';
import { outputOn, targetFor } from '../../../runtime/wasm/run.js';
import { numbers } from '../../../support/numbers.js';

interface Convolution {
  readonly images: number;
  readonly channels: number;
  readonly filters: number;
  /** The side of the output; the images have two rows and columns more. */
  readonly side: number;
}

const [x, w, z, mask] = [0, 1, 2, 3] as const;

const loads = ({ channels, side }: Convolution): readonly Instruction[] => {
  const width = side + 2;
  const image = affine([
    [0, channels * width * width],
    [4, width * width],
    [2, width],
    [5, width],
    [3, 1],
    [6, 1],
  ]);
  const weights = affine([
    [1, channels * 9],
    [4, 9],
    [5, 3],
    [6, 1],
  ]);
  return [load(x, image), load(w, weights), apply('mul', 0, 1)];
};

/** 3 × 3 convolution, [images, filters, side, side] from weights [filters, channels, 3, 3], times a mask at the end. */
const convolution = (sizes: Convolution): Kernel => {
  const { images, channels, filters, side } = sizes;
  const output = affine([
    [0, filters * side * side],
    [1, side * side],
    [2, side],
    [3, 1],
  ]);
  return fold({
    name: 'convolution',
    outputs: [images, filters, side, side],
    folded: [channels, 3, 3],
    output: z,
    terms: [loads(sizes)],
    body: [accumulator(), load(mask, output), apply('mul', 0, 1)],
  });
};

const positive = (length: number, seed: number): Float32Array => Float32Array.from(numbers(seed, length, 0.1, 1.1));

describe('wasm: packed operands', () => {
  const [one, two] = [targetFor({ threads: 1 }), targetFor({ threads: 2 })];

  it('are the weights of a convolution of narrow images', () => {
    const packed = packOperands(normalise(convolution({ images: 80, channels: 8, filters: 32, side: 5 })), 10);
    assert.deepEqual(
      packed?.copies.map(({ length, kernel }) => [length, kernel.output]),
      [[32 * 8 * 9, 10]],
    );
    // two blocks of 16 filters, the images' four axes otherwise
    assert.equal(packed?.kernel.outputAxes.length, 5);
  });

  it('are none where lanes are full without, or where a copy is used too seldom', () => {
    for (const sizes of [
      { images: 80, channels: 8, filters: 32, side: 16 },
      { images: 8, channels: 64, filters: 64, side: 5 },
    ])
      assert.isUndefined(packOperands(normalise(convolution(sizes)), 10));
  });

  // 8 channels: 72 terms in one go; 48: 432 terms in blocks, with sums beside the output
  for (const sizes of [
    { images: 41, channels: 8, filters: 32, side: 5 },
    { images: 64, channels: 48, filters: 16, side: 4 },
  ])
    it(`give what the interpreter gives, with ${sizes.channels} channels on one thread and on two`, async () => {
      const { images, channels, filters, side } = sizes;
      assert.isDefined(packOperands(normalise(convolution(sizes)), 10));
      const compiled = program(
        'packed',
        [
          { name: 'x', shape: [images, channels, side + 2, side + 2] },
          { name: 'w', shape: [filters, channels, 3, 3] },
          { name: 'z', shape: [images, filters, side, side] },
          { name: 'mask', shape: [images, filters, side, side] },
        ],
        [{ name: 'main', inputs: [x, w, mask], outputs: [z], steps: [step(convolution(sizes))] }],
      );
      const [imageLength, weightLength, outputLength] = [x, w, z].map(
        (buffer) => compiled.buffers[buffer]?.length ?? 0,
      );
      const inputs = {
        x: positive(imageLength ?? 0, 1),
        w: positive(weightLength ?? 0, 2),
        mask: positive(outputLength ?? 0, 3),
      };
      const targets = [await one(), await two(), interpreterTarget];
      const run = { stage: 'main', inputs, output: 'z' };
      const [single = new Float32Array(0), double, expected = new Float32Array(0)] = await outputOn(
        targets,
        compiled,
        run,
      );
      assert.deepEqual(double, single);
      assert.equal(expected.length, outputLength);
      assert.isBelow(Math.max(...expected.map((value, i) => Math.abs((single[i] ?? Number.NaN) / value - 1))), 1e-5);
    });
});
