/**
 * The settings of the optimizers: schemas with the defaults of Gargiani et al. (2020, arXiv 2006.02409), appendix A.
 * They are strict: an unknown key or a value out of range is refused by name.
 */
import { z } from 'zod';
import { scheduleKinds } from './schedule.js';

const positive = z.number().positive();
const count = z.int().positive();

/** The options of SGN that are the paper's. The descriptions are what the command line shows. */
const paperFields = {
  damping: positive.default(1e-3).describe('ρ₀: the damping of the first step, or what a schedule of ρ descends from'),
  minDamping: positive.default(1e-6).describe('ρ_min: the damping never falls below it'),
  trustRegion: z.boolean().default(true).describe('adapt ρ to how well the quadratic model predicts the loss'),
  dampingSchedule: z
    .enum(['constant', 'linear', 'cosine'])
    .default('constant')
    .describe('how ρ goes from ρ₀ to ρ_min when the trust region is off'),
  dampingScheduleSteps: count.default(10).describe('K: over how many steps the schedule of ρ runs'),
  gradientMomentum: z.number().min(0).lt(1).default(0).describe('β: momentum on the gradient, bias-corrected'),
  preconditioner: z
    .enum(['none', 'diagonal', 'jacobi'])
    .default('none')
    .describe('M of CG; diagonal: 1 / (m̂² + ρ)^a; jacobi: 1 / (diag(G) + ρ)^a with the exact diagonal of the GGN'),
  preconditionerExponent: z.number().min(0).max(1).default(1).describe('a: the exponent of the preconditioner'),
  cgTolerance: z.number().min(0).default(1e-6).describe('CG has converged when the largest |residual| is below it'),
  minCgIterations: count.default(10).describe('limit of CG iterations before step cgSwitchStep'),
  maxCgIterations: count.default(10).describe('limit of CG iterations from step cgSwitchStep on: n of SGN(n)'),
  cgSwitchStep: count.default(10).describe('the first step with maxCgIterations'),
  lineSearch: z.boolean().default(true).describe('shrink α until the loss falls enough'),
  stepSize: positive.default(1).describe('α: where the line search starts, or the fixed step without it'),
  sufficientDecrease: z.number().positive().lt(1).default(1e-4).describe('c of the sufficient-decrease condition'),
  shrink: z.number().positive().lt(1).default(0.5).describe('what the line search multiplies α by'),
  maxLineSearchIterations: z.int().min(0).default(10).describe('how often the line search may shrink α'),
};

/** The options of SGN that are not the paper's, each with its source; all are off by default. */
const laterFields = {
  curvature: z
    .enum(['ggn', 'hessian', 'fisher', 'empiricalFisher'])
    .default('ggn')
    .describe('G: GGN (paper), exact Hessian (Martens 2010), Fisher, empirical Fisher (Kunstner et al. 2019)'),
  curvatureSamples: z
    .int()
    .min(0)
    .default(0)
    .describe('how many samples the curvature sees (Byrd et al. 2011); 0: as many as the gradient'),
  curvatureBatch: z
    .enum(['subset', 'independent'])
    .default('subset')
    .describe('which samples the curvature sees; subset: the first of the batch; independent: drawn apart from it'),
  innerSolver: z
    .enum(['cg', 'gradientDescent'])
    .default('cg')
    .describe('minimises the quadratic model; gradientDescent (Schraudolph 2002): steepest descent, exact steps'),
  warmStart: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('CG starts from the last Δθ times this, where the model is lower there (Martens 2010); 0: from 0'),
  cgProgressTolerance: z
    .number()
    .min(0)
    .default(0)
    .describe('ε: CG ends when the model falls by less than kε in k = max(10, 0.1 i) iterations (Martens 2010: 5e-4)'),
  cgBacktracking: z
    .boolean()
    .default(false)
    .describe('take the CG iterate with the lowest loss on the batch, not the last one (Martens 2010)'),
  negativeCurvatureGuard: z
    .boolean()
    .default(false)
    .describe(
      'step along −Mm̂ where it has no positive curvature (Nocedal & Wright 2006, alg. 7.1); always with hessian',
    ),
  adaptiveCgIterations: z
    .boolean()
    .default(false)
    .describe(
      'the limit of CG starts at min, grows by half after a good step and shrinks after a poor one (paper, future work)',
    ),
};

