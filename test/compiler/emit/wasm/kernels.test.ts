/**
 * Random kernels in WebAssembly against the float64 interpreter: axes of any extents, strides and offsets, axes merged or
 * not, quotient axes with guards, sums of one and two parts, maxima, positions of maxima, and bodies over them. The
 * operands are positive, so that a relative bound holds; one and two threads must agree bit for bit.
 */
import { assert } from 'chai';
import * as fc from 'fast-check';
import type { Accumulator, Affine, Axis, Block, Instruction, Kernel, Program } from '../../../../compiler/program.js';
import { interpreterTarget } from '../../../../runtime/interpreter.js';
import {
  accumulator,
  affine,
  apply,
  constant,
  fold,
  load,
  loop,
  productTerm,
  program,
  quotient,
  rowMajor,
  step,
} from '../../../cases/builder.js';
import { outputOn, targetFor } from '../../../runtime/wasm/run.js';
import { numbers } from '../../../support/numbers.js';

const extents = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constantFrom(8, 10, 12, 16, 17, 20, 24, 33));

interface Shape {
  readonly outputs: readonly number[];
  readonly reductions: readonly number[];
  readonly second: readonly number[];
  readonly kind: Accumulator['kind'];
  /** Picks strides, windows and functions. */
  readonly choices: readonly number[];
}

const size = (axes: readonly number[]): number => axes.reduce((product, extent) => product * extent, 1);

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    outputs: fc.array(extents, { maxLength: 3 }),
    reductions: fc.array(extents, { minLength: 1, maxLength: 3 }),
    second: fc.array(extents, { maxLength: 2 }),
    kind: fc.constantFrom<Accumulator['kind']>('sum', 'sum', 'sum', 'max', 'argmax'),
    choices: fc.array(fc.nat(99), { minLength: 24, maxLength: 24 }),
  })
  // what the interpreter can do in a few milliseconds
  .filter(({ outputs, reductions, second }) => size(outputs) * (size(reductions) + size(second)) <= 12000);

const longShapes: fc.Arbitrary<Shape> = fc.record({
  outputs: fc.constantFrom<readonly number[]>([], [3], [10], [5, 4], [50], [130]),
  reductions: fc.constantFrom<readonly number[]>([700], [1000], [4099], [5000], [5003], [130, 40], [3, 1700]),
  second: fc.constantFrom<readonly number[]>([], [600]),
  kind: fc.constantFrom('sum', 'sum', 'max'),
  choices: fc.array(fc.nat(99), { minLength: 24, maxLength: 24 }),
});

/** The highest element that an index reaches, so that buffers are as long as needed. */
const reach = (axes: readonly Axis[], { offset, terms }: Affine): number =>
  terms.reduce((sum, term) => sum + term.stride * ((axes[term.axis]?.extent ?? 1) - 1), offset);

/** A kernel of a shape, with inputs `x`, `y` and output `z`. */
const kernelOf = ({
  outputs,
  reductions,
  second,
  kind,
  choices,
}: Shape): { kernel: Kernel; lengths: readonly number[] } => {
  let used = 0;
  const choose = (limit: number): number => {
    used += 1;
    return (choices[used % choices.length] ?? 0) % limit;
  };
  const axes: Axis[] = [...outputs, ...reductions, ...second].map(loop);
  const outputAxes = outputs.map((_, i) => i);
  const firstAxes = reductions.map((_, i) => outputs.length + i);
  const secondAxes = second.map((_, i) => outputs.length + reductions.length + i);
  const lengths = [0, 0];
  /** A load along some of the axes, densely in a random order, or through a quotient axis with a guard. */
  const loadOver = (buffer: 0 | 1, available: readonly number[]): Instruction => {
    const taken = available.filter(() => choose(4) > 0);
    const order = choose(2) === 0 ? taken : [...taken].reverse();
    let stride = 1;
    const terms: [number, number][] = [];
    const guards: number[] = [];
    for (const axis of [...order].reverse()) {
      const extent = axes[axis]?.extent ?? 1;
      if (choose(5) === 0) {
        const divisor = 1 + choose(3);
        const window = quotient(affine([[axis, 1]], choose(5) - 2), divisor, Math.max(1, extent - choose(3)));
        axes.push(window);
        guards.push(axes.length - 1);
        terms.push([axes.length - 1, stride]);
      } else terms.push([axis, stride]);
      stride *= extent;
    }
    const index = affine(terms, choose(3));
    lengths[buffer] = Math.max(lengths[buffer] ?? 0, 1 + reach(axes, index));
    return load(buffer, index, guards);
  };
  const product = (over: readonly number[]): Block => {
    const [first, other] = [loadOver(0, over), loadOver(1, over)];
    const shape = choose(4);
    if (shape === 0) return [first];
    if (shape === 1) return [first, other, apply('sigmoid', 0), apply('mul', 2, 1)];
    return [first, other, apply('mul', 0, 1)];
  };
  const parts = [{ axes: firstAxes, term: product([...outputAxes, ...firstAxes]) }];
  if (kind === 'sum' && second.length > 0)
    parts.push({ axes: secondAxes, term: product([...outputAxes, ...secondAxes]) });
  const bodies: readonly Block[] = [
    [accumulator()],
    [accumulator(), loadOver(0, outputAxes), apply('add', 0, 1)],
    [
      accumulator(),
      constant(0.1),
      apply('mul', 0, 1),
      apply('sigmoid', 2),
      loadOver(1, outputAxes),
      apply('mul', 3, 4),
    ],
  ];
  const kernel: Kernel = {
    name: 'random',
    axes,
    outputAxes,
    output: 2,
    accumulators: [{ kind, parts }],
    body: bodies[choose(bodies.length)] ?? [accumulator()],
  };
  return { kernel, lengths: lengths.map((length) => Math.max(1, length)) };
};

