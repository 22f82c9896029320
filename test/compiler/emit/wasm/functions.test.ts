/**
 * The scalar functions in WebAssembly against float64, over the whole range of float32: random bit patterns, every power
 * of two, the edges of every approximation, and NaN, ±∞, ±0 and denormals.
 */
import { assert } from 'chai';
import * as fc from 'fast-check';
import { type ScalarFunction, scalarFunctions, scalarRow } from '../../../../dsl/scalar.js';
import { affine, apply, load, loop, pointwise, program, step } from '../../../cases/builder.js';
import { arraysOf, compileOn, runStage, targetFor } from '../../../runtime/wasm/run.js';

const count = 4099;

/** A program that applies a function to its inputs, element by element. */
const applying = (fn: ScalarFunction, length: number) => {
  const { arity } = scalarRow(fn);
  const operands = Array.from({ length: arity }, (_, i) => i);
  const index = affine([[0, 1]]);
  const body = [...operands.map((i) => load(i, index)), apply(fn, ...operands)];
  const buffers = [...operands.map((i) => ({ name: `x${i}`, shape: [length] })), { name: 'y', shape: [length] }];
  return program(fn, buffers, [
    {
      name: 'main',
      inputs: operands,
      outputs: [arity],
      steps: [step(pointwise('apply', [loop(length)], [0], arity, body))],
    },
  ]);
};

const powersOfTwo = Array.from({ length: 277 }, (_, i) => 2 ** (i - 149));
const edges = [0.625, Math.SQRT2 - 1, Math.SQRT1_2, Math.SQRT2, 1, 88.72284, 89, -87.33655, -103.972, -105, 17.3, 9.01];
const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, -1e-45, 3.4028235e38];
const fixed = [
  ...special,
  ...[...powersOfTwo, ...edges].flatMap((x) => [x, -x, x * (1 + 2 ** -23), x * (1 - 2 ** -24)]),
];

/** The fixed numbers, then numbers of all magnitudes (any bit pattern) and ordinary ones, from a seed. */
const numbers = (seed: number): Float32Array => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  const bits = new Uint32Array(1);
  const pattern = new Float32Array(bits.buffer);
  return Float32Array.from({ length: count }, (_, i) => {
    if (i < fixed.length) return fixed[i] ?? 0;
    if (i % 2 === 0) return (next() / 2 ** 32 - 0.5) * 220;
    bits[0] = (next() & 0xffff0000) | (next() >>> 16);
    return pattern[0] ?? 0;
  });
};

/** Functions of one rounding are exact; the others are within 2 · 2⁻²³, or the smallest denormal. */
const exact = new Set<ScalarFunction>([
  ...(['neg', 'abs', 'sqrt', 'isFinite', 'add', 'sub', 'mul', 'div', 'max', 'min', 'less', 'equal', 'select'] as const),
]);

const largest = 3.4028234663852886e38;

const agrees = (fn: ScalarFunction, actual: number, expected: number): boolean => {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  const rounded = Math.fround(expected);
  if (exact.has(fn)) return actual === rounded;
  if (!Number.isFinite(rounded) || !Number.isFinite(actual))
    return (
      actual === rounded || (Math.abs(expected) > largest * (1 - 2 ** -22) && Math.sign(actual) === Math.sign(expected))
    );
  return Math.abs(actual - expected) <= 2 * 2 ** -23 * Math.abs(expected) + 2 ** -149;
};

describe('wasm: scalar functions', () => {
  const target = targetFor({ threads: 1 });
  for (const fn of Object.keys(scalarFunctions) as readonly ScalarFunction[])
    it(`${fn} over the whole range`, async () => {
      const { arity, evaluate } = scalarRow(fn);
      const executable = await compileOn(await target(), applying(fn, count));
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(count - 1), async (seed, turn) => {
          // operands of two and three turn against each other, so that special values meet ordinary ones
          const given = Array.from({ length: arity }, (_, i) => numbers(seed + i));
          const operands = given.map((x, i) => Float32Array.from(x, (_, j) => x[(j + i * turn) % x.length] ?? 0));
          const inputs = Object.fromEntries(operands.map((x, i) => [`x${i}`, x]));
          const { y = new Float32Array(0) } = await arraysOf(await runStage(executable, 'main', inputs));
          assert.equal(y.length, operands[0]?.length);
          for (const [i, actual] of y.entries()) {
            const x = operands.map((operand) => operand[i] ?? 0);
            const expected = evaluate(...x);
            assert.isTrue(agrees(fn, actual, expected), `${fn}(${x.join(', ')}) = ${actual}, expected ${expected}`);
          }
        }),
        { numRuns: 20 },
      );
    });

  it('gives the same bits alone and among four lanes', async () => {
    const values = Float32Array.from({ length: 203 }, (_, i) => (i - 101) * 0.37);
    for (const fn of ['exp', 'log', 'tanh', 'sigmoid', 'softplus'] as const) {
      const many = await compileOn(await target(), applying(fn, values.length));
      const one = await compileOn(await target(), applying(fn, 1));
      const { y: together = new Float32Array(0) } = await arraysOf(await runStage(many, 'main', { x0: values }));
      for (const [i, x] of values.entries()) {
        const { y: alone = new Float32Array(0) } = await arraysOf(
          await runStage(one, 'main', { x0: Float32Array.of(x) }),
        );
        assert.isTrue(Object.is(alone[0], together[i]), `${fn}(${x}): ${alone[0]} and ${together[i]}`);
      }
    }
  });
});
