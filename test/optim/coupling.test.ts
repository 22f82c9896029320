import { expect } from 'chai';
import fc from 'fast-check';
import {
  add,
  averagePool2d,
  batchNormalization,
  conv2d,
  dense,
  div,
  type Expr,
  einsum,
  flatten,
  globalAveragePool,
  initialisers,
  input,
  logSumExp,
  matmul,
  maximum,
  maxPool2d,
  mean,
  meanSquaredError,
  mul,
  parameter,
  primitives,
  relu,
  reshape,
  softmax,
  softmaxCrossEntropy,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
  typed,
} from '../../dsl/index.js';
import { coupledLoss, coupledOutput } from '../../optim/coupling.js';
import {
  curvatures,
  ggnDiagonal,
  gradientAt,
  type Problem,
  problem,
  sgn,
  sgnHyperparameters,
  showOptimizerError,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { evaluated, leftOf, lengthOf, rightOf } from '../support/evaluation.js';
import { imageNetworkOf, imageSpecimens } from '../support/images.js';
import { distance, numbers } from '../support/numbers.js';

const batch = 4;
const sizes = { batch };
const initialiser = initialisers.normal(1);
const x: Expr = input('x', ['batch', 3]);
const image: Expr = input('x', ['batch', 2, 6, 6]);
const wanted: Expr = input('y', ['batch', 2]);

const head = (features: Expr): Expr => dense(features, { name: 'Head', units: 2 });
const layer = (rows: Expr, name = '1'): Expr => dense(rows, { name, units: 4 });

type OwnLoss = (z: Expr, y: Expr) => Expr<[]>;
const squared: OwnLoss = (z, y) => meanSquaredError(z, y);

const define = (output: Expr, { samples = x, loss = squared }: { samples?: Expr; loss?: OwnLoss } = {}): Problem =>
  rightOf(problem({ name: 'p', input: samples, target: wanted, output, loss, metric: 'loss', initialiser }));

/** x less its mean over the batch, over its deviation. */
const standardized = (rows: Expr): Expr => {
  const centred = sub(rows, mean(rows, [0]));
  return div(centred, sqrt(add(mean(square(centred), [0]), 1e-3)));
};

const environmentOf = ({ parameters, input: samples }: Problem): Map<Expr | string, ArrayLike<number>> =>
  new Map<Expr | string, ArrayLike<number>>([
    ['x', numbers(1, lengthOf(samples.shape, sizes))],
    ['y', numbers(2, 2 * batch)],
    ['theta', numbers(3, parameters.length)],
  ]);

const theta = ({ parameters }: Problem): Expr<[number]> => typed(input('theta', [parameters.length]));

/** eᵢᵀ G eᵢ for every i. */
const entriesOf = (given: Problem): Float64Array => {
  const { length } = given.parameters;
  const product = curvatures.ggn(given, theta(given))(typed(input('v', [length])));
  return Float64Array.from({ length }, (_, i) => {
    const v = new Float64Array(length).fill(1, i, i + 1);
    return (
      evaluated(product, new Map<Expr | string, ArrayLike<number>>([...environmentOf(given), ['v', v]]), sizes)[i] ??
      Number.NaN
    );
  });
};

const independent: Readonly<Record<string, () => Problem>> = {
  'dense layers': () => define(head(tanh(layer(x)))),
  'statistics of the data alone': () => define(head(tanh(layer(standardized(x))))),
  'statistics that no derivative flows through': () => {
    const a = layer(x);
    return define(head(tanh(sub(a, primitives.stopGradient(mean(a, [0]))))));
  },
  'normalisation over the features of a sample': () => {
    const a = tanh(layer(x));
    return define(head(softmax(sub(a, primitives.broadcastTo(mean(a, [1]), a.shape, [0])))));
  },
  'convolutions and pools': () => {
    const first = conv2d(image, { name: '1', filters: 4, kernel: 3, groups: 2, padding: 1, activation: tanh });
    const pooled = maxPool2d(add(first, conv2d(first, { name: '2', filters: 4, kernel: 3, padding: 1 })), { size: 2 });
    return define(head(flatten(averagePool2d(relu(pooled), { size: 2, stride: 1 }))), { samples: image });
  },
  'a global pool': () =>
    define(head(globalAveragePool(conv2d(image, { name: '1', filters: 3, kernel: 2, stride: 2 }))), { samples: image }),
  'moved axes': () => {
    const rows = primitives.concat([tanh(layer(x)), layer(square(x), '2')], 1);
    const turned = transpose(reshape(transpose(rows), [2, 4, 'batch']), [2, 0, 1]);
    return define(head(flatten(turned)));
  },
  'attention over the positions of a sample': () => {
    const keys = reshape(layer(x), ['batch', 2, 2]);
    const weights = softmax(einsum('bik,bjk->bij', keys, keys));
    return define(head(flatten(einsum('bij,bjk->bik', weights, keys))));
  },
  'a sum over the batch in the loss, with weights of the data': () =>
    define(head(tanh(layer(x))), {
      loss: (z, y) => div(sum(mul(square(sub(z, y)), square(y))), sum(square(y))),
    }),
};

const coupledOutputs: Readonly<Record<string, () => Problem>> = {
  'statistics of the batch': () => define(head(tanh(standardized(layer(x))))),
  'the largest of the batch': () => {
    const a = layer(x);
    return define(head(sub(a, maximum(a, [0]))));
  },
  'a softmax over the batch': () => define(head(transpose(softmax(transpose(layer(x)))))),
  'attention over the batch': () => {
    const a = layer(x);
    return define(head(matmul(softmax(matmul(a, transpose(a))), a)));
  },
  'a graph of the samples, from the data': () => define(head(matmul(matmul(x, transpose(x)), layer(x)))),
  'elements that are moved from one sample to another': () => define(head(reshape(transpose(layer(x)), ['batch', 4]))),
  'a sum over the batch, by which all are divided': () => {
    const a = square(layer(x));
    return define(head(div(a, sum(a, [0]))));
  },
};

const coupledLosses: Readonly<Record<string, OwnLoss>> = {
  'the root of a mean': (z, y) => sqrt(meanSquaredError(z, y)),
  'a product of means': (z, y) => mul(meanSquaredError(z, y), add(mean(square(z)), 1)),
  'a soft maximum over the samples': (z, y) => typed(logSumExp(mean(square(sub(z, y)), [1]))),
};

describe('samples that depend on each other', () => {
  for (const [name, made] of Object.entries(independent))
    it(`are not seen in ${name}: the diagonal of G is exact`, () => {
      const given = made();
      const diagonal = evaluated(ggnDiagonal(given, theta(given)), environmentOf(given), sizes);
      expect(distance(diagonal, entriesOf(given))).to.be.below(1e-10);
    });

  for (const [name, made] of Object.entries(coupledOutputs))
    it(`by ${name} have no diagonal of G, by name; the empirical Fisher matrix is that of their gradients`, async () => {
      const given = made();
      const prepare = (settings: object) =>
        sgn(given, sgnHyperparameters.parse(settings), interpreterTarget).prepare(batch)();
      const error = leftOf(await prepare({ preconditioner: 'jacobi' }));
      expect(error).to.include({ _tag: 'UnsupportedError', operation: 'preconditioner jacobi' });
      expect(showOptimizerError(error))
        .to.match(
          /samples that do not depend on each other; choose preconditioner diagonal or none, got .+, which mixes them/,
        )
        .and.not.include('\n');
      rightOf(await prepare({ curvature: 'empiricalFisher' }));
    });

  for (const [name, loss] of Object.entries(coupledLosses))
    it(`in the loss, by ${name}, have no diagonal of G and no empirical Fisher matrix`, async () => {
      const given = define(head(tanh(layer(x))), { loss });
      const prepare = (settings: object) =>
        sgn(given, sgnHyperparameters.parse(settings), interpreterTarget).prepare(batch)();
      for (const [settings, operation] of [
        [{ preconditioner: 'jacobi' }, 'preconditioner jacobi'],
        [{ curvature: 'empiricalFisher' }, 'curvature empiricalFisher'],
      ] as const)
        expect(leftOf(await prepare(settings))).to.include({ _tag: 'UnsupportedError', operation });
      rightOf(await prepare({}));
    });

  it('in the output leave the empirical Fisher matrix exact: (1/N) Σ gᵢgᵢᵀ with the gradients of each loss', () => {
    const given = define(head(tanh(standardized(layer(x)))));
    const { length } = given.parameters;
    const v = numbers(9, length);
    const environment = new Map<Expr | string, ArrayLike<number>>([...environmentOf(given), ['v', v]]);
    const vector: Expr<[number]> = typed(input('v', [length]));
    const product = evaluated(curvatures.empiricalFisher(given, theta(given))(vector), environment, sizes);
    // ∇ of sample i’s loss, times N: the loss of a batch in which the others have the weight 0
    const weights: Expr = input('weights', ['batch']);
    const own = (z: Expr, y: Expr): Expr<[]> => sum(mul(mean(square(sub(z, y)), [1]), typed(weights)));
    const expected = new Float64Array(length);
    const lossOfOne = { ...given, loss: (z: Expr) => own(z, given.target) };
    for (let i = 0; i < batch; i++) {
      const g = evaluated(
        gradientAt(lossOfOne, theta(given)),
        new Map<Expr | string, ArrayLike<number>>([
          ...environment,
          ['weights', new Float64Array(batch).fill(1, i, i + 1)],
        ]),
        sizes,
      );
      const along = g.reduce((total, entry, k) => total + entry * (v[k] ?? Number.NaN), 0);
      for (const [k, entry] of g.entries()) expected[k] = (expected[k] ?? Number.NaN) + (entry * along) / batch;
    }
    expect(distance(product, expected)).to.be.below(1e-10);
  });

  it('are none behind normalisation in inference form', () => {
    const constants = (value: number): Expr => primitives.broadcastTo(primitives.literal(value), [2], []);
    const normal = batchNormalization(image, { name: '1', mean: constants(0.1), variance: constants(0.8) });
    expect(coupledOutput(define(head(flatten(normal)), { samples: image }))).to.equal(undefined);
  });

  it('are none in any network of the layers that there are', () => {
    fc.assert(
      fc.property(imageSpecimens({ minExtent: 3, maxExtent: 7 }), (specimen) => {
        const { z: output, theta: flat, lossOf, space } = imageNetworkOf(specimen);
        const parameters = {
          entries: [{ name: 'θ', shape: [space.length], offset: 0, length: space.length, parameter: flat }],
          length: space.length,
        };
        expect(coupledOutput({ output, batch: 'batch', parameters })).to.equal(undefined);
        expect(coupledLoss({ output, batch: 'batch', loss: (z) => typed(lossOf(z)) })).to.equal(undefined);
      }),
      { numRuns: 40 },
    );
  });

  it('are those of the classes of one sample in no case', () => {
    const labels = input('y', ['batch']);
    const given = rightOf(
      problem({
        name: 'p',
        input: x,
        target: labels,
        output: typed<['batch', 2]>(head(layer(x))),
        loss: softmaxCrossEntropy,
        metric: 'accuracy',
        initialiser,
      }),
    );
    expect(ggnDiagonal(given, theta(given)).node.op).not.to.equal('invalid');
    const shared = parameter('W', [3, 2]);
    expect(ggnDiagonal(define(matmul(x, shared)), typed(input('theta', [6]))).node.op).not.to.equal('invalid');
  });
});
