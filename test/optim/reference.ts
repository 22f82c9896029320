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
  readonly cgIterations: number;
  readonly direction: Pair;
}

export interface ReferenceReport {
  readonly loss: number;
  readonly trialLoss: number;
  readonly stepSize: number;
  readonly cgIterations: number;
  readonly stopReason: string;
}

/** As float32 holds it: the vectors of a state are float32 between steps, on every target. */
export const rounded = ([a, b]: Pair): Pair => [Math.fround(a), Math.fround(b)];

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

/** Rows of a symmetric matrix. */
type Matrix = readonly [Pair, Pair];

const apply = (A: Matrix, v: Pair): Pair => [dot(A[0], v), dot(A[1], v)];

/** ∇²L: G and the mean of 2 (f − y) ∇²f. */
export const hessianAt = (theta: Pair, samples: Samples): Matrix => {
  const G = ggnAt(theta, samples);
  const [a, b] = theta;
  const slope = (x: number): number => 1 - Math.tanh(a * x) ** 2;
  const residual = (x: number, y: number): number => 2 * (predict(theta, x) - y);
  const aa = mean(samples.map(([x, y]) => residual(x, y) * b * x ** 2 * -2 * Math.tanh(a * x) * slope(x)));
  const ab = mean(samples.map(([x, y]) => residual(x, y) * x * slope(x)));
  return [
    [G[0][0] + aa, G[0][1] + ab],
    [G[1][0] + ab, G[1][1]],
  ];
};

/** (1/N) Σ gᵢgᵢᵀ. */
const empiricalFisherAt = (theta: Pair, samples: Samples): Matrix => {
  const gradients = samples.map((sample) => gradientAt(theta, [sample]));
  const entry = (i: 0 | 1, j: 0 | 1) => mean(gradients.map((g) => g[i] * g[j]));
  return [
    [entry(0, 0), entry(0, 1)],
    [entry(1, 0), entry(1, 1)],
  ];
};

const curvatureAt = (settings: SgnHyperparameters, theta: Pair, samples: Samples): Matrix => {
  switch (settings.curvature) {
    case 'ggn':
      return ggnAt(theta, samples);
    case 'hessian':
      return hessianAt(theta, samples);
    case 'empiricalFisher':
      return empiricalFisherAt(theta, samples);
    case 'fisher': {
      // one output: half the GGN
      const [[aa, ab], [ba, bb]] = ggnAt(theta, samples);
      return [
        [aa / 2, ab / 2],
        [ba / 2, bb / 2],
      ];
    }
  }
};

interface Solution {
  readonly direction: Pair;
  readonly residual: Pair;
  readonly iterations: number;
  readonly stopReason: string;
}

/** The inner problem A Δθ = −gradient, and how the settings have it solved. */
interface Inner {
  readonly A: Matrix;
  readonly gradient: Pair;
  /** The diagonal M. */
  readonly M: Pair;
  readonly limit: number;
  /** Δθ₀. */
  readonly start: Pair;
  readonly lossOf: (direction: Pair) => number;
}

/** Algorithm 2 of the paper with the later options. */
export const conjugateGradients = (settings: SgnHyperparameters, inner: Inner): Solution => {
  const { A, gradient, M, limit, start, lossOf } = inner;
  const precondition = (v: Pair): Pair => [M[0] * v[0], M[1] * v[1]];
  const model = (d: Pair): number => dot(gradient, d) + 0.5 * dot(d, apply(A, d));
  let direction: Pair = model(start) < 0 ? start : [0, 0];
  let residual = combine(gradient, 1, apply(A, direction));
  let y = precondition(residual);
  let p: Pair = [-y[0], -y[1]];
  const history = [model(direction)];
  let best = { loss: Number.POSITIVE_INFINITY, direction, residual };
  const ended = (iterations: number, stopReason: string): Solution => ({
    ...(settings.cgBacktracking ? best : { direction, residual }),
    iterations,
    stopReason,
  });
  for (let iterations = 0; ; iterations++) {
    const largest = Math.max(Math.abs(residual[0]), Math.abs(residual[1]));
    // the residual is looked at after an iteration
    if (iterations > 0 && largest <= settings.cgTolerance) return ended(iterations, 'Converged');
    if (iterations >= limit) return ended(iterations, 'MaxIterations');
    const window = Math.max(10, 0.1 * iterations);
    const now = model(direction);
    const before = history[Math.floor(iterations - window)] ?? 0;
    const slow = (now - before) / now < window * settings.cgProgressTolerance;
    if (settings.cgProgressTolerance > 0 && iterations > window && now < 0 && slow)
      return ended(iterations, 'RelativeProgress');
    const Ap = apply(A, p);
    if (dot(p, Ap) <= 1e-30) {
      if (iterations === 0 && (settings.negativeCurvatureGuard || settings.curvature === 'hessian')) {
        direction = combine(direction, 1, p);
        residual = combine(residual, 1, Ap);
      }
      return ended(iterations, 'NonPositiveCurvature');
    }
    const alpha = dot(residual, y) / dot(p, Ap);
    direction = combine(direction, alpha, p);
    history.push(model(direction));
    const next = combine(residual, alpha, Ap);
    const yNext = precondition(next);
    const beta = settings.innerSolver === 'cg' ? dot(next, yNext) / dot(residual, y) : 0;
    p = [-yNext[0] + beta * p[0], -yNext[1] + beta * p[1]];
    residual = next;
    y = yNext;
    const loss = lossOf(direction);
    if (loss < best.loss) best = { loss, direction, residual };
  }
};

