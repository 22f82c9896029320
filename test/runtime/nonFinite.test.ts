/** What is not finite is the same on every target, and no rewrite hides it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { make } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { broadcastTo, contract, literal, map, pad, reduce, windowed } from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import { scalarRow } from '../../dsl/scalar.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import type { Target } from '../../runtime/target.js';
import type { Values } from '../cases/compare.js';
import { evaluatedByName, hostTargets, runEverywhere, targetsFor } from '../support/targets.js';
import { describeOnSwiftShader } from './gpujs/swiftShader.js';

const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -2, 0.5, 4] as const;
// every pair of them
const length = special.length ** 2;
const v: Expr = make({ op: 'input', name: 'v', shape: [length] });
const w: Expr = make({ op: 'input', name: 'w', shape: [length] });
const inputs = [v, w];
const values = {
  v: special.flatMap((a) => special.map(() => a)),
  w: special.flatMap(() => [...special]),
};
const constant = (value: number): Expr => broadcastTo(literal(value), [length], []);

/** NaN, infinities and numbers up to rounding; the sign of a zero is nobody's. */
const same = (a: number, b: number): boolean =>
  Object.is(a, b) || (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b)));

const differences = (actual: Values, expected: Values): readonly string[] =>
  Object.entries(expected).flatMap(([name, array]) =>
    array.flatMap((value, i) => {
      const other = actual[name]?.[i] ?? Number.POSITIVE_INFINITY;
      return same(other, value) ? [] : [`${name}(${values.v[i]}, ${values.w[i]}): ${other} instead of ${value}`];
    }),
  );

/** Functions without rounding on the special values, of which compositions are exact, too. */
const exact = ['neg', 'abs', 'add', 'sub', 'mul', 'max', 'min', 'less', 'equal', 'select', 'isFinite'] as const;

/** Functions of which one more may be applied to such a composition; of the rest, rounding decides comparisons. */
const last = ['exp', 'log', 'sqrt', 'tanh', 'sigmoid', 'softplus', 'neg'] as const satisfies readonly ScalarFunction[];

/** Compositions of v, w and constants, zeros among them. */
const compositions: fc.Arbitrary<Expr> = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...exact), fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }),
    fc.constantFrom(...last),
  )
  .map(([steps, outermost]) => {
    const pool: Expr[] = [v, w, constant(0), constant(1), constant(-2), constant(Number.POSITIVE_INFINITY)];
    const at = (i: number): Expr => pool[pool.length - 1 - (i % pool.length)] ?? v;
    for (const [fn, ...operands] of steps) pool.push(map(fn, ...operands.slice(0, scalarRow(fn).arity).map(at)));
    return map(outermost, pool.at(-1) ?? v);
  });

const matrix: Expr = make({ op: 'input', name: 'matrix', shape: [8, 8] });
const row: Expr = make({ op: 'input', name: 'row', shape: [8] });

/** Expects every target to give what `evaluate` gives. */
const agreeOn =
  (targets: readonly Target[]) =>
  async (
    outputs: Readonly<Record<string, Expr>>,
    given: readonly Expr[] = inputs,
    of: Readonly<Record<string, readonly number[]>> = values,
  ): Promise<void> => {
    const expected = evaluatedByName(outputs, of);
    for (const [title, results] of Object.entries(await runEverywhere(targets, outputs, given, of)))
      expect(differences(results, expected), title).to.deep.equal([]);
  };

