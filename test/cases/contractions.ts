/** Contractions: matrix products with epilogues, sums of two products, batched and transposed ones. */
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
  rowMajor,
  step,
  sum,
  transposedProductTerm,
} from './builder.js';
import type { ProgramCase } from './programs.js';
import { noise } from './values.js';

const [batch, inputs, units] = [5, 7, 6] as const;

// z[b, o] = σ(Σᵢ x[b, i] W[i, o] + bias[o])
const dense: ProgramCase = {
  name: 'matrix product with bias and sigmoid',
  program: program(
    'dense',
    [
      { name: 'x', shape: [batch, inputs] },
      { name: 'W', shape: [inputs, units] },
      { name: 'bias', shape: [units] },
      { name: 'z', shape: [batch, units] },
    ],
    [
      {
        name: 'forward',
        inputs: [0, 1, 2],
        outputs: [3],
        steps: [
          step(
            fold({
              name: 'dense',
              outputs: [batch, units],
              folded: [inputs],
              output: 3,
              terms: [productTerm({ buffer: 0, columns: inputs }, { buffer: 1, columns: units })],
              body: [accumulator(), load(2, affine([[1, 1]])), apply('add', 0, 1), apply('sigmoid', 2)],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [
    {
      stage: 'forward',
      inputs: { x: noise(batch * inputs, 1), W: noise(inputs * units, 2), bias: noise(units, 3) },
    },
  ],
};

// ż[b, o] = Σᵢ ẋ[b, i] W[i, o] + Σᵢ x[b, i] Ẇ[i, o]; also Σ_b x[b, i] y[b, o], and [b, c] ↦ [b] · scalar
const twoParts: ProgramCase = {
  name: 'one accumulator of two products',
  program: program(
    'tangent',
    [
      { name: 'x', shape: [batch, inputs] },
      { name: 'W', shape: [inputs, units] },
      { name: 'dx', shape: [batch, inputs] },
      { name: 'dW', shape: [inputs, units] },
      { name: 'dz', shape: [batch, units] },
      { name: 'gradient', shape: [inputs, units] },
    ],
    [
      {
        name: 'tangent',
        inputs: [0, 1, 2, 3],
        outputs: [4, 5],
        steps: [
          step(
            fold({
              name: 'dz',
              outputs: [batch, units],
              folded: [inputs],
              output: 4,
              terms: [
                productTerm({ buffer: 2, columns: inputs }, { buffer: 1, columns: units }),
                productTerm({ buffer: 0, columns: inputs }, { buffer: 3, columns: units }),
              ],
            }),
          ),
          step(
            fold({
              name: 'gradient',
              outputs: [inputs, units],
              folded: [batch],
              output: 5,
              terms: [transposedProductTerm({ buffer: 0, columns: inputs }, { buffer: 4, columns: units })],
              body: [accumulator(), constant(1 / batch), apply('mul', 0, 1)],
            }),
          ),
        ],
      },
    ],
  ),
  runs: [
    {
      stage: 'tangent',
      inputs: {
        x: noise(batch * inputs, 4),
        W: noise(inputs * units, 5),
        dx: noise(batch * inputs, 6),
        dW: noise(inputs * units, 7),
      },
    },
  ],
};

// Two accumulators in one kernel: Σᵢ xᵢ² · (max over i of x)
const twoAccumulators: ProgramCase = {
  name: 'two accumulators in one body',
  program: program(
    'pair',
    [
      { name: 'x', shape: [batch, inputs] },
      { name: 'y', shape: [batch] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1],
        steps: [
          step({
            name: 'pair',
            axes: [loop(batch), loop(inputs)],
            outputAxes: [0],
            output: 1,
            accumulators: [
              sum({ axes: [1], term: [load(0, rowMajor([0, 1], inputs)), apply('mul', 0, 0)] }),
              { kind: 'max', parts: [{ axes: [1], term: [load(0, rowMajor([0, 1], inputs))] }] },
            ],
            body: [accumulator(0), accumulator(1), apply('mul', 0, 1)],
          }),
        ],
      },
    ],
  ),
  runs: [{ stage: 'run', inputs: { x: noise(batch * inputs, 8) } }],
};

export const contractions: readonly ProgramCase[] = [dense, twoParts, twoAccumulators];
