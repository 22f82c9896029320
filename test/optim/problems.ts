/** Small problems that tests train, and their batches. */
import {
  add,
  type Expr,
  initialisers,
  input,
  meanSquaredError,
  mlp,
  mul,
  parameter,
  primitives,
  square,
  sub,
  tanh,
  typed,
} from '../../dsl/index.js';
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

const one = input('x', ['batch']);
const residualTarget = input('y', ['batch', 2]);

/** Residuals [batch, 2] of θ = (a, b), the same for every sample, as a least-squares problem with targets 0. */
const leastSquares = (name: string, residuals: (a: Expr<[]>, b: Expr<[]>) => readonly [Expr, Expr]) => {
  const [first, second] = residuals(parameter('a', []), parameter('b', []));
  // the inputs are all 1
  const column = (residual: Expr): Expr => primitives.reshape(mul(typed<[]>(residual), one), ['batch', 1]);
  return problem({
    name,
    input: one,
    target: residualTarget,
    output: typed<['batch', 2]>(primitives.concat([column(first), column(second)], 1)),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser: initialisers.normal(1),
  });
};

/** (a − 2)² / 2 + (3 (b + 1))² / 2, lowest at (2, −1). */
export const quadratic = leastSquares('quadratic', (a, b) => [sub(a, 2), mul(3, add(b, 1))]);

/** Rosenbrock's function ((1 − a)² + 100 (b − a²)²) / 2 as a least-squares problem, lowest at (1, 1). */
export const rosenbrock = leastSquares('rosenbrock', (a, b) => [sub(1, a), mul(10, sub(b, square(a)))]);

/** One sample for `quadratic` and `rosenbrock`. */
export const leastSquaresBatch: Batch = {
  count: 1,
  inputs: Float32Array.of(1),
  targets: new Float32Array(2),
};
