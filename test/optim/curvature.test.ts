import { expect } from 'chai';
import fc from 'fast-check';
import type { Environment } from '../../compiler/index.js';
import {
  add,
  conv2d,
  type Expr,
  initialisers,
  input,
  matmul,
  meanSquaredError,
  mlp,
  mul,
  parameter,
  reshape,
  slice,
  softmaxCrossEntropy,
  square,
  tanh,
  transpose,
  typed,
} from '../../dsl/index.js';
import {
  type Curvature,
  curvatures,
  ggnDiagonal,
  type Problem,
  problem,
  readVector,
  sgn,
  sgnHyperparameters,
  showOptimizerError,
} from '../../optim/index.js';
import { interpreterTarget, type Target, wasmTarget } from '../../runtime/index.js';
import { evaluated, leftOf, rightOf } from '../support/evaluation.js';
import { distance, inner, numbers } from '../support/numbers.js';

const batch = 4;
const sizes = { batch };
const rows = input('rows', ['batch', 3]);
const initialiser = initialisers.normal(1);

const classifier = rightOf(
  problem({
    name: 'classes',
    input: rows,
    target: input('label', ['batch']),
    output: mlp(rows, { hidden: [4], outputs: 3 }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser,
  }),
);

const regression = rightOf(
  problem({
    name: 'values',
    input: rows,
    target: input('wanted', ['batch', 2]),
    output: mlp(rows, { hidden: [4], outputs: 2 }),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser,
  }),
);

const images = input('rows', ['batch', 1, 4, 4]);

const convolutional = rightOf(
  problem({
    name: 'images',
    input: images,
    target: input('label', ['batch']),
    output: mlp(reshape(conv2d(images, { name: 'c', filters: 2, kernel: 3 }), ['batch', 8]), {
      hidden: [],
      outputs: 3,
    }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser,
  }),
);

const classesOf = (name: string, x: Expr, output: Expr): Problem =>
  rightOf(
    problem({
      name,
      input: x,
      target: input('label', ['batch']),
      output: typed<['batch', 3]>(output),
      loss: softmaxCrossEntropy,
      metric: 'accuracy',
      initialiser,
    }),
  );

// U, W and b enter at every time, and W sees data that depends on it
const recurrent = (() => {
  const [U, W, V] = [parameter('U', [3, 4]), parameter('W', [4, 4]), parameter('V', [4, 3])];
  const b = parameter('b', [4]);
  const driven = add(matmul(rows, U), b);
  const later = (h: typeof driven): typeof driven => tanh(add(add(matmul(h, W), matmul(mul(rows, rows), U)), b));
  return classesOf('recurrent', rows, matmul(later(later(tanh(driven))), V));
})();

const tied = (() => {
  const W = parameter('W', [3, 4]);
  return classesOf('tied', rows, matmul(tanh(matmul(rows, W)), transpose(W)));
})();

const sliced = (() => {
  const gates = parameter('gates', [3, 8]);
  const gate = tanh(matmul(rows, slice(gates, 1, 0, 4)));
  const value = matmul(rows, slice(gates, 1, 4, 8));
  return classesOf('sliced', rows, matmul(mul(gate, value), parameter('V', [4, 3])));
})();

const sharedKernel = (() => {
  const features = (x: typeof images) => conv2d(x, { name: 'c', filters: 2, kernel: 3, shared: true });
  const both = add(tanh(features(images)), features(mul(images, images)));
  return classesOf('sharedKernel', images, mlp(reshape(both, ['batch', 8]), { hidden: [], outputs: 3 }));
})();

const theta = (length: number): Expr<[number]> => typed(input('theta', [length]));
const vector = (length: number): Expr<[number]> => typed(input('vector', [length]));

const environmentOf = ({ parameters, input: { shape } }: Problem, seed: number): Map<string, Float64Array> => {
  const width = shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1);
  return new Map([
    ['theta', numbers(seed, parameters.length)],
    ['rows', numbers(seed + 1, batch * width)],
    ['label', Float64Array.from({ length: batch }, (_, i) => (seed + i) % 3)],
    ['wanted', numbers(seed + 2, 2 * batch)],
  ]);
};

const productOf = (curvature: Curvature, given: Problem, environment: Environment, v: Float64Array): Float64Array => {
  const { length } = given.parameters;
  return evaluated(
    curvature(given, theta(length))(vector(length)),
    new Map<Expr | string, ArrayLike<number>>([...environment, ['vector', v]]),
    sizes,
  );
};

const unit = (length: number, at: number): Float64Array => new Float64Array(length).fill(1, at, at + 1);
const seeds = fc.integer({ min: 1, max: 10_000 });

describe('curvatures', () => {
  it('Fisher is the GGN for softmax cross-entropy', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const environment = environmentOf(classifier, seed);
        const v = numbers(seed + 5, classifier.parameters.length);
        const products = [curvatures.fisher, curvatures.ggn].map((of) => productOf(of, classifier, environment, v));
        expect(distance(products[0] ?? [], products[1] ?? [])).to.be.below(1e-10);
      }),
      { numRuns: 10 },
    );
  });

  it('Fisher is K/2 times the GGN for the mean squared error over K outputs: equal for two', () => {
    const environment = environmentOf(regression, 3);
    const v = numbers(8, regression.parameters.length);
    const products = [curvatures.fisher, curvatures.ggn].map((of) => productOf(of, regression, environment, v));
    expect(distance(products[0] ?? [], products[1] ?? [])).to.be.below(1e-10);
  });

  for (const given of [classifier, regression, convolutional])
    for (const name of ['ggn', 'fisher', 'empiricalFisher', 'hessian'] as const)
      it(`${name} is symmetric${name === 'hessian' ? '' : ' and positive semi-definite'} on ${given.name}`, () => {
        fc.assert(
          fc.property(seeds, (seed) => {
            const environment = environmentOf(given, seed);
            const [u, v] = [5, 6].map((offset) => numbers(seed + offset, given.parameters.length));
            if (u === undefined || v === undefined) throw new Error('two vectors');
            const [Gu, Gv] = [u, v].map((w) => productOf(curvatures[name], given, environment, w));
            expect(inner(u, Gv ?? [])).to.be.closeTo(inner(v, Gu ?? []), 1e-9);
            if (name !== 'hessian') expect(inner(u, Gu ?? [])).to.be.at.least(-1e-12);
          }),
          { numRuns: 5 },
        );
      });

  for (const given of [classifier, regression, convolutional, recurrent, tied, sliced, sharedKernel])
    it(`the diagonal of the GGN is exact on ${given.name}`, () => {
      const { length } = given.parameters;
      const environment = environmentOf(given, 21);
      const diagonal = evaluated(ggnDiagonal(given, theta(length)), environment, sizes);
      const entries = Array.from(
        { length },
        (_, i) => productOf(curvatures.ggn, given, environment, unit(length, i))[i] ?? Number.NaN,
      );
      expect(distance(diagonal, entries)).to.be.below(1e-10);
    });

  for (const given of [recurrent, tied, sliced, sharedKernel])
    it(`SGN steps on wasm as in float64 with a Jacobi preconditioner on ${given.name}`, async () => {
      // two iterations: later ones, near the rank of G, multiply float32's rounding errors
      const settings = sgnHyperparameters.parse({ preconditioner: 'jacobi', curvatureSamples: 3, minCgIterations: 2 });
      const environment = environmentOf(given, 9);
      const values = (name: string): Float32Array => Float32Array.from(environment.get(name) ?? []);
      const stepOn = async (target: Target): Promise<Float32Array> => {
        const optimizer = sgn(given, settings, target);
        const samples = { count: batch, inputs: values('rows'), targets: values('label') };
        const { state } = rightOf(await optimizer.step(optimizer.init(values('theta')), samples)());
        return rightOf(await readVector(state.theta)());
      };
      const wasm = rightOf(await wasmTarget({ threads: 1 })());
      const [actual, expected] = [await stepOn(wasm), await stepOn(interpreterTarget)];
      wasm.dispose();
      expect(distance(actual, expected)).to.be.below(1e-5);
      expect(distance(values('theta'), expected)).to.be.above(1e-2);
    });

  it('SGN refuses a Jacobi preconditioner of other parameters by name, and says what to do instead', async () => {
    const rooted = parameter('rooted', [3, 3]);
    const given = problem({
      name: 'squares',
      input: rows,
      target: input('label', ['batch']),
      output: matmul(rows, square(rooted)),
      loss: softmaxCrossEntropy,
      metric: 'accuracy',
      initialiser,
    });
    const prepared = async (preconditioner: 'jacobi' | 'diagonal') =>
      sgn(rightOf(given), sgnHyperparameters.parse({ preconditioner }), interpreterTarget).prepare(batch)();
    const error = leftOf(await prepared('jacobi'));
    expect(error).to.include({ _tag: 'UnsupportedError', operation: 'preconditioner jacobi', actual: 'rooted' });
    expect(showOptimizerError(error)).to.include('choose preconditioner diagonal or none').and.not.to.include('\n');
    rightOf(await prepared('diagonal'));
  });
});
