/** Reductions: maxima with ties, NaN and infinities, and long ones. */
import { accumulator, affine, apply, load, loop, program, step, sum } from './builder.js';
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
            step({
              name: kind,
              axes: [loop(rows.length), loop(4)],
              outputAxes: [0],
              output: i + 1,
              accumulators: [
                {
                  kind,
                  parts: [
                    {
                      axes: [1],
                      term: [
                        load(
                          0,
                          affine([
                            [0, 4],
                            [1, 1],
                          ]),
                        ),
                      ],
                    },
                  ],
                },
              ],
              body: [accumulator()],
            }),
          ),
          ...(['max', 'argmax'] as const).map((kind, i) =>
            step({
              name: `${kind}2`,
              axes: [loop(2), loop(4)],
              outputAxes: [],
              output: i + 4,
              accumulators: [
                {
                  kind,
                  parts: [
                    {
                      axes: [0, 1],
                      term: [
                        load(
                          0,
                          affine([
                            [0, 4],
                            [1, 1],
                          ]),
                        ),
                      ],
                    },
                  ],
                },
              ],
              body: [accumulator()],
            }),
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
          step({
            name: 'squares',
            axes: [loop(long)],
            outputAxes: [],
            output: 2,
            accumulators: [sum({ axes: [0], term: [load(0, affine([[0, 1]])), apply('mul', 0, 0)] })],
            body: [accumulator(), apply('sqrt', 0)],
          }),
          step({
            name: 'max',
            axes: [loop(long)],
            outputAxes: [],
            output: 3,
            accumulators: [{ kind: 'max', parts: [{ axes: [0], term: [load(0, affine([[0, 1]])), apply('neg', 0)] }] }],
            body: [accumulator()],
          }),
          step({
            name: 'dot',
            axes: [loop(long)],
            outputAxes: [],
            output: 4,
            accumulators: [
              sum({
                axes: [0],
                term: [load(0, affine([[0, 1]])), load(1, affine([[0, 1]])), apply('mul', 0, 1), apply('exp', 2)],
              }),
            ],
            body: [accumulator()],
          }),
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
          step({
            name: 'sum',
            axes: [loop(unsplit)],
            outputAxes: [],
            output: 1,
            accumulators: [sum({ axes: [0], term: [load(0, affine([[0, 1]]))] })],
            body: [accumulator()],
          }),
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
          step({
            name: 'g',
            axes: [loop(features), loop(units), loop(samples)],
            outputAxes: [0, 1],
            output: 2,
            accumulators: [
              sum({
                axes: [2],
                term: [
                  load(
                    0,
                    affine([
                      [2, features],
                      [0, 1],
                    ]),
                  ),
                  load(
                    1,
                    affine([
                      [2, units],
                      [1, 1],
                    ]),
                  ),
                  apply('mul', 0, 1),
                ],
              }),
            ],
            body: [accumulator()],
          }),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(samples * features, 11), y: noise(samples * units, 12) } }],
};

export const reductions: readonly ProgramCase[] = [maxima, longReductions, longLoop, longBatch];