/** Settings of SGN. */
export const sgnHyperparameters = z
  .strictObject({ ...paperFields, ...laterFields })
  .refine(
    ({ damping, minDamping, trustRegion, dampingSchedule }) =>
      damping >= minDamping || (!trustRegion && dampingSchedule === 'constant'),
    { path: ['damping'], error: 'must not be below minDamping: raise it, or lower minDamping' },
  )
  .refine(({ adaptiveCgIterations, trustRegion }) => trustRegion || !adaptiveCgIterations, {
    path: ['adaptiveCgIterations'],
    error: 'needs the ratio of the trust region: leave trustRegion on',
  })
  .refine((given) => !given.adaptiveCgIterations || given.minCgIterations <= given.maxCgIterations, {
    path: ['minCgIterations'],
    error: 'adaptive numbers of CG iterations need minCgIterations ≤ maxCgIterations',
  });

/** Complete settings of SGN. */
export type SgnHyperparameters = Readonly<z.output<typeof sgnHyperparameters>>;

const learningRateFields = (learningRate: number) => ({
  learningRate: positive.default(learningRate).describe('the learning rate of the first step'),
  learningRateSchedule: z.enum(scheduleKinds).default('constant').describe('how the learning rate changes'),
  learningRateScheduleSteps: count.default(1000).describe('K: over how many steps (`step`: every how many) it changes'),
  learningRateFactor: z.number().positive().max(1).default(0.1).describe('what a `step` schedule multiplies by'),
  minLearningRate: z.number().min(0).default(0).describe('where the linear and cosine schedules end'),
});

/** How a learning rate goes. */
export type LearningRate = Readonly<z.output<z.ZodObject<ReturnType<typeof learningRateFields>>>>;

const decay = z.number().min(0).lt(1);
const momentumField = (mu: number) => decay.default(mu).describe('μ: how much of the velocity is kept per step');

/** Settings of SGD. */
export const sgdHyperparameters = z.strictObject({ ...learningRateFields(0.1), momentum: momentumField(0) });

/** Complete settings of SGD. */
export type SgdHyperparameters = Readonly<z.output<typeof sgdHyperparameters>>;

/** Settings of the momentum method and of Nesterov's; μ = 0.9 as is usual since Sutskever et al. (2013). */
export const momentumHyperparameters = z.strictObject({ ...learningRateFields(0.01), momentum: momentumField(0.9) });

/** Complete settings of the momentum method and of Nesterov's. */
export type MomentumHyperparameters = Readonly<z.output<typeof momentumHyperparameters>>;

/** Settings of Adam, with the defaults of Kingma & Ba (2015). */
export const adamHyperparameters = z.strictObject({
  ...learningRateFields(1e-3),
  firstDecay: decay.default(0.9).describe('β₁: how much of the mean of gradients is kept per step'),
  secondDecay: decay.default(0.999).describe('β₂: how much of the mean of squared gradients is kept per step'),
  epsilon: positive.default(1e-8).describe('ε: added to the root of the mean of squared gradients'),
});

/** Complete settings of Adam. */
export type AdamHyperparameters = Readonly<z.output<typeof adamHyperparameters>>;

/** The schemas of all optimizers' settings, by the names that a run chooses them with. */
export const solverSchemas = {
  sgn: sgnHyperparameters,
  sgd: sgdHyperparameters,
  momentum: momentumHyperparameters,
  nesterov: momentumHyperparameters,
  adam: adamHyperparameters,
} as const;

/** The name of an optimizer. */
export type SolverName = keyof typeof solverSchemas;

/** The names of all optimizers. */
export const solverNames = z.keyof(z.strictObject(solverSchemas)).options;

/** Complete settings by optimizer. */
export type SolverSettings = { readonly [Name in SolverName]: Readonly<z.output<(typeof solverSchemas)[Name]>> };
