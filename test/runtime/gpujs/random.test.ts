/** Random kernels: guards, strides, folds and scalar functions in any combination, against the interpreter. */
import { expect } from 'chai';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import type { Affine, Axis, Block, Instruction, Kernel } from '../../../compiler/program.js';
import { type ScalarFunction, scalarRow } from '../../../dsl/scalar.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { showTargetError } from '../../../runtime/target.js';
import { accumulator, affine, apply, load, loop, program, quotient, step } from '../../cases/builder.js';
import { compareToInterpreter } from '../../cases/compare.js';
import { noise } from '../../cases/values.js';

/** Continuous functions, in which float32 and float64 cannot take different sides. */
const functions: readonly ScalarFunction[] = [
  'add',
  'sub',
  'mul',
  'max',
  'min',
  'neg',
  'abs',
  'tanh',
  'sigmoid',
  'softplus',
];

/** Length of the two buffers that kernels read: above every address below. */
const length = 200;

const extents = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });

/** An address with non-negative strides over some axes of extent at most 5. */
const addressOver = (axes: readonly number[]): fc.Arbitrary<Affine> =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: axes.length, maxLength: axes.length }),
    )
    .map(([offset, strides]) =>
      affine(
        axes.map((axis, i) => [axis, strides[i] ?? 0] as const),
        offset,
      ),
    );

/** A block: two loads (the second one guarded), then functions of what is there. */
const blockOver = (axes: readonly number[], guard: number, first: readonly Instruction[]): fc.Arbitrary<Block> =>
  fc
    .tuple(
      addressOver(axes),
      addressOver([guard]),
      fc.array(fc.tuple(fc.constantFrom(...functions), fc.nat(), fc.nat()), { minLength: 1, maxLength: 5 }),
    )
    .map(([plain, guarded, applications]) => {
      const block: Instruction[] = [...first, load(0, plain), load(1, guarded, [guard])];
      for (const [fn, x, y] of applications)
        block.push(apply(fn, ...[x % block.length, y % block.length].slice(0, scalarRow(fn).arity)));
      return block;
    });

const kernels: fc.Arbitrary<Kernel> = fc
  .record({
    outputs: extents,
    folded: extents,
    divisor: fc.integer({ min: 1, max: 3 }),
    offset: fc.integer({ min: -3, max: 3 }),
  })
  .chain(({ outputs, folded, divisor, offset }) => {
    const loops = [...outputs, ...folded];
    const outputAxes = outputs.map((_, i) => i);
    const foldAxes = folded.map((_, i) => outputs.length + i);
    const inner = loops.length;
    const outer = loops.length + 1;
    const axes: readonly Axis[] = [
      ...loops.map(loop),
      quotient(
        affine(
          [
            [0, 1],
            [foldAxes[0] ?? 0, -1],
          ],
          offset,
        ),
        divisor,
        4,
      ),
      quotient(affine([[outputs.length - 1, 2]], offset), divisor, 4),
    ];
    return fc
      .record({
        term: blockOver([...outputAxes, ...foldAxes], inner, []),
        body: blockOver(outputAxes, outer, [accumulator()]),
        kind: fc.constantFrom('sum' as const, 'max' as const),
      })
      .map(({ term, body, kind }) => ({
        name: 'random',
        axes,
        outputAxes,
        output: 2,
        accumulators: [{ kind, parts: [{ axes: foldAxes, term }] }],
        body,
      }));
  });

for (const mode of ['cpu', 'webasm'] as const)
  describe(`random kernels on gpujs:${mode}`, () => {
    it('agree with the interpreter', async () => {
      const target = await gpujsTarget(mode)();
      if (E.isLeft(target)) throw new Error(showTargetError(target.left));
      await fc.assert(
        fc.asyncProperty(kernels, async (kernel) => {
          const shape = kernel.outputAxes.map((axis) => kernel.axes[axis]?.extent ?? 1);
          const source = program(
            'random',
            [
              { name: 'x', shape: [length] },
              { name: 'y', shape: [length] },
              { name: 'z', shape },
            ],
            [{ name: 'run', inputs: [0, 1], outputs: [2], steps: [step(kernel)] }],
          );
          const runs = [{ stage: 'run', inputs: { x: noise(length, 50), y: noise(length, 51) } }];
          // differences of nearly equal values, such as tanh x − x, keep the rounding of those
          const found = await compareToInterpreter(target.right, { name: 'random', program: source, runs }, 100);
          expect(found).to.deep.equal([]);
        }),
        { numRuns: 60 },
      );
      target.right.dispose();
    });
  });
