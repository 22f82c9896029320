/** The baselines: SGD, momentum, Nesterov and Adam, each a chain of named transformations. */
import type { z } from 'zod';
import type { Target } from '../runtime/target.js';
import { asSet } from './asSet.js';
import { type FirstOrderMethod, type FirstOrderReport, type FirstOrderState, firstOrder } from './firstOrder.js';
import { type SolverName, solverSchemas } from './hyperparameters.js';
import type { Optimizer } from './optimizer.js';
import type { Problem } from './problem.js';
import { accumulateVelocity, chain, scaleByLearningRate, scaleByMoments } from './transformation.js';

const made =
  <Settings>(
    schema: z.ZodType<Settings>,
    methodOf: (settings: Settings) => FirstOrderMethod & { readonly name: SolverName },
  ) =>
  (problem: Problem, given: Settings, target: Target): Optimizer<FirstOrderState, FirstOrderReport> =>
    asSet(methodOf(schema.parse({})).name, schema, given, (settings) =>
      firstOrder(problem, methodOf(settings), target),
    );

/** SGD as the paper's runs used it: v ← μv + lr·g, θ ← θ − μv − lr·g; θ ← θ − lr·g for μ = 0. */
export const sgd = made(solverSchemas.sgd, (settings) => ({
  name: 'sgd',
  learningRate: settings,
  transformation: chain(scaleByLearningRate(settings), accumulateVelocity(settings.momentum, 'nesterov')),
}));

/** Momentum, the heavy ball (Polyak 1964): v ← μv + g, θ ← θ − lr·v. */
export const momentum = made(solverSchemas.momentum, (settings) => ({
  name: 'momentum',
  learningRate: settings,
  transformation: chain(accumulateVelocity(settings.momentum, 'none'), scaleByLearningRate(settings)),
}));

/**
 * Nesterov's accelerated gradient (Nesterov 1983, in the form of Sutskever et al. 2013 at the point that is looked
 * ahead to): v ← μv + g, θ ← θ − lr·(μv + g).
 */
export const nesterov = made(solverSchemas.nesterov, (settings) => ({
  name: 'nesterov',
  learningRate: settings,
  transformation: chain(accumulateVelocity(settings.momentum, 'nesterov'), scaleByLearningRate(settings)),
}));

/** Adam (Kingma & Ba 2015): θ ← θ − lr·m̂ / (√v̂ + ε). */
export const adam = made(solverSchemas.adam, (settings) => ({
  name: 'adam',
  learningRate: settings,
  transformation: chain(scaleByMoments(settings), scaleByLearningRate(settings)),
}));
