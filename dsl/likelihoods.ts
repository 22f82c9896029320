/**
 * Likelihoods: what a loss says of its targets. A loss that is a mean over samples of −c ln p(y | z), up to a constant,
 * carries the likelihood p: which targets there can be, how a prediction is read off z, and the Fisher matrix of z.
 */
import type { Expr } from './node.js';
import { broadcastTo, literal, map, reduce } from './primitives.js';
import { softmax } from './reductions.js';

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
   * u ↦ F_z u, sample by sample, for z and u [batch, …]: the Fisher information F_z = E[∇ ln p (∇ ln p)ᵀ] of the whole
   * output of a sample, ∇ being ∂/∂z and the mean over y ~ p(y | z). It is E[−∂² ln p/∂z²], too: where that does not
   * depend on y, a loss −c ln p has the Hessian c F_z.
   */
  readonly fisher: (output: Expr, tangent: Expr) => Expr;
}

/** Σ over the last axis, repeated along it again. */
const alongLast = (values: Expr): Expr => {
  const axis = values.shape.length - 1;
  const kept = Array.from({ length: axis }, (_, i) => i);
  return broadcastTo(reduce('sum', values, [axis]), values.shape, kept);
};

/** One of C classes, independently at every position, z [batch, …, C] being its logits: diag(p) − ppᵀ for each. */
export const categorical: Likelihood = {
  name: 'categorical',
  targets: { _tag: 'Labels' },
  prediction: { _tag: 'LargestOutput' },
  fisher: (output, tangent) => {
    const probabilities = softmax(output);
    const weighted = map('mul', probabilities, tangent);
    return map('sub', weighted, map('mul', probabilities, alongLast(weighted)));
  },
};

/** 0 or 1, independently for every element of z, its logit: p (1 − p) on the diagonal. */
export const bernoulli: Likelihood = {
  name: 'bernoulli',
  targets: { _tag: 'Probabilities' },
  prediction: { _tag: 'Sign' },
  fisher: (output, tangent) =>
    map('mul', map('mul', map('sigmoid', output), map('sigmoid', map('neg', output))), tangent),
};

/** N(z, σ²), independently for every element of z: 1 / σ² on the diagonal. */
export const gaussian = (variance: number): Likelihood => ({
  name: 'gaussian',
  targets: { _tag: 'Numbers' },
  prediction: { _tag: 'None' },
  fisher: (_, tangent) => (variance === 1 ? tangent : map('div', tangent, literal(variance))),
});
