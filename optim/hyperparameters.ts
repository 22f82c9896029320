/**
 * The settings of the optimizers: schemas with the defaults of Gargiani et al. (2020, arXiv 2006.02409), appendix A.
 * They are strict: an unknown key or a value out of range is refused by name.
 */
import { z } from 'zod';
import { scheduleKinds } from './schedule.js';

const positive = z.number().positive();
const count = z.int().positive();

/** Settings of SGN. The descriptions are what the command line shows. */
export const sgnHyperparameters = z.strictObject({
  damping: positive.default(1e-3).describe('ρ₀: the damping of the first step'),
  minDamping: positive.default(1e-6).describe('ρ_min: the damping never falls below it'),
  trustRegion: z.boolean().default(true).describe('adapt ρ to how well the quadratic model predicts the loss'),
  dampingSchedule: z
    .enum(['constant', 'linear', 'cosine'])
    .default('constant')
    .describe('how ρ goes from ρ₀ to ρ_min when the trust region is off'),
  dampingScheduleSteps: count.default(10).describe('K: over how many steps the schedule of ρ runs'),
  gradientMomentum: z.number().min(0).lt(1).default(0).describe('β: momentum on the gradient, bias-corrected'),
  preconditioner: z.enum(['none', 'diagonal']).default('none').describe('M of CG; diagonal: 1 / (m̂² + ρ)^a'),
  preconditionerExponent: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('a: the exponent of the diagonal preconditioner'),
  cgTolerance: z.number().min(0).default(1e-6).describe('CG has converged when the largest |residual| is below it'),
  minCgIterations: count.default(10).describe('limit of CG iterations before step cgSwitchStep'),
  maxCgIterations: count.default(10).describe('limit of CG iterations from step cgSwitchStep on: n of SGN(n)'),
  cgSwitchStep: count.default(10).describe('the first step with maxCgIterations'),
  lineSearch: z.boolean().default(true).describe('shrink α until the loss falls enough'),
  stepSize: positive.default(1).describe('α: where the line search starts, or the fixed step without it'),
  sufficientDecrease: z.number().positive().lt(1).default(1e-4).describe('c of the sufficient-decrease condition'),
  shrink: z.number().positive().lt(1).default(0.5).describe('what the line search multiplies α by'),
  maxLineSearchIterations: z.int().min(0).default(10).describe('how often the line search may shrink α'),
});

/** Complete settings of SGN. */
export type SgnHyperparameters = Readonly<z.output<typeof sgnHyperparameters>>;

/** Settings of SGD. */
export const sgdHyperparameters = z.strictObject({
  learningRate: positive.default(0.1).describe('the learning rate of the first step'),
  momentum: z.number().min(0).lt(1).default(0).describe('μ: v ← μv + lr·g, θ ← θ − μv − lr·g'),
  learningRateSchedule: z.enum(scheduleKinds).default('constant').describe('how the learning rate changes'),
  learningRateScheduleSteps: count.default(1000).describe('K: over how many steps (`step`: every how many) it changes'),
  learningRateFactor: z.number().positive().max(1).default(0.1).describe('what a `step` schedule multiplies by'),
  minLearningRate: z.number().min(0).default(0).describe('where the linear and cosine schedules end'),
});

/** Complete settings of SGD. */
export type SgdHyperparameters = Readonly<z.output<typeof sgdHyperparameters>>;
