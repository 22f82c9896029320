/** Convolutional networks on every target: curvature as the interpreter has it, and winners of pools. */
import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../../compiler/compile.js';
import { vjp } from '../../compiler/differentiate/derive.js';
import type { Program } from '../../compiler/program.js';
import { maxPool2d } from '../../dsl/convolution.js';
import { make, typed } from '../../dsl/expr.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../runtime/interpreter.js';
import type { Target } from '../../runtime/target.js';
import { wasmTarget } from '../../runtime/wasm/index.js';
import { outputsOf, type Values } from '../cases/compare.js';
import { networkProgramCase } from '../cases/networks.js';
import type { ProgramCase } from '../cases/programs.js';
import { rightOf } from '../support/evaluation.js';
import { type ImageSpecimen, imageNetworkOf, imageSpecimens } from '../support/images.js';
import { distance } from '../support/numbers.js';

const targets = [
  { name: 'gpujs:cpu', open: gpujsTarget('cpu'), tolerance: 1e-4, numRuns: 10 },
  { name: 'gpujs:webasm', open: gpujsTarget('webasm'), tolerance: 1e-4, numRuns: 10 },
  { name: 'wasm', open: wasmTarget({ threads: 1 }), tolerance: 1e-5, numRuns: 25 },
] as const;

const resultsOn = async (target: Target, { program, runs }: ProgramCase): Promise<readonly Values[]> => {
  const executable = rightOf(await target.compile(program)());
  const results: Values[] = [];
  for (const run of runs) results.push(await outputsOf(executable, run));
  executable.dispose();
  return results;
};

/** Where results are small the tolerance is absolute: rounding errors of terms that cancel are as large as those. */
const absolute = 1e-5;

const [height, width] = [7, 8] as const;

/** A pool of an image of few different numbers, and the adjoint of its derivative: where each window's cotangent goes. */
const poolCase = (size: number, stride: number, pixels: readonly number[]): ProgramCase => {
  const image = make({ op: 'input', name: 'image', shape: [1, 1, height, width] });
  const pooled = maxPool2d(typed<[1, 1, 7, 8]>(image), { size, stride });
  const cotangent = make({ op: 'input', name: 'cotangent', shape: pooled.shape });
  const [winners = image] = vjp(pooled, [image], cotangent);
  const program: Program = rightOf(
    compile({
      name: 'pool',
      sizes: {},
      stages: [{ name: 'run', inputs: [image, cotangent], outputs: { pooled, winners } }],
    }),
  );
  const count = Number(pooled.shape[2]) * Number(pooled.shape[3]);
  // one bit per window: a sum of them tells which windows an element has won
  const bits = Array.from({ length: count }, (_, i) => (i < 24 ? 2 ** i : 0));
  return {
    name: `pool ${size}/${stride}`,
    program,
    runs: [{ stage: 'run', inputs: { image: pixels, cotangent: bits } }],
  };
};

/** What `poolCase` gives, by its definition. */
const poolByHand = (size: number, stride: number, pixels: readonly number[]): Values => {
  const winners = Array.from({ length: height * width }, () => 0);
  const pooled: number[] = [];
  for (let row = 0; row + size <= height; row += stride)
    for (let column = 0; column + size <= width; column += stride) {
      const places = Array.from(
        { length: size * size },
        (_, k) => (row + Math.floor(k / size)) * width + column + (k % size),
      );
      const largest = Math.max(...places.map((place) => pixels[place] ?? Number.NaN));
      const winner = places.find((place) => pixels[place] === largest) ?? 0;
      winners[winner] = (winners[winner] ?? 0) + (pooled.length < 24 ? 2 ** pooled.length : 0);
      pooled.push(largest);
    }
  return { pooled, winners };
};

const describeTarget = (title: string, open: () => Promise<Target>, body: (target: () => Promise<Target>) => void) =>
  describe(title, () => {
    const opened = open();
    after(async () => (await opened).dispose());
    body(() => opened);
  });

const poolLaw = (target: () => Promise<Target>, name: string): void => {
  it('follow the first of equals in every window of a pool', async () => {
    const on = await target();
    expect(on.name).to.equal(name);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: height * width, maxLength: height * width }),
        async (size, stride, pixels) => {
          const [result] = await resultsOn(on, poolCase(size, stride, pixels));
          expect(result).to.deep.equal(poolByHand(size, stride, pixels));
        },
      ),
      { numRuns: 12 },
    );
  });
};

describe('convolutional networks', () => {
  describeTarget(
    'on the interpreter',
    async () => interpreterTarget,
    (target) => poolLaw(target, 'interpreter'),
  );

  for (const { name, open, tolerance, numRuns } of targets)
    describeTarget(
      `on ${name}`,
      async () => rightOf(await open()),
      (target) => {
        poolLaw(target, name);

        it('have the losses and Gauss-Newton products of the interpreter', async () => {
          const on = await target();
          await fc.assert(
            fc.asyncProperty(imageSpecimens({ minExtent: 3, maxExtent: 7 }), async (specimen) => {
              const network = networkProgramCase('images', imageNetworkOf(specimen), specimen);
              const [actual, expected] = [await resultsOn(on, network), await resultsOn(interpreterTarget, network)];
              for (const [run, values] of expected.entries())
                for (const [output, value] of Object.entries(values))
                  expect(distance(actual[run]?.[output] ?? [], value, absolute / tolerance), output).to.be.below(
                    tolerance,
                  );
            }),
            { numRuns },
          );
        });
      },
    );

  describeTarget(
    'on wasm with two threads',
    async () => rightOf(await wasmTarget({ threads: 2 })()),
    (target) => {
      it('have the same bits as with one', async () => {
        const convolution = { kind: 'conv', kernel: 3, dilation: 1, groups: 1, activation: 'relu' } as const;
        const specimen: ImageSpecimen = {
          batch: 64,
          channels: 3,
          height: 16,
          width: 15,
          layers: [
            { ...convolution, filters: 8, stride: 1, padding: 0 },
            { kind: 'maxPool', size: 2, stride: 2 },
            { ...convolution, filters: 16, stride: 2, padding: 1 },
          ],
          head: 'flatten',
          outputs: 10,
          loss: 'softmaxCrossEntropy',
          seed: 4,
        };
        const network = networkProgramCase('images', imageNetworkOf(specimen), specimen);
        const [one, two] = [rightOf(await wasmTarget({ threads: 1 })()), await target()];
        const executable = rightOf(await two.compile(network.program)());
        expect(executable.threads).to.equal(2);
        expect(await resultsOn(two, network)).to.deep.equal(await resultsOn(one, network));
        executable.dispose();
        one.dispose();
      });
    },
  );
});