/** ρ of step t = 1, 2, … */
export const scheduled = (settings: SgnHyperparameters, t: number): number => {
  const { damping, minDamping, dampingScheduleSteps } = settings;
  const part = Math.min(t / dampingScheduleSteps, 1);
  if (settings.dampingSchedule === 'constant') return damping;
  if (settings.dampingSchedule === 'linear') return damping * (1 - part) + minDamping * part;
  return Math.max(minDamping, damping * Math.cos((Math.PI / 2) * part));
};

/** The state before the first step. */
export const referenceStart = (settings: SgnHyperparameters, theta: Pair): ReferenceState => ({
  step: 0,
  theta,
  momentum: [0, 0],
  damping: settings.trustRegion ? settings.damping : scheduled(settings, 1),
  cgIterations:
    settings.adaptiveCgIterations || settings.cgSwitchStep > 1 ? settings.minCgIterations : settings.maxCgIterations,
  direction: [0, 0],
});

const nextLimit = (settings: SgnHyperparameters, step: number, last: number, ratio: number): number => {
  const { minCgIterations, maxCgIterations, cgSwitchStep, adaptiveCgIterations } = settings;
  if (!adaptiveCgIterations) return step < cgSwitchStep ? minCgIterations : maxCgIterations;
  if (ratio > 0.75) return Math.min(Math.ceil(1.5 * last), maxCgIterations);
  return ratio < 0.25 ? Math.max(Math.floor(last / 1.5), minCgIterations) : last;
};

const curvatureSamplesOf = (settings: SgnHyperparameters, samples: Samples, drawn: Samples): Samples => {
  if (settings.curvatureBatch === 'independent') return drawn;
  return settings.curvatureSamples === 0 ? samples : samples.slice(0, settings.curvatureSamples);
};

/** One step of the paper, with the later options; `drawn` is for a curvature with samples of its own. */
export const referenceStep = (
  settings: SgnHyperparameters,
  state: ReferenceState,
  samples: Samples,
  drawn: Samples,
): { readonly state: ReferenceState; readonly report: ReferenceReport } => {
  const step = state.step + 1;
  const { theta, damping } = state;
  const loss = lossAt(theta, samples);
  const g = gradientAt(theta, samples);
  const beta = settings.gradientMomentum;
  const momentum: Pair = [beta * state.momentum[0] + (1 - beta) * g[0], beta * state.momentum[1] + (1 - beta) * g[1]];
  const correction = 1 / (1 - beta ** step);
  const m: Pair = [correction * momentum[0], correction * momentum[1]];
  const seen = curvatureSamplesOf(settings, samples, drawn);
  const G = curvatureAt(settings, theta, seen);
  const ggn = ggnAt(theta, seen);
  const scale = (i: 0 | 1): number => {
    const entries = { none: 1 - damping, diagonal: m[i] ** 2, jacobi: ggn[i][i] };
    return 1 / (entries[settings.preconditioner] + damping) ** settings.preconditionerExponent;
  };
  const solved = conjugateGradients(settings, {
    A: [
      [G[0][0] + damping, G[0][1]],
      [G[1][0], G[1][1] + damping],
    ],
    gradient: m,
    M: [scale(0), scale(1)],
    limit: state.cgIterations,
    start: [settings.warmStart * state.direction[0], settings.warmStart * state.direction[1]],
    lossOf: (direction) => lossAt(combine(theta, 1, direction), samples),
  });
  const lossAfter = (alpha: number): number => lossAt(combine(theta, alpha, solved.direction), samples);
  const predicted = 0.5 * dot(combine(solved.residual, 1, g), solved.direction);
  const actual = lossAfter(1) - loss;
  const told = Math.abs(actual) > Math.abs(loss) / 2 ** 23 || Math.abs(predicted) > Math.abs(loss) / 2 ** 23;
  const ratio = told ? (predicted < 0 ? actual / predicted : Number.NEGATIVE_INFINITY) : 1;
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
      theta: rounded(combine(theta, alpha, solved.direction)),
      momentum: rounded(momentum),
      damping: settings.trustRegion ? adapted : scheduled(settings, step + 1),
      cgIterations: nextLimit(settings, step + 1, state.cgIterations, ratio),
      direction: rounded(solved.direction),
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
