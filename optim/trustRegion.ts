/** The trust region: how well the quadratic model foretold the loss decides the damping ρ of the next step. */
import { isFiniteFloat } from './results.js';

/** Nocedal & Wright, Numerical Optimization (2006), algorithm 4.1, in the form for a damping instead of a radius. */
const poor = { below: 1 / 4, multiply: 3 / 2 };
const good = { above: 3 / 4, multiply: 2 / 3 };

/** What a step promised and what it gave; both changes are negative for a step that descends. */
export interface LossChange {
  /** L(θ). */
  readonly loss: number;
  /** L(θ + Δθ) − L(θ), NaN or an infinity where the former is not finite. */
  readonly actual: number;
  /** ½ (r + g)ᵀΔθ, the change of the damped quadratic model gᵀΔθ + ½ Δθᵀ(G + ρI)Δθ, where r = (G + ρI)Δθ + g. */
  readonly predicted: number;
}

// A unit in the last place of a float32, relative to its size.
const rounding = 2 ** -23;

/**
 * actual / predicted, where the algorithm takes for granted that both can be told and that a reduction is promised:
 *
 * - −∞ where the loss is not finite after the step: no model is worse.
 * - 1 where both are no more than the rounding of the loss (Conn, Gould & Toint 2000, section 17.4.2), as for Δθ = 0 or
 *   where the loss is flat: nothing tells against the model, and ρ must not grow for ever.
 * - Negative where the model foretells no reduction, as it may where m̂ is not g: a rise that came as foretold is no good
 *   step.
 */
export const reductionRatio = ({ loss, actual, predicted }: LossChange): number => {
  if (!isFiniteFloat(actual)) return Number.NEGATIVE_INFINITY;
  if (Math.max(Math.abs(actual), Math.abs(predicted)) <= rounding * Math.abs(loss)) return 1;
  return predicted < 0 ? actual / predicted : -Math.abs(actual / predicted);
};

/** How far the quadratic model is to be trusted after a step with this ratio: poor under 1/4, good over 3/4. */
export const trust = (ratio: number): 'poor' | 'fair' | 'good' => {
  if (ratio < poor.below) return 'poor';
  return ratio > good.above ? 'good' : 'fair';
};

/** ρ after a step: 3/2 ρ where the ratio is under 1/4; 2/3 ρ, but not under `minDamping`, where it is over 3/4. */
export const nextDamping = (damping: number, minDamping: number, ratio: number): number => {
  switch (trust(ratio)) {
    case 'poor':
      return poor.multiply * damping;
    case 'good':
      return Math.max(good.multiply * damping, minDamping);
    case 'fair':
      return damping;
  }
};
