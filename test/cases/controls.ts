/** What is around kernels: stages, copies, loops that end early, scalars. */
import {
  accumulator,
  affine,
  apply,
  constant,
  fold,
  load,
  loop,
  pointwise,
  productTerm,
  program,
  rowMajor,
  step,
} from './builder.js';
import type { ProgramCase } from './programs.js';
import { noise } from './values.js';

// Newton's iteration for √a until the residual is small or 20 steps are done; x starts at a.
const newton: ProgramCase = {
  name: 'a loop that ends early',
  program: program(
    'newton',
    [
      { name: 'a', shape: [] },
      { name: 'x', shape: [] },
      { name: 'count', shape: [] },
      { name: 'proceed', shape: [] },
      { name: 'next', shape: [] },
      { name: 'nextCount', shape: [] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1, 2],
        steps: [
          { kind: 'copy', from: 0, to: 1 },
          step(pointwise('zero', [], [], 2, [constant(0)])),
          {
            kind: 'loop',
            name: 'newton',
            condition: [
              // proceed = |x² − a| > 10⁻³ a and count < 20
              step(
                pointwise('proceed', [], [], 3, [
                  load(1, affine([])),
                  load(0, affine([])),
                  apply('mul', 0, 0),
                  apply('sub', 2, 1),
                  apply('abs', 3),
                  constant(1e-3),
                  apply('mul', 5, 1),
                  apply('less', 6, 4),
                  load(2, affine([])),
                  constant(20),
                  apply('less', 8, 9),
                  apply('mul', 7, 10),
                ]),
              ),
            ],
            proceed: 3,
            body: [
              // next = (x + a / x) / 2
              step(
                pointwise('next', [], [], 4, [
                  load(1, affine([])),
                  load(0, affine([])),
                  apply('div', 1, 0),
                  apply('add', 0, 2),
                  constant(0.5),
                  apply('mul', 3, 4),
                ]),
              ),
              step(pointwise('nextCount', [], [], 5, [load(2, affine([])), constant(1), apply('add', 0, 1)])),
              { kind: 'copy', from: 4, to: 1 },
              { kind: 'copy', from: 5, to: 2 },
            ],
          },
        ],
      },
    ],
  ),
  runs: [
    { stage: 'run', inputs: { a: 9 } },
    { stage: 'run', inputs: { a: 1 } },
    { stage: 'run', inputs: { a: 200 } },
  ],
};

// Stage 1 keeps exp(x); stage 2 uses it for one direction after another, and for itself.
const stages: ProgramCase = {
  name: 'a stage that is run again reads what an earlier one left',
  program: program(
    'stages',
    [
      { name: 'x', shape: [3, 4] },
      { name: 'kept', shape: [3, 4] },
      { name: 'v', shape: [4] },
      { name: 'product', shape: [3] },
      { name: 'norm', shape: [] },
    ],
    [
      {
        name: 'linearize',
        inputs: [0],
        outputs: [],
        steps: [step(pointwise('kept', [loop(12)], [0], 1, [load(0, affine([[0, 1]])), apply('exp', 0)]))],
      },
      {
        name: 'multiply',
        inputs: [2],
        outputs: [3, 4],
        steps: [
          step(
            fold({
              name: 'product',
              outputs: [3],
              folded: [4],
              output: 3,
              terms: [[load(1, rowMajor([0, 1], 4)), load(2, affine([[1, 1]])), apply('mul', 0, 1)]],
            }),
          ),
          step(
            fold({
              name: 'norm',
              outputs: [],
              folded: [3],
              output: 4,
              terms: [[load(3, affine([[0, 1]])), apply('mul', 0, 0)]],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [
    { stage: 'linearize', inputs: { x: noise(12, 40) } },
    { stage: 'multiply', inputs: { v: noise(4, 41) } },
    { stage: 'multiply', inputs: { v: noise(4, 42) } },
    { stage: 'linearize', inputs: { x: noise(12, 43) } },
    { stage: 'multiply', inputs: { v: noise(4, 41) } },
  ],
};

// Nine scalars at once, one of them given as a number and one untouched
const scalars: ProgramCase = {
  name: 'many scalar outputs',
  program: program(
    'scalars',
    [{ name: 'x', shape: [] }, ...Array.from({ length: 8 }, (_, i) => ({ name: `y${i}`, shape: [] }))],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [0, 1, 2, 3, 4, 5, 6, 7, 8],
        steps: Array.from({ length: 8 }, (_, i) =>
          step(pointwise(`y${i}`, [], [], i + 1, [load(0, affine([])), constant(i), apply('mul', 0, 1)])),
        ),
      },
    ],
  ),
  runs: [
    { stage: 'run', inputs: { x: 1.5 } },
    { stage: 'run', inputs: { x: Number.NaN } },
  ],
};

// Kernels whose texts are equal where their arguments are not, given and computed.
const equalTexts: ProgramCase = {
  name: 'kernels of equal text on arrays of other sizes and extents',
  program: program(
    'equalTexts',
    [
      { name: 'two', shape: [2] },
      { name: 'one', shape: [1] },
      { name: 'many', shape: [3, 2] },
      { name: 'ofTwo', shape: [] },
      { name: 'ofOne', shape: [] },
      { name: 'ofMany', shape: [] },
      { name: 'six', shape: [6] },
      { name: 'ofSix', shape: [] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1, 6],
        outputs: [3, 4, 5, 7],
        steps: [
          step(pointwise('spread', [loop(3), loop(2)], [0, 1], 2, [load(0, affine([[1, 1]])), apply('exp', 0)])),
          step(pointwise('ofTwo', [], [], 3, [load(0, affine([]))])),
          step(pointwise('ofOne', [], [], 4, [load(1, affine([]))])),
          step(pointwise('ofMany', [], [], 5, [load(2, affine([]))])),
          step(pointwise('ofSix', [], [], 7, [load(6, affine([]))])),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { two: [0.5, 0.25], one: [3], six: [6, 7, 8, 9, 10, 11] } }],
};

const positive = (length: number, seed: number): readonly number[] => noise(length, seed).map(Math.abs);

/** x ← f(x + A B), as a loop's variable is updated: the kernel reads what it overwrites, beside its sums. */
const productInPlace = (rows: number, inner: number, columns: number, fn: 'neg' | 'tanh'): ProgramCase => ({
  name: `an update in place by a product of ${rows} × ${inner} × ${columns}, then ${fn}`,
  program: program(
    'productInPlace',
    [
      { name: 'a', shape: [rows, inner] },
      { name: 'b', shape: [inner, columns] },
      { name: 'start', shape: [rows, columns] },
      { name: 'x', shape: [rows, columns] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1, 2],
        outputs: [3],
        steps: [
          { kind: 'copy', from: 2, to: 3 },
          step(
            fold({
              name: 'update',
              outputs: [rows, columns],
              folded: [inner],
              output: 3,
              terms: [productTerm({ buffer: 0, columns: inner }, { buffer: 1, columns })],
              body: [accumulator(), load(3, rowMajor([0, 1], columns)), apply('add', 0, 1), apply(fn, 2)],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [
    {
      stage: 'run',
      inputs: { a: positive(rows * inner, 50), b: positive(inner * columns, 51), start: positive(rows * columns, 52) },
    },
  ],
});

export const controls: readonly ProgramCase[] = [
  newton,
  stages,
  scalars,
  equalTexts,
  // few sums and short, many, long, and a body that calls a function
  productInPlace(3, 5, 4, 'neg'),
  productInPlace(40, 40, 40, 'neg'),
  productInPlace(16, 500, 17, 'neg'),
  productInPlace(6, 9, 20, 'tanh'),
];
