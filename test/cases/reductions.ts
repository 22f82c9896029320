/** Reductions: maxima with ties, NaN and infinities, and long ones. */
import { accumulator, affine, apply, fold, load, program, rowMajor, step, transposedProductTerm } from './builder.js';
import type { ProgramCase } from './programs.js';
import { noise } from './values.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const rows: readonly (readonly number[])[] = [
  [1, 3, 2, 3],
  [-4, -3, -2, -5],
  [nan, 1, 2, 3],
  [0, nan, 5, nan],
  [-infinity, -infinity, -infinity, -infinity],
  [1, infinity, 2, infinity],
  [-infinity, 0, -infinity, nan],
  [0, 0, 0, 0],
];

// x[i, j] of 4 columns
const terms = [[load(0, rowMajor([0, 1], 4))]];

// Over the last axis: max keeps NaN; argmax gives the first of the largest, and the first NaN where there is one.
const maxima: ProgramCase = {
  name: 'max and argmax with ties, NaN and infinities',
  program: program(
    'maxima',
    [
      { name: 'x', shape: [rows.length, 4] },
      { name: 'max', shape: [rows.length] },
      { name: 'argmax', shape: [rows.length] },
      { name: 'sum', shape: [rows.length] },
      { name: 'largest', shape: [] },
      { name: 'largestAt', shape: [] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1, 2, 3, 4, 5],
        steps: [
          ...(['max', 'argmax', 'sum'] as const).map((kind, i) =>
            step(fold({ name: kind, kind, outputs: [rows.length], folded: [4], output: i + 1, terms })),
          ),
          ...(['max', 'argmax'] as const).map((kind, i) =>
            step(fold({ name: `${kind}2`, kind, outputs: [], folded: [2, 4], output: i + 4, terms })),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: rows.flat() } }],
};

const long = 20_011;

// Σ x², max x and Σ x y over a prime number of elements: uneven blocks in both stages of the split.
const longReductions: ProgramCase = {
  name: 'long reductions',
  program: program(
    'long',
    [
      { name: 'x', shape: [long] },
      { name: 'y', shape: [long] },
      { name: 'squares', shape: [] },
      { name: 'max', shape: [] },
      { name: 'dot', shape: [] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1],
        outputs: [2, 3, 4],
        steps: [
          step(
            fold({
              name: 'squares',
              outputs: [],
              folded: [long],
              output: 2,
              terms: [[load(0, affine([[0, 1]])), apply('mul', 0, 0)]],
              body: [accumulator(), apply('sqrt', 0)],
            }),
          ),
          step(
            fold({
              name: 'max',
              kind: 'max',
              outputs: [],
              folded: [long],
              output: 3,
              terms: [[load(0, affine([[0, 1]])), apply('neg', 0)]],
            }),
          ),
          step(
            fold({
              name: 'dot',
              outputs: [],
              folded: [long],
              output: 4,
              terms: [[load(0, affine([[0, 1]])), load(1, affine([[0, 1]])), apply('mul', 0, 1), apply('exp', 2)]],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(long, 9), y: noise(long, 10) } }],
};

const unsplit = 3000;

// Σ x over more terms than gpu.js runs of a loop by default (1000), in one thread
const longLoop: ProgramCase = {
  name: 'a loop of 3000 terms',
  program: program(
    'longLoop',
    [
      { name: 'x', shape: [unsplit] },
      { name: 'sum', shape: [] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1],
        steps: [
          step(fold({ name: 'sum', outputs: [], folded: [unsplit], output: 1, terms: [[load(0, affine([[0, 1]]))]] })),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(unsplit, 19).map((value) => value + 1) } }],
};

const [samples, features, units] = [5000, 3, 2] as const;

// g[i, o] = Σ_b x[b, i] y[b, o]: a weight gradient over a large batch
const longBatch: ProgramCase = {
  name: 'weight gradient over a large batch',
  program: program(
    'longBatch',
    [
      { name: 'x', shape: [samples, features] },
      { name: 'y', shape: [samples, units] },
      { name: 'g', shape: [features, units] },
    ],
    [
      {
        name: 'run',
        inputs: [0, 1],
        outputs: [2],
        steps: [
          step(
            fold({
              name: 'g',
              outputs: [features, units],
              folded: [samples],
              output: 2,
              terms: [transposedProductTerm({ buffer: 0, columns: features }, { buffer: 1, columns: units })],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(samples * features, 11), y: noise(samples * units, 12) } }],
};

export const reductions: readonly ProgramCase[] = [maxima, longReductions, longLoop, longBatch];
