/** The baselines: SGD, momentum, Nesterov and Adam, each a chain of named transformations. */
import type { Target } from '../runtime/target.js';
import { type FirstOrderMethod, type FirstOrderReport, type FirstOrderState, firstOrder } from './firstOrder.js';
import type { AdamHyperparameters, MomentumHyperparameters, SgdHyperparameters } from './hyperparameters.js';
import type { Optimizer } from './optimizer.js';
import type { Problem } from './problem.js';
import { accumulateVelocity, chain, scaleByLearningRate, scaleByMoments } from './transformation.js';

const made =
  <Settings>(methodOf: (settings: Settings) => FirstOrderMethod) =>
  (problem: Problem, settings: Settings, target: Target): Optimizer<FirstOrderState, FirstOrderReport> =>
    firstOrder(problem, methodOf(settings), target);

/** SGD as the paper's runs used it: v ← μv + lr·g, θ ← θ − μv − lr·g; θ ← θ − lr·g for μ = 0. */
export const sgd = made((settings: SgdHyperparameters) => ({
  name: 'sgd',
  learningRate: settings,
  transformation: chain(scaleByLearningRate(settings), accumulateVelocity(settings.momentum, 'nesterov')),
}));

/** Momentum, the heavy ball (Polyak 1964): v ← μv + g, θ ← θ − lr·v. */
export const momentum = made((settings: MomentumHyperparameters) => ({
  name: 'momentum',
  learningRate: settings,
  transformation: chain(accumulateVelocity(settings.momentum, 'none'), scaleByLearningRate(settings)),
}));

/**
 * Nesterov's accelerated gradient (Nesterov 1983, in the form of Sutskever et al. 2013 at the point that is looked
 * ahead to): v ← μv + g, θ ← θ − lr·(μv + g).
 */
export const nesterov = made((settings: MomentumHyperparameters) => ({
  name: 'nesterov',
  learningRate: settings,
  transformation: chain(accumulateVelocity(settings.momentum, 'nesterov'), scaleByLearningRate(settings)),
}));

/** Adam (Kingma & Ba 2015): θ ← θ − lr·m̂ / (√v̂ + ε). */
export const adam = made((settings: AdamHyperparameters) => ({
  name: 'adam',
  learningRate: settings,
  transformation: chain(scaleByMoments(settings), scaleByLearningRate(settings)),
}));
