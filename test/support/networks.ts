/** Random networks for laws of curvature, and their dense matrices by columns. */
import fc from 'fast-check';
import { ggnVectorProduct } from '../../compiler/differentiate/derive.js';
import { type ActivationName, activationNames } from '../../dsl/activations.js';
import { make, typed } from '../../dsl/expr.js';
import { mlp } from '../../dsl/layers.js';
import { meanSquaredError, softmaxCrossEntropy } from '../../dsl/losses.js';
import type { Expr } from '../../dsl/node.js';
import {
  bindParameters,
  flattenParameters,
  type ParameterSpace,
  parameterSpace,
  splitParameters,
} from '../../dsl/parameters.js';
import { rightOf } from './evaluation.js';
import { numbers } from './numbers.js';

/** What a random network is made of. */
export interface NetworkSpecimen {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: ActivationName;
  readonly loss: 'meanSquaredError' | 'softmaxCrossEntropy';
  readonly seed: number;
}

/** Random networks: depth 0 to 3, small widths, every activation and both losses. */
export const networkSpecimens: fc.Arbitrary<NetworkSpecimen> = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  inputs: fc.integer({ min: 1, max: 4 }),
  hidden: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  activation: fc.constantFrom(...activationNames),
  loss: fc.constantFrom('meanSquaredError' as const, 'softmaxCrossEntropy' as const),
  seed: fc.integer({ min: 0, max: 2 ** 30 }),
});

/** A network over its flat parameters, with everything that the laws ask of it. */
export interface Network {
  readonly space: ParameterSpace;
  /** The flat parameters θ [d] and a direction v [d], as inputs. */
  readonly theta: Expr;
  readonly v: Expr;
  readonly x: Expr;
  readonly target: Expr;
  /** The network's output z [batch, outputs] in θ. */
  readonly z: Expr;
  /** A loss of any output. */
  readonly lossOf: (z: Expr) => Expr;
  /** The loss in θ. */
  readonly loss: Expr;
  /** G v [d]. */
  readonly ggn: Expr;
  /** Values of θ, v, x and the target. */
  readonly environment: ReadonlyMap<string, Float64Array>;
}

/** Builds a network; the batch is the symbolic dimension `batch`. */
export const networkOf = (specimen: NetworkSpecimen): Network => {
  const { batch, inputs, hidden, outputs, activation, seed } = specimen;
  const classes = specimen.loss === 'softmaxCrossEntropy';
  const x = make({ op: 'input', name: 'x', shape: ['batch', inputs] });
  const target = make({ op: 'input', name: 'target', shape: classes ? ['batch'] : ['batch', outputs] });
  const free: Expr = mlp(typed<['batch', number]>(x), { hidden, outputs, activation });
  const lossOf = (z: Expr): Expr =>
    classes
      ? softmaxCrossEntropy(typed<['batch', number]>(z), typed<['batch']>(target))
      : meanSquaredError(typed<['batch', number]>(z), typed<['batch', number]>(target));
  const space = rightOf(parameterSpace([free]));
  const theta = make({ op: 'input', name: 'theta', shape: [space.length] });
  const v = make({ op: 'input', name: 'v', shape: [space.length] });
  const parameters = space.entries.map(({ parameter }) => parameter);
  const product = ggnVectorProduct({ output: free, parameters }, lossOf)(splitParameters(space, v));
  const bound = bindParameters(space, theta, [free, lossOf(free), flattenParameters(space, product)]);
  const [z = free, loss = free, ggn = free] = bound;
  const labels = numbers(seed + 3, batch, 0, outputs).map(Math.floor);
  const environment = new Map([
    ['theta', numbers(seed, space.length, -1.5, 1.5)],
    ['v', numbers(seed + 1, space.length)],
    ['x', numbers(seed + 2, batch * inputs)],
    ['target', classes ? labels : numbers(seed + 3, batch * outputs)],
  ]);
  return { space, theta, v, x, target, z, lossOf, loss, ggn, environment };
};