/** What holds on shaders, too, as they are written today. */
const laws = (targets: readonly Target[]): void => {
  const agree = agreeOn(targets);
  it('is not hidden by a factor of zero, a numerator of zero, a difference or a power', () =>
    agree({
      v·0: map('mul', v, constant(0)),
      '0·v': map('mul', constant(0), v),
      '0·(0.5·v)': map('mul', constant(0), map('mul', constant(0.5), v)),
      '0·tanh(v)': map('mul', constant(0), map('tanh', v)),
      '0·[v<w]': map('mul', constant(0), map('less', v, w)),
      '0/v': map('div', constant(0), v),
      'v-v': map('sub', v, v),
      'v/v': map('div', v, v),
      'v+0': map('add', v, constant(0)),
    }));

  it('is ordered, chosen and raised to powers as in IEEE 754', () =>
    agree({
      less: map('less', v, w),
      equal: map('equal', v, w),
      max: map('max', v, w),
      min: map('min', v, w),
      select: map('select', v, w, constant(3)),
      selectNaN: map('select', constant(Number.NaN), v, w),
      pow0: map('pow', v, constant(0)),
      isFinite: map('isFinite', map('mul', v, w)),
    }));

  it('is the same in sums, largest elements and their places, and products with zeros', async () => {
    const rows = [
      [1, 2, Number.NaN, 3, Number.NaN, 0, 0, 0],
      [Number.NEGATIVE_INFINITY, -1, -2, 0.5, 0, 0, 0, 1],
      [Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0],
      Array.from({ length: 8 }, () => Number.NEGATIVE_INFINITY),
      [0, 1, 2, 3, 4, 5, 6, 7],
      [Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0, 0, Number.NEGATIVE_INFINITY],
      [Number.NaN, 0, 0, 0, 0, 0, 0, Number.POSITIVE_INFINITY],
      [0, 0, 0, 0, 0, 0, 0, Number.NaN],
    ];
    const zeros = broadcastTo(literal(0), [8, 8], []);
    await agree(
      {
        sum: reduce('sum', matrix, [1]),
        max: reduce('max', matrix, [1]),
        argmax: reduce('argmax', matrix, [1]),
        columns: reduce('argmax', matrix, [0]),
        // 0 · ∞ is NaN in a sum as well
        product: contract(matrix, [0, 1], row, [1], [0]),
        zeros: contract(matrix, [0, 1], zeros, [1, 2], [0, 2]),
      },
      [matrix, row],
      { matrix: rows.flat(), row: [0, 1, 1, 1, 1, 1, 1, 0] },
    );
  });

  it('is the same in folds that are long enough to be cut into blocks', async () => {
    const extent = 10_001;
    const long: Expr = make({ op: 'input', name: 'long', shape: [4, extent] });
    const at: readonly Readonly<Record<number, number>>[] = [
      { 17: Number.NaN, 9000: Number.POSITIVE_INFINITY },
      { 3: Number.NEGATIVE_INFINITY, 8191: 2 },
      { 10000: Number.NaN },
      { 4096: Number.POSITIVE_INFINITY, 4097: Number.POSITIVE_INFINITY },
    ];
    await agree(
      { sum: reduce('sum', long, [1]), max: reduce('max', long, [1]), argmax: reduce('argmax', long, [1]) },
      [long],
      { long: at.flatMap((line) => Array.from({ length: extent }, (_, i) => line[i] ?? (i % 2) / 2)) },
    );
  });

  it('stays so where a sum gives up a factor: infinite or NaN, which of the two is left open', async () => {
    const scale: Expr = make({ op: 'input', name: 'scale', shape: [] });
    // Σⱼ c aⱼ becomes c Σⱼ aⱼ: for a = (1, −2) and c = ∞, NaN becomes −∞
    const outputs = { scaled: reduce('sum', map('mul', row, broadcastTo(scale, [8], [])), [0]) };
    const of = { row: [1, -2, 0, 0, 0, 0, 0, 0], scale: [Number.POSITIVE_INFINITY] };
    expect(evaluatedByName(outputs, of)).to.deep.equal({ scaled: [Number.NaN] });
    for (const [title, { scaled }] of Object.entries(await runEverywhere(targets, outputs, [row, scale], of)))
      expect(scaled?.map(Number.isFinite), title).to.deep.equal([false]);
  });

  it('shows wherever an infinite weight meets data; at a border, zeros of the padding are terms or are not', async () => {
    const size = 9;
    const image: Expr = make({ op: 'input', name: 'image', shape: [size, size] });
    const weights: Expr = make({ op: 'input', name: 'weights', shape: [3, 3, 4] });
    const windows = [0, 1].map((axis) => ({ axis, size: 3, stride: 1, dilation: 1 }));
    const padded = [0, 1].reduce((expr, axis) => pad(expr, axis, 1, 1), image);
    const outputs = { y: contract(windowed(padded, windows), [0, 1, 2, 3], weights, [2, 3, 4], [4, 0, 1]) };
    const of = {
      image: Array.from({ length: size * size }, (_, i) => 1 + (i % 5)),
      // the first tap, which meets padding in the first row and column, is infinite in one channel and NaN in another
      weights: Array.from({ length: 36 }, (_, i) => [Number.POSITIVE_INFINITY, 1, Number.NaN, -2][i] ?? 0.5),
    };
    const { y: expected = [] } = evaluatedByName(outputs, of);
    for (const [title, { y = [] }] of Object.entries(await runEverywhere(targets, outputs, [image, weights], of)))
      for (const [i, value] of expected.entries()) {
        const [line, column] = [Math.floor(i / size) % size, i % size];
        const meetsData = line > 0 && column > 0;
        const place = `${title}: channel ${Math.floor(i / size ** 2)}, row ${line}, column ${column}: ${y[i]}`;
        if (meetsData || Number.isFinite(value)) expect(same(y[i] ?? Number.NaN, value), place).to.equal(true);
      }
  });
};

describe('what is not finite', () => {
  const targets = hostTargets();
  const agree = agreeOn(targets);
  laws(targets);

  it('is the same in every composition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(compositions, { minLength: 6, maxLength: 6 }), (exprs) =>
        agree(Object.fromEntries(exprs.map((expr, i) => [`y${i}`, expr]))),
      ),
      { numRuns: 30 },
    );
  });
});

// compositions are the driver's: min(∞ − w, w) adds the two where one is NaN, and its compiler makes that ∞
describeOnSwiftShader('what is not finite on gpujs:webgpu', () => laws(targetsFor([gpujsTarget('webgpu')])));
