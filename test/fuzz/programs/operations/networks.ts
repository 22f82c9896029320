/** Steps that build layers, networks and losses. */
import { activationNames, activations } from '../../../../dsl/activations.js';
import { typed } from '../../../../dsl/expr.js';
import { dense, mlp } from '../../../../dsl/layers.js';
import * as leaves from '../../../../dsl/leaves.js';
import * as likelihoods from '../../../../dsl/likelihoods.js';
import * as losses from '../../../../dsl/losses.js';
import type { Expr } from '../../../../dsl/node.js';
import { abs, sub } from '../../../../dsl/pointwise.js';
import { mean } from '../../../../dsl/reductions.js';
import type { Dim } from '../../../../dsl/shape.js';
import { network, vgg } from '../../../../dsl/spec.js';
import type { Grow, Growth } from '../growth.js';
import { fresh, image } from './windows.js';

const rows = (growth: Growth): Expr => {
  const x = growth.pick(({ shape }) => shape.length === 2 && typeof shape[1] === 'number');
  return x.shape.length === 2 && typeof x.shape[1] === 'number'
    ? x
    : growth.like([growth.among(growth.dims), 1 + growth.below(5)]);
};

/** Classes [batch], counted from 0. */
export const labelsFor = (growth: Growth, batch: Dim, classes: number): Expr =>
  growth.leaf([batch], () => growth.below(classes));

/** Steps for layers and networks. */
export const networkSteps = {
  dense: (growth) =>
    dense<readonly Dim[], number>(rows(growth), {
      name: fresh(growth, 'd'),
      units: 1 + growth.below(6),
      activation: activations[growth.among(activationNames)],
    }),
  mlp: (growth) =>
    mlp<readonly Dim[], number>(rows(growth), {
      name: fresh(growth, 'm'),
      hidden: Array.from({ length: growth.below(3) }, () => 1 + growth.below(5)),
      outputs: 1 + growth.below(4),
      activation: growth.among(activationNames),
    }),
  network: (growth) =>
    network(rows(growth), {
      kind: 'mlp',
      name: fresh(growth, 's'),
      hidden: [1 + growth.below(4)],
      outputs: 1 + growth.below(3),
      activation: growth.among(activationNames),
    }),
  vgg: (growth) =>
    vgg(image(growth), {
      kind: 'vgg',
      name: fresh(growth, 'v'),
      layers: [
        { kind: 'conv', filters: 1 + growth.below(3), kernel: 2, padding: growth.below(2) },
        { kind: 'activation', function: growth.among(activationNames) },
        growth.chance(0.5) ? { kind: 'globalAveragePool' } : { kind: 'averagePool', size: 1 },
        { kind: 'fullyConnected', units: 1 + growth.below(3) },
      ],
    }),
} satisfies Readonly<Record<string, Grow>>;

/** The leaves that `dsl/leaves.ts` exports. */
export type LeafName = keyof typeof leaves;

/** A step for every kind of leaf. */
export const leafSteps: { readonly [N in LeafName]: Grow } = {
  input: (growth) => growth.leaf([growth.among(growth.dims)]),
  parameter: (growth) => leaves.parameter(fresh(growth, 'p'), [1 + growth.below(4), 1 + growth.below(3)]),
  constant: (growth) => leaves.constant(growth.between(-2, 2)),
  size: (growth) => leaves.size(growth.among(growth.dims)),
  iota: (growth) => leaves.iota(growth.among(growth.dims)),
};

/** The losses that `dsl/losses.ts` exports. */
export type LossName = keyof typeof losses;

/** A step for every loss. */
export const lossSteps: { readonly [N in LossName]: Grow } = {
  meanSquaredError: (growth) => {
    const z = growth.pick();
    return losses.meanSquaredError(z, growth.like(z.shape));
  },
  sigmoidCrossEntropy: (growth) => {
    const z = growth.pick();
    return losses.sigmoidCrossEntropy(
      z,
      growth.leaf(z.shape, () => growth.below(2)),
    );
  },
  withLikelihood: (growth) => {
    const z = growth.pick();
    const loss = (a: Expr, b: Expr): Expr<[]> => mean(abs(sub(a, b)));
    return losses.withLikelihood(loss, likelihoods.gaussian(1))(z, growth.like(z.shape));
  },
  oneHot: (growth) => {
    const x = growth.pick(({ shape }) => shape.length === 1);
    const [batch] = x.shape;
    if (batch === undefined || x.shape.length !== 1) return undefined;
    const classes = 1 + growth.below(4);
    return losses.oneHot(typed<[Dim]>(growth.chance(0.7) ? labelsFor(growth, batch, classes) : x), classes);
  },
  softmaxCrossEntropy: (growth) => {
    const z = rows(growth);
    const [batch, classes] = z.shape;
    if (batch === undefined || typeof classes !== 'number') return undefined;
    return losses.softmaxCrossEntropy(z, labelsFor(growth, batch, classes));
  },
};
