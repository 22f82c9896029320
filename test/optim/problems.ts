/** Small problems that tests train, and their batches. */
import { initialisers, input, meanSquaredError, mlp, mul, parameter, tanh } from '../../dsl/index.js';
import { type Batch, problem } from '../../optim/index.js';
import { numbers } from '../support/numbers.js';
import type { Samples } from './reference.js';

const x = input('x', ['batch']);
const y = input('y', ['batch']);

/** f(x; a, b) = b · tanh(a · x), mean squared error: the problem of `reference.ts`. θ = (a, b). */
export const twoParameterProblem = problem({
  name: 'two',
  input: x,
  target: y,
  output: mul(tanh(mul(parameter('a', []), x)), parameter('b', [])),
  loss: meanSquaredError,
  metric: 'loss',
  initialiser: initialisers.normal(1),
});

/** Samples as a batch. */
export const batchOf = (samples: Samples): Batch => ({
  count: samples.length,
  inputs: Float32Array.from(samples, ([input]) => input),
  targets: Float32Array.from(samples, ([, target]) => target),
});

/** A perceptron 3–5–2 with mean squared error. */
export const smallMlp = (() => {
  const rows = input('rows', ['batch', 3]);
  return problem({
    name: 'small',
    input: rows,
    target: input('wanted', ['batch', 2]),
    output: mlp(rows, { hidden: [5], outputs: 2 }),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser: initialisers.glorotUniform,
  });
})();

/** Random rows for `smallMlp`. */
export const smallBatch = (seed: number, count: number): Batch => ({
  count,
  inputs: Float32Array.from(numbers(seed, 3 * count)),
  targets: Float32Array.from(numbers(seed + 1, 2 * count)),
});
