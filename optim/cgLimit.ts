/** How many iterations CG may take in a step. */
import * as O from 'fp-ts/lib/Option.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import { trust } from './trustRegion.js';

type Limits = Pick<SgnHyperparameters, 'minCgIterations' | 'maxCgIterations' | 'cgSwitchStep' | 'adaptiveCgIterations'>;

/** What an adaptive limit is multiplied by after a good step, and divided by after a poor one. */
const growth = 3 / 2;

/** The limit of the first step. */
export const firstCgLimit = ({
  adaptiveCgIterations,
  minCgIterations,
  maxCgIterations,
  cgSwitchStep,
}: Limits): number => (adaptiveCgIterations || cgSwitchStep > 1 ? minCgIterations : maxCgIterations);

/**
 * The limit of step `step` = 2, 3, …, after one with the limit `last` and the trust region's ratio. Fixed: min before
 * cgSwitchStep, max from it on (paper). Adaptive: half as many again after a good step, two thirds after a poor one,
 * within min and max (the future work of Gargiani et al. 2020, section 5).
 */
export const nextCgLimit = (settings: Limits, step: number, last: number, ratio: O.Option<number>): number => {
  const { adaptiveCgIterations, minCgIterations, maxCgIterations, cgSwitchStep } = settings;
  if (!adaptiveCgIterations) return step < cgSwitchStep ? minCgIterations : maxCgIterations;
  if (O.isNone(ratio)) return last;
  switch (trust(ratio.value)) {
    case 'good':
      return Math.min(Math.ceil(growth * last), maxCgIterations);
    case 'poor':
      return Math.max(Math.floor(last / growth), minCgIterations);
    case 'fair':
      return last;
  }
};
