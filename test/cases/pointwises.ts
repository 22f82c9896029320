/** Every scalar function, on ordinary values and on the edges. */
import type { Instruction } from '../../compiler/program.js';
import { type ScalarFunction, scalarFunctions, scalarRow } from '../../dsl/scalar.js';
import { affine, apply, constant, load, loop, pointwise, program, step } from './builder.js';
import type { ProgramCase } from './programs.js';
import { edges, noise, ramp } from './values.js';

const functions = Object.keys(scalarFunctions).filter((name): name is ScalarFunction => name in scalarFunctions);

/** y = fn(a, b, c) elementwise, the operands as many as the function takes. */
const applied = (name: string, fn: ScalarFunction, operands: readonly (readonly number[])[]): ProgramCase => {
  const names = ['a', 'b', 'c'].slice(0, scalarRow(fn).arity);
  const length = operands[0]?.length ?? 0;
  return {
    name: `${fn} ${name}`,
    program: program(
      fn,
      [...names, 'y'].map((buffer) => ({ name: buffer, shape: [length] })),
      [
        {
          name: 'run',
          inputs: names.map((_, i) => i),
          outputs: [names.length],
          steps: [
            step(
              pointwise(fn, [loop(length)], [0], names.length, [
                ...names.map((_, i): Instruction => load(i, affine([[0, 1]]))),
                apply(fn, ...names.map((_, i) => i)),
              ]),
            ),
          ],
        },
      ],
    ),
    runs: [{ stage: 'run', inputs: Object.fromEntries(names.map((buffer, i) => [buffer, operands[i] ?? []])) }],
  };
};

/** The domain of each function for ordinary operands; elsewhere the whole line around 0. */
const domains: Partial<Readonly<Record<ScalarFunction, readonly number[]>>> = {
  log: ramp(40, 1e-3, 30),
  sqrt: ramp(40, 0, 30),
  pow: ramp(40, 0.05, 4),
  softplus: ramp(40, -30, 30),
  tanh: [...ramp(20, -12, 12), ...ramp(20, -1e-3, 1e-3)],
};

const ordinary = functions.map((fn) => {
  const first = domains[fn] ?? ramp(40, -6, 6);
  const second = noise(40, 20).map((value, i) => (i % 7 === 0 ? (first[i] ?? 0) : 2 * value));
  // For `select` and `equal`: a condition with zeros in it
  const condition = first.map((value, i) => (i % 3 === 0 ? 0 : value));
  return applied('on ordinary values', fn, fn === 'select' ? [condition, first, second] : [first, second]);
});

/**
 * Where float32 and float64 overflow at different places the answers rightly differ; products, powers and quotients of
 * the largest numbers are left out.
 */
const isComparable = (fn: ScalarFunction, x: number, y: number): boolean => {
  const value = scalarRow(fn).evaluate(x, y, 1);
  return !Number.isFinite(value) || (Math.abs(value) <= 3.4e38 && (value === 0 || Math.abs(value) >= 1e-37));
};

const onEdges = functions.map((fn) => {
  const pairs = edges
    .flatMap((x) => edges.map((y) => [x, y] as const))
    .filter(([x, y]) => isComparable(fn, Math.fround(x), Math.fround(y)));
  const first = pairs.map(([x]) => x);
  const second = pairs.map(([, y]) => y);
  return applied('on NaN, infinities and large values', fn, [first, second, second.map((y) => y + 1)]);
});

// Constants that are not finite, or not numbers of float32
const constants: ProgramCase = {
  name: 'constants NaN, ±∞ and tiny ones',
  program: program(
    'constants',
    [
      { name: 'x', shape: [3] },
      ...['nan', 'infinite', 'negative', 'tiny', 'small', 'integer'].map((name) => ({ name, shape: [3] })),
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1, 2, 3, 4, 5, 6],
        steps: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-60, -1.25e-7, -16777216].map(
          (value, i) =>
            step(
              pointwise(`constant${i}`, [loop(3)], [0], i + 1, [
                load(0, affine([[0, 1]])),
                constant(value),
                apply('add', 0, 1),
              ]),
            ),
        ),
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: [0, 0.5, -0.25] } }],
};

// x · 0, 0 / x, x / 0 and x − x, with literal zeros, hide neither NaN nor infinities.
const zeros: ProgramCase = {
  name: 'products and quotients with a constant 0',
  program: program(
    'zeros',
    [
      { name: 'x', shape: [5] },
      ...['product', 'zeroOver', 'overZero', 'difference'].map((name) => ({ name, shape: [5] })),
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1, 2, 3, 4],
        steps: [apply('mul', 0, 1), apply('div', 1, 0), apply('div', 0, 1), apply('sub', 0, 0)].map((last, i) =>
          step(pointwise(`zero${i}`, [loop(5)], [0], i + 1, [load(0, affine([[0, 1]])), constant(0), last])),
        ),
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, -3] } }],
};

// 6 buffers and 48 instructions in one body
const large: ProgramCase = {
  name: 'a body of 48 instructions over 6 buffers',
  program: program(
    'large',
    [...Array.from({ length: 6 }, (_, i) => ({ name: `x${i}`, shape: [9] })), { name: 'y', shape: [9] }],
    [
      {
        name: 'run',
        inputs: [0, 1, 2, 3, 4, 5],
        outputs: [6],
        steps: [
          step(
            pointwise('large', [loop(9)], [0], 6, [
              ...Array.from({ length: 6 }, (_, i) => load(i, affine([[0, 1]]))),
              ...Array.from({ length: 42 }, (_, i) =>
                apply(i % 3 === 0 ? 'mul' : i % 3 === 1 ? 'add' : 'sub', i + 5, i % 6),
              ),
            ]),
          ),
        ],
      },
    ],
  ),
  runs: [
    { stage: 'run', inputs: Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`x${i}`, noise(9, 30 + i)])) },
  ],
};

export const pointwises: readonly ProgramCase[] = [...ordinary, ...onEdges, constants, zeros, large];
