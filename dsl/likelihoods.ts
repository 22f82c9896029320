/**
 * Likelihoods: what a loss says of its targets. A loss that is the mean of −ln p(y | z), up to a constant, carries the
 * likelihood p: which targets there can be, how a prediction is read off z, and the Fisher matrix of z.
 */
import type { Expr } from './node.js';
import { broadcastTo, literal, map, reduce, size } from './primitives.js';
import { softmax } from './reductions.js';
import type { Shape } from './shape.js';

/** What the numbers of a target stand for, and so which are legal. */
export type Targets =
  /** Classes 0 … C − 1 of the last axis of z [batch, …, C]: whole numbers [batch, …]. */
  | { readonly _tag: 'Labels' }
  /** Probabilities of a 1, one per element of z: 0 ≤ y ≤ 1; 0 and 1 where they are known. */
  | { readonly _tag: 'Probabilities' }
  /** Numbers of events, one per element of z: 0, 1, 2, … */
  | { readonly _tag: 'Counts' }
  /** Any finite number, one per element of z. */
  | { readonly _tag: 'Numbers' };

/** How a prediction is read off z, to be compared with a target. */
export type Prediction =
  /** The first of the largest elements along the last axis. */
  | { readonly _tag: 'LargestOutput' }
  /** 1 where z > 0, else 0; a target counts as 1 where it is over ½. */
  | { readonly _tag: 'Sign' }
  /** z is a number that no share of hits can be counted of. */
  | { readonly _tag: 'None' };

/** What targets are, and what predicts them. */
export interface Response {
  readonly targets: Targets;
  readonly prediction: Prediction;
}

/** The distribution p(y | z) of the targets of a sample. */
export interface Likelihood extends Response {
  /** As in messages, for example `categorical`. */
  readonly name: string;
  /**
   * u ↦ F_z u, sample by sample, for z and u [batch, …]: F_z = E[∂²ℓ/∂z²] over y ~ p(y | z), with ℓ(z, y) the loss of
   * one sample. For ℓ = −ln p(y | z) that is the Fisher information E[∇ℓ ∇ℓᵀ]; for the mean of several such it is the
   * mean of theirs. Where ∂²ℓ/∂z² does not depend on y, as of every loss here, F_z is that Hessian.
   */
  readonly fisher: (output: Expr, tangent: Expr) => Expr;
}

/** Σ over the last axis, repeated along it again. */
const alongLast = (values: Expr): Expr => {
  const axis = values.shape.length - 1;
  const kept = Array.from({ length: axis }, (_, i) => i);
  return broadcastTo(reduce('sum', values, [axis]), values.shape, kept);
};

/** Π of extents as a scalar. */
const extentOf = (shape: Shape): Expr =>
  shape.map(size).reduce((product, extent) => map('mul', product, extent), literal(1));

/** One of C classes at every position, z [batch, …, C] being its logits, averaged over positions: diag(p) − ppᵀ for each. */
export const categorical: Likelihood = {
  name: 'categorical',
  targets: { _tag: 'Labels' },
  prediction: { _tag: 'LargestOutput' },
  fisher: (output, tangent) => {
    const probabilities = softmax(output);
    const weighted = map('mul', probabilities, tangent);
    const product = map('sub', weighted, map('mul', probabilities, alongLast(weighted)));
    return map('div', product, extentOf(output.shape.slice(1, -1)));
  },
};

/** 0 or 1 for every element of z, its logit, averaged over the K elements of a sample: p (1 − p) / K on the diagonal. */
export const bernoulli: Likelihood = {
  name: 'bernoulli',
  targets: { _tag: 'Probabilities' },
  prediction: { _tag: 'Sign' },
  fisher: (output, tangent) => {
    const spread = map('mul', map('sigmoid', output), map('sigmoid', map('neg', output)));
    return map('div', map('mul', spread, tangent), extentOf(output.shape.slice(1)));
  },
};

/** N(z, σ²) for every element of z, averaged over the K elements of a sample: 1 / (σ²K) on the diagonal. */
export const gaussian = (variance: number): Likelihood => ({
  name: 'gaussian',
  targets: { _tag: 'Numbers' },
  prediction: { _tag: 'None' },
  fisher: (output, tangent) => map('div', map('div', tangent, literal(variance)), extentOf(output.shape.slice(1))),
});