const programOf = (shape: Shape): Program => {
  const { kernel, lengths } = kernelOf(shape);
  const outputs = shape.outputs.reduce((product, extent) => product * extent, 1);
  const [x = 1, y = 1] = lengths;
  return program(
    'random',
    [
      { name: 'x', shape: [x] },
      { name: 'y', shape: [y] },
      { name: 'z', shape: [outputs] },
    ],
    [{ name: 'main', inputs: [0, 1], outputs: [2], steps: [step(kernel)] }],
  );
};

const positive = (length: number, seed: number): Float32Array => Float32Array.from(numbers(seed, length, 0.1, 1.1));

describe('wasm: random kernels', () => {
  const [one, two] = [targetFor({ threads: 1 }), targetFor({ threads: 2 })];

  const check =
    (tolerance: number) =>
    async (shape: Shape): Promise<void> => {
      const compiled = programOf(shape);
      const inputs = {
        x: positive(compiled.buffers[0]?.length ?? 0, 1),
        y: positive(compiled.buffers[1]?.length ?? 0, 2),
      };
      const targets = [await one(), await two(), interpreterTarget];
      const [single, double, expected = new Float32Array(0)] = await outputOn(targets, compiled, {
        stage: 'main',
        inputs,
        output: 'z',
      });
      assert.deepEqual(double, single);
      assert.equal(single?.length, expected.length);
      for (const [i, value] of expected.entries()) {
        const actual = single?.[i] ?? Number.NaN;
        assert.isAtMost(
          Math.abs(actual - value),
          tolerance * Math.abs(value),
          `element ${i}: ${actual} instead of ${value}`,
        );
      }
    };

  it('agree with the interpreter', () => fc.assert(fc.asyncProperty(shapes, check(1e-5)), { numRuns: 200 }));

  it('agree with the interpreter where reductions are long', () =>
    fc.assert(fc.asyncProperty(longShapes, check(1e-5)), { numRuns: 40 }));

  it('add up thousands of equal terms to 1e-5 along every axis that lanes may follow', async () => {
    const [rows, columns, terms] = [45, 48, 16000];
    // left · rightᵀ: both contiguous along the sum; left · right: along the columns
    const byRows = [load(0, rowMajor([0, 2], terms)), load(1, rowMajor([1, 2], terms)), apply('mul', 0, 1)];
    for (const term of [byRows, productTerm({ buffer: 0, columns: terms }, { buffer: 1, columns })]) {
      const compiled = program(
        'equal',
        [
          { name: 'x', shape: [rows, terms] },
          { name: 'y', shape: [columns * terms] },
          { name: 'z', shape: [rows, columns] },
        ],
        [
          {
            name: 'main',
            inputs: [0, 1],
            outputs: [2],
            steps: [step(fold({ name: 'sum', outputs: [rows, columns], folded: [terms], output: 2, terms: [term] }))],
          },
        ],
      );
      // every row of z has terms of its own, all equal
      const x = Float32Array.from({ length: rows * terms }, (_, i) => 0.1 + 0.07 * Math.floor(i / terms));
      const inputs = { x, y: new Float32Array(columns * terms).fill(1) };
      const [single = new Float32Array(0), double] = await outputOn([await one(), await two()], compiled, {
        stage: 'main',
        inputs,
        output: 'z',
      });
      assert.deepEqual(double, single);
      assert.equal(single.length, rows * columns);
      for (const [i, value] of single.entries()) {
        const exact = terms * (x[terms * Math.floor(i / columns)] ?? Number.NaN);
        assert.isAtMost(Math.abs(value / exact - 1), 1e-5, `element ${i}`);
      }
    }
  });

  // terms that fill no vector stand beside lanes that have to count for nothing, whatever the factors are
  const products = {
    'left · rightᵀ': [load(0, rowMajor([0, 2], 11)), load(1, rowMajor([1, 2], 11)), apply('mul', 0, 1)],
    'left · rightᵀ, scaled': [load(0, rowMajor([0, 2], 11)), load(1, affine([[1, 11]])), apply('mul', 0, 1)],
  };
  for (const [name, term] of Object.entries(products))
    it(`keep infinities out of empty lanes: ${name}`, async () => {
      for (let terms = 1; terms <= 11; terms += 1) {
        const compiled = program(
          'rest',
          [
            { name: 'x', shape: [5, 11] },
            { name: 'y', shape: [7, 11] },
            { name: 'z', shape: [5, 7] },
          ],
          [
            {
              name: 'main',
              inputs: [0, 1],
              outputs: [2],
              steps: [step(fold({ name: 'sum', outputs: [5, 7], folded: [terms], output: 2, terms: [term] }))],
            },
          ],
        );
        const x = positive(55, 3);
        for (let i = 0; i < 5; i += 1) x[11 * i + ((terms + i) % 11)] = Number.POSITIVE_INFINITY;
        const y = positive(77, 4);
        y[3 * 11] = Number.POSITIVE_INFINITY;
        const [actual = new Float32Array(0), expected = new Float32Array(0)] = await outputOn(
          [await one(), interpreterTarget],
          compiled,
          { stage: 'main', inputs: { x, y }, output: 'z' },
        );
        assert.equal(actual.length, 35);
        for (const [i, value] of expected.entries())
          if (Number.isFinite(value))
            assert.closeTo(actual[i] ?? Number.NaN, value, 1e-5 * value, `${terms} terms, ${i}`);
          else assert.equal(actual[i], value, `${terms} terms, element ${i}`);
      }
    });
});
