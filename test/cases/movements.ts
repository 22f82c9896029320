/** Data movement: padding, windows and their adjoints, transposition over many axes, joins, iota. */
import type { Axis, Block, Step } from '../../compiler/program.js';
import { affine, apply, constant, fold, load, loop, pointwise, program, quotient, rowMajor, step } from './builder.js';
import type { ProgramCase } from './programs.js';
import { noise } from './values.js';

const [height, width] = [5, 4] as const;

// a + b − 1 within the image, for the axes a and b
const shifted = (a: number, b: number, extent: number): Axis =>
  quotient(
    affine(
      [
        [a, 1],
        [b, 1],
      ],
      -1,
    ),
    1,
    extent,
  );

// y[i, j] = Σ_{k,l} x[i + k − 1, j + l − 1] w[k, l], zero outside
const paddedWindow: ProgramCase = {
  name: 'sliding window with zero padding',
  program: program(
    'window',
    [
      { name: 'x', shape: [height, width] },
      { name: 'w', shape: [3, 3] },
      { name: 'y', shape: [height, width] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1],
        outputs: [2],
        steps: [
          step(
            fold({
              name: 'window',
              outputs: [height, width],
              folded: [3, 3],
              quotients: [shifted(0, 2, height), shifted(1, 3, width)],
              output: 2,
              terms: [[load(0, rowMajor([4, 5], width), [4, 5]), load(1, rowMajor([2, 3], 3)), apply('mul', 0, 1)]],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(height * width, 13), w: noise(9, 14) } }],
};

// (i + 1 − k) / 2
const half = quotient(
  affine(
    [
      [0, 1],
      [1, -1],
    ],
    1,
  ),
  2,
  6,
);

const adjointOf = (name: string, output: number, term: Block): Step =>
  step(fold({ name, outputs: [11], folded: [3], quotients: [half], output, terms: [term] }));

// dx[i] = Σ_k dy[(i + 1 − k) / 2] w[k], over the k for which the quotient is whole: the adjoint of a window of stride 2
const windowAdjoint: ProgramCase = {
  name: 'adjoint of a window of stride 2',
  program: program(
    'adjoint',
    [
      { name: 'dy', shape: [6] },
      { name: 'w', shape: [3] },
      { name: 'dx', shape: [11] },
      { name: 'count', shape: [11] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1],
        outputs: [2, 3],
        steps: [
          adjointOf('dx', 2, [load(0, affine([[2, 1]]), [2]), load(1, affine([[1, 1]])), apply('mul', 0, 1)]),
          adjointOf('count', 3, [{ op: 'valid', guards: [2] }]),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { dy: noise(6, 15), w: noise(3, 16) } }],
};

// x[::−1] · 1 + the element itself, through a negative stride; neighbours of an invalid load hold NaN and must not leak.
const guardedNaN: ProgramCase = {
  name: 'guarded loads keep NaN out',
  program: program(
    'guarded',
    [
      { name: 'x', shape: [4] },
      { name: 'y', shape: [8] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1],
        steps: [
          step(
            pointwise('guarded', [loop(8), quotient(affine([[0, -1]], 5), 1, 3)], [0], 1, [
              load(0, affine([[1, 1]], 1), [1]),
            ]),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: [Number.NaN, 1, 2, 3] } }],
};

const shape = [4, 3, 5, 2, 6] as const;
const strides = [180, 60, 12, 6, 1] as const;

// y = the transpose of x with its axes reversed, plus the index sum: more axes than threads have.
const transposed: ProgramCase = {
  name: 'transposition of five axes',
  program: program(
    'transposed',
    [
      { name: 'x', shape },
      { name: 'y', shape: shape.toReversed() },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1],
        steps: [
          step(
            pointwise('transposed', shape.toReversed().map(loop), [0, 1, 2, 3, 4], 1, [
              load(0, affine(strides.toReversed().map((stride, axis) => [axis, stride] as const))),
              {
                op: 'index',
                index: affine(
                  [0, 1, 2, 3, 4].map((axis) => [axis, axis + 1] as const),
                  -3,
                ),
              },
              apply('add', 0, 1),
            ]),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(720, 17) } }],
};

// Long and thin outputs: sides above the limits of textures, and numbers near where float division goes wrong.
const thin: ProgramCase = {
  name: 'long and thin outputs',
  program: program(
    'thin',
    [
      { name: 'x', shape: [9001, 2] },
      { name: 'y', shape: [2, 9001] },
      { name: 'z', shape: [9001, 2, 3] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1, 2],
        steps: [
          step(pointwise('y', [loop(2), loop(9001)], [0, 1], 1, [load(0, rowMajor([1, 0], 2))])),
          step(
            pointwise('z', [loop(9001), loop(2), loop(3)], [0, 1, 2], 2, [
              load(1, rowMajor([1, 0], 9001)),
              { op: 'index', index: affine([[2, 1]]) },
              apply('mul', 0, 1),
            ]),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(18002, 18) } }],
};

const join = (count: number): ProgramCase => {
  const parts = Array.from({ length: count }, (_, i) => i);
  const lengths = parts.map((i) => 1 + ((i * 3) % 5));
  return {
    name: `join of ${count} parts`,
    program: program(
      'join',
      [
        ...parts.map((i) => ({ name: `part${i}`, shape: [lengths[i] ?? 1] })),
        { name: 'whole', shape: [lengths.reduce((a, b) => a + b, 0)] },
      ],
      [
        {
          name: 'run',
          inputs: parts,
          outputs: [count],
          steps: [{ kind: 'join', output: count, parts } satisfies Step],
        },
      ],
    ),
    runs: [
      {
        stage: 'run',
        inputs: Object.fromEntries(
          parts.map((i) => [
            `part${i}`,
            i === 1 ? [Number.NaN, ...noise((lengths[i] ?? 1) - 1, i)] : noise(lengths[i] ?? 1, i),
          ]),
        ),
      },
    ],
  };
};

// A kernel that reads nothing: y[i, j] = 10 i + j − 0.5
const iota: ProgramCase = {
  name: 'a kernel without arguments',
  program: program(
    'iota',
    [{ name: 'y', shape: [3, 4] }],
    [
      {
        name: 'run',
        inputs: [],
        outputs: [0],
        steps: [
          step(
            pointwise('iota', [loop(3), loop(4)], [0, 1], 0, [
              { op: 'index', index: rowMajor([0, 1], 10) },
              constant(-0.5),
              apply('add', 0, 1),
            ]),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: {} }],
};

export const movements: readonly ProgramCase[] = [
  paddedWindow,
  windowAdjoint,
  guardedNaN,
  transposed,
  thin,
  join(2),
  join(6),
  join(40),
  iota,
];
