/** Random networks for laws of curvature, and their dense matrices by columns. */
import fc from 'fast-check';
import { ggnVectorProduct, hessianVectorProduct, jvp } from '../../compiler/differentiate/derive.js';
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
import { evaluated, lengthOf, rightOf } from './evaluation.js';
import { inner, numbers } from './numbers.js';

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

/** A network to be put over flat parameters. */
export interface FreeNetwork extends Pick<NetworkSpecimen, 'batch' | 'outputs' | 'loss' | 'seed'> {
  /** The samples, an input leaf. */
  readonly x: Expr;
  /** The output [batch, outputs] with its parameters as leaves. */
  readonly output: Expr;
  /** Values of further inputs. */
  readonly constants?: ReadonlyMap<string, Float64Array>;
}

/** Puts a network over its flat parameters; the batch is the symbolic dimension `batch`. */
export const overFlatParameters = ({
  x,
  output,
  batch,
  outputs,
  loss: kind,
  seed,
  constants,
}: FreeNetwork): Network => {
  const classes = kind === 'softmaxCrossEntropy';
  const target = make({ op: 'input', name: 'target', shape: classes ? ['batch'] : ['batch', outputs] });
  const lossOf = (z: Expr): Expr =>
    classes
      ? softmaxCrossEntropy(typed<['batch', number]>(z), typed<['batch']>(target))
      : meanSquaredError(typed<['batch', number]>(z), typed<['batch', number]>(target));
  const space = rightOf(parameterSpace([output]));
  const theta = make({ op: 'input', name: 'theta', shape: [space.length] });
  const v = make({ op: 'input', name: 'v', shape: [space.length] });
  const parameters = space.entries.map(({ parameter }) => parameter);
  const product = ggnVectorProduct({ output, parameters }, lossOf)(splitParameters(space, v));
  const bound = bindParameters(space, theta, [output, lossOf(output), flattenParameters(space, product)]);
  const [z = output, loss = output, ggn = output] = bound;
  const labels = numbers(seed + 3, batch, 0, outputs).map(Math.floor);
  // weights of norms below 1 enlarge nothing: in a saturated softmax, p(1 − p) ≈ 0, all that is left of terms is their rounding
  const values = space.entries.flatMap(({ length }, i) => [
    ...numbers(seed + 100 + i, length).map((value) => value / Math.sqrt(length)),
  ]);
  const environment = new Map([
    ...(constants ?? []),
    ['theta', Float64Array.from(values)] as const,
    ['v', numbers(seed + 1, space.length)] as const,
    ['x', numbers(seed + 2, lengthOf(x.shape, { batch }))] as const,
    ['target', classes ? labels : numbers(seed + 3, batch * outputs)] as const,
  ]);
  return { space, theta, v, x, target, z, lossOf, loss, ggn, environment };
};

/** Builds a perceptron. */
export const networkOf = (specimen: NetworkSpecimen): Network => {
  const { inputs, hidden, outputs, activation } = specimen;
  const x = make({ op: 'input', name: 'x', shape: ['batch', inputs] });
  return overFlatParameters({
    ...specimen,
    x,
    output: mlp(typed<['batch', number]>(x), { hidden, outputs, activation }),
  });
};

const unit = (length: number, i: number): Float64Array => Float64Array.from({ length }, (_, j) => (i === j ? 1 : 0));

const columns = (length: number, column: (direction: Float64Array) => Float64Array): readonly Float64Array[] =>
  Array.from({ length }, (_, i) => column(unit(length, i)));

/** Jᵀ H J v with J and H as matrices: J by forward mode in each parameter, H by columns of the loss's Hessian. */
export const denseProduct = (
  { theta, v, z, lossOf, space, environment }: Network,
  { batch, outputs }: Pick<NetworkSpecimen, 'batch' | 'outputs'>,
): Float64Array => {
  const sizes = { batch };
  const jacobianColumn = jvp(z, new Map([[theta, v]]));
  const J = columns(space.length, (e) => evaluated(jacobianColumn, new Map([...environment, ['v', e]]), sizes));
  const free = make({ op: 'input', name: 'z', shape: z.shape });
  const direction = make({ op: 'input', name: 'zDot', shape: z.shape });
  const [hessianColumn = z] = hessianVectorProduct(lossOf(free), [free], [direction]);
  const at = new Map([...environment, ['z', evaluated(z, environment, sizes)] as const]);
  const H = columns(lengthOf([batch, outputs]), (e) => evaluated(hessianColumn, new Map([...at, ['zDot', e]]), sizes));
  const direct = environment.get('v') ?? new Float64Array(0);
  const Jv = Float64Array.from(H, (_, k) => J.reduce((sum, column, i) => sum + (column[k] ?? 0) * (direct[i] ?? 0), 0));
  const HJv = Float64Array.from(H, (column) => inner(column, Jv));
  return Float64Array.from(J, (column) => inner(column, HJv));
};
