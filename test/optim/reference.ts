/**
 * SGN written down a second time: float64, plain arrays, two parameters, matrices formed. The oracle of the stepper.
 *
 * The problem: f(x; a, b) = b · tanh(a · x), mean squared error, θ = (a, b).
 */
import type { SgnHyperparameters } from '../../optim/index.js';

export type Pair = readonly [number, number];

/** Samples (x, y). */
export type Samples = readonly Pair[];

export interface ReferenceState {
  readonly step: number;
  readonly theta: Pair;
  readonly momentum: Pair;
  readonly damping: number;
}

export interface ReferenceReport {
  readonly loss: number;
  readonly trialLoss: number;
  readonly stepSize: number;
  readonly cgIterations: number;
  readonly stopReason: string;
}

const dot = (u: Pair, v: Pair): number => u[0] * v[0] + u[1] * v[1];
const combine = (u: Pair, scale: number, v: Pair): Pair => [u[0] + scale * v[0], u[1] + scale * v[1]];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const predict = ([a, b]: Pair, x: number): number => b * Math.tanh(a * x);

// ∂f/∂a = b x (1 − tanh²(ax)), ∂f/∂b = tanh(ax)
const jacobian = ([a, b]: Pair, x: number): Pair => [b * x * (1 - Math.tanh(a * x) ** 2), Math.tanh(a * x)];

export const lossAt = (theta: Pair, samples: Samples): number =>
  mean(samples.map(([x, y]) => (predict(theta, x) - y) ** 2));

export const gradientAt = (theta: Pair, samples: Samples): Pair => {
  const entry = (i: 0 | 1) => mean(samples.map(([x, y]) => 2 * (predict(theta, x) - y) * jacobian(theta, x)[i]));
  return [entry(0), entry(1)];
};

/** G = (1/N) Σ Jᵀ 2 J as its rows. */
export const ggnAt = (theta: Pair, samples: Samples): readonly [Pair, Pair] => {
  const entry = (i: 0 | 1, j: 0 | 1) => mean(samples.map(([x]) => 2 * jacobian(theta, x)[i] * jacobian(theta, x)[j]));
  return [
    [entry(0, 0), entry(0, 1)],
    [entry(1, 0), entry(1, 1)],
  ];
};

interface Solution {
  readonly direction: Pair;
  readonly residual: Pair;
  readonly iterations: number;
  readonly stopReason: string;
}

/** Algorithm 2 of the paper, with the matrix A = G + ρI and the diagonal M given. */
export const conjugateGradients = (
  A: readonly [Pair, Pair],
  gradient: Pair,
  M: Pair,
  tolerance: number,
  limit: number,
): Solution => {
  const precondition = (v: Pair): Pair => [M[0] * v[0], M[1] * v[1]];
  let direction: Pair = [0, 0];
  let residual = gradient;
  let y = precondition(residual);
  let p: Pair = [-y[0], -y[1]];
  for (let iterations = 0; ; iterations++) {
    const largest = Math.max(Math.abs(residual[0]), Math.abs(residual[1]));
    if (largest <= tolerance) return { direction, residual, iterations, stopReason: 'Converged' };
    if (iterations >= limit) return { direction, residual, iterations, stopReason: 'MaxIterations' };
    const Ap: Pair = [dot(A[0], p), dot(A[1], p)];
    const alpha = dot(residual, y) / dot(p, Ap);
    direction = combine(direction, alpha, p);
    const next = combine(residual, alpha, Ap);
    const yNext = precondition(next);
    const beta = dot(next, yNext) / dot(residual, y);
    p = [-yNext[0] + beta * p[0], -yNext[1] + beta * p[1]];
    residual = next;
    y = yNext;
  }
};

const scheduled = (settings: SgnHyperparameters, t: number): number => {
  const { damping, minDamping, dampingScheduleSteps } = settings;
  const part = Math.min(t / dampingScheduleSteps, 1);
  if (settings.dampingSchedule === 'constant') return damping;
  if (settings.dampingSchedule === 'linear') return damping * (1 - part) + minDamping * part;
  return Math.max(minDamping, damping * Math.cos((Math.PI / 2) * part));
};

/** One step of paper-protocol, points 1 to 7. */
export const referenceStep = (
  settings: SgnHyperparameters,
  state: ReferenceState,
  samples: Samples,
): { readonly state: ReferenceState; readonly report: ReferenceReport } => {
  const step = state.step + 1;
  const { theta, damping } = state;
  const loss = lossAt(theta, samples);
  const g = gradientAt(theta, samples);
  const beta = settings.gradientMomentum;
  const momentum: Pair = [beta * state.momentum[0] + (1 - beta) * g[0], beta * state.momentum[1] + (1 - beta) * g[1]];
  const correction = 1 / (1 - beta ** step);
  const m: Pair = [correction * momentum[0], correction * momentum[1]];
  const diagonal = (entry: number): number =>
    settings.preconditioner === 'diagonal' ? 1 / (entry ** 2 + damping) ** settings.preconditionerExponent : 1;
  const G = ggnAt(theta, samples);
  const solved = conjugateGradients(
    [
      [G[0][0] + damping, G[0][1]],
      [G[1][0], G[1][1] + damping],
    ],
    m,
    [diagonal(m[0]), diagonal(m[1])],
    settings.cgTolerance,
    step < settings.cgSwitchStep ? settings.minCgIterations : settings.maxCgIterations,
  );
  const lossAfter = (alpha: number): number => lossAt(combine(theta, alpha, solved.direction), samples);
  const predicted = 0.5 * dot(combine(solved.residual, 1, g), solved.direction);
  const ratio = (lossAfter(1) - loss) / predicted;
  const adapted =
    ratio < 0.25 ? 1.5 * damping : ratio > 0.75 ? Math.max((2 / 3) * damping, settings.minDamping) : damping;
  let alpha = settings.stepSize;
  if (settings.lineSearch)
    for (let shrinks = 0; shrinks < settings.maxLineSearchIterations; shrinks++) {
      if (lossAfter(alpha) <= loss + settings.sufficientDecrease * alpha * dot(m, solved.direction)) break;
      alpha *= settings.shrink;
    }
  return {
    state: {
      step,
      theta: combine(theta, alpha, solved.direction),
      momentum,
      damping: settings.trustRegion ? adapted : scheduled(settings, step),
    },
    report: {
      loss,
      trialLoss: lossAfter(alpha),
      stepSize: alpha,
      cgIterations: solved.iterations,
      stopReason: solved.stopReason,
    },
  };
};
