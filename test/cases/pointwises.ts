/** Every scalar function, on ordinary values and on the edges. */
import type { Instruction } from '../../compiler/program.js';
import { type ScalarFunction, scalarFunctions, scalarRow } from '../../dsl/scalar.js';
import { affine, apply, constant, load, loop, pointwise, program, step } from './builder.js';
import type { ProgramCase } from './programs.js';
import { edges, noise, ramp } from './values.js';

const functions = Object.keys(scalarFunctions).filter((name): name is ScalarFunction => name in scalarFunctions);

/** Operands of one application: as many lists as the function takes. */
type Operands = readonly (readonly number[])[];

const count = 256;

/** Repeats a list to `count` elements. */
const filled = (values: readonly number[]): readonly number[] =>
  Array.from({ length: count }, (_, i) => values[i % values.length] ?? 0);

/** y = fn(a, b, c) elementwise, once for each choice of operands. */
const applied = (fn: ScalarFunction, choices: readonly Operands[]): ProgramCase => {
  const names = ['a', 'b', 'c'].slice(0, scalarRow(fn).arity);
  return {
    name: `${fn} on ordinary values, and on NaN, infinities and large ones`,
    program: program(
      fn,
      [...names, 'y'].map((name) => ({ name, shape: [count] })),
      [
        {
          name: 'run',
          inputs: names.map((_, i) => i),
          outputs: [names.length],
          steps: [
            step(
              pointwise(fn, [loop(count)], [0], names.length, [
                ...names.map((_, i): Instruction => load(i, affine([[0, 1]]))),
                apply(fn, ...names.map((_, i) => i)),
              ]),
            ),
          ],
        },
      ],
    ),
    runs: choices.map((operands) => ({
      stage: 'run',
      inputs: Object.fromEntries(names.map((name, i) => [name, filled(operands[i] ?? [])])),
    })),
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

const ordinary = (fn: ScalarFunction): Operands => {
  const first = domains[fn] ?? ramp(40, -6, 6);
  const second = noise(40, 20).map((value, i) => (i % 7 === 0 ? (first[i] ?? 0) : 2 * value));
  // A condition with zeros in it
  const condition = first.map((value, i) => (i % 3 === 0 ? 0 : value));
  return fn === 'select' ? [condition, first, second] : [first, second];
};

/**
 * Where float32 and float64 overflow at different places the answers rightly differ; products, powers and quotients of
 * the largest numbers are left out.
 */
const isComparable = (fn: ScalarFunction, x: number, y: number): boolean => {
  const value = scalarRow(fn).evaluate(x, y, 1);
  return !Number.isFinite(value) || (Math.abs(value) <= 3.4e38 && (value === 0 || Math.abs(value) >= 1e-37));
};

const onEdges = (fn: ScalarFunction): Operands => {
  const pairs = edges
    .flatMap((x) => edges.map((y) => [x, y] as const))
    .filter(([x, y]) => isComparable(fn, Math.fround(x), Math.fround(y)));
  const second = pairs.map(([, y]) => y);
  return [pairs.map(([x]) => x), second, second.map((y) => y + 1)];
};

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

export const pointwises: readonly ProgramCase[] = [
  ...functions.map((fn) => applied(fn, [ordinary(fn), onEdges(fn)])),
  constants,
  zeros,
  large,
];
