/**
 * Gradient transformations: the named parts that first-order optimizers are composed of. Each is a record of pure
 * functions; `update` is one on expressions, so that a chain of them compiles into one program.
 */
import { add, div, input, mul, sqrt, square, sub } from '../dsl/index.js';
import type { Scalar, Vector } from './cg.js';
import type { LearningRate } from './hyperparameters.js';
import { scheduleValue } from './schedule.js';

/** Vectors [d] by the names of the inputs that they enter a step with. */
export type Memory<V> = Readonly<Record<string, V>>;

/** What an update computes, and what it reads beside the gradient. */
export interface Updated {
  /** What stands for the gradient from here on [d]. */
  readonly update: Vector;
  /** The inputs that it reads: the vectors of its memory and its scalars. */
  readonly inputs: readonly (Vector | Scalar)[];
  /** The memory after the step. */
  readonly memory: Memory<Vector>;
}

/** A map of gradients with a memory. */
export interface Transformation {
  /** The memory before the first step, for parameters [length]. */
  readonly init: (length: number) => Memory<Float32Array>;
  /** The scalars of step t = 1, 2, …, by the names of their inputs. */
  readonly scalars: (step: number) => Readonly<Record<string, number>>;
  readonly update: (gradient: Vector) => Updated;
}

const lengthOf = ({ shape: [length] }: Vector): number => length;

/** Leaves every gradient as it is. */
export const identityTransformation: Transformation = {
  init: () => ({}),
  scalars: () => ({}),
  update: (gradient) => ({ update: gradient, inputs: [], memory: {} }),
};

/** One after the other, from the gradient on. Their names of memory and scalars must differ. */
export const chain = (...parts: readonly Transformation[]): Transformation =>
  parts.reduce(
    (before, after) => ({
      init: (length) => ({ ...before.init(length), ...after.init(length) }),
      scalars: (step) => ({ ...before.scalars(step), ...after.scalars(step) }),
      update: (gradient) => {
        const first = before.update(gradient);
        const second = after.update(first.update);
        return {
          update: second.update,
          inputs: [...first.inputs, ...second.inputs],
          memory: { ...first.memory, ...second.memory },
        };
      },
    }),
    identityTransformation,
  );

/** The learning rate of step t = 1, 2, … */
export const learningRateAt = (settings: LearningRate, step: number): number =>
  scheduleValue(
    {
      kind: settings.learningRateSchedule,
      initial: settings.learningRate,
      final: settings.minLearningRate,
      steps: settings.learningRateScheduleSteps,
      factor: settings.learningRateFactor,
    },
    step - 1,
  );

/** u ← lr·u with the learning rate of the step. */
export const scaleByLearningRate = (settings: LearningRate): Transformation => ({
  init: () => ({}),
  scalars: (step) => ({ learningRate: learningRateAt(settings, step) }),
  update: (gradient) => {
    const learningRate = input('learningRate', []);
    return { update: mul(learningRate, gradient), inputs: [learningRate], memory: {} };
  },
});

/** What a part makes of the velocity v: v itself (Polyak 1964), or μv + u, which looks ahead (Nesterov 1983; Sutskever et al. 2013). */
export type Lookahead = 'none' | 'nesterov';

/** v ← μv + u, then v or μv + u; nothing is kept where μ = 0. */
export const accumulateVelocity = (mu: number, lookahead: Lookahead): Transformation =>
  mu === 0
    ? identityTransformation
    : {
        init: (length) => ({ velocity: new Float32Array(length) }),
        scalars: () => ({}),
        update: (gradient) => {
          const previous = input('velocity', [lengthOf(gradient)]);
          const velocity = add(mul(mu, previous), gradient);
          const update = lookahead === 'nesterov' ? add(mul(mu, velocity), gradient) : velocity;
          return { update, inputs: [previous], memory: { velocity } };
        },
      };

/** What `scaleByMoments` needs to know. */
export interface MomentDecays {
  /** β₁ and β₂, in [0, 1). */
  readonly firstDecay: number;
  readonly secondDecay: number;
  /** ε. */
  readonly epsilon: number;
}

/**
 * Adam's direction m̂ / (√v̂ + ε) (Kingma & Ba 2015, algorithm 1): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
 */
export const scaleByMoments = ({ firstDecay, secondDecay, epsilon }: MomentDecays): Transformation => ({
  init: (length) => ({ firstMoment: new Float32Array(length), secondMoment: new Float32Array(length) }),
  scalars: (step) => ({
    firstMomentCorrection: 1 / (1 - firstDecay ** step),
    secondMomentCorrection: 1 / (1 - secondDecay ** step),
  }),
  update: (gradient) => {
    const length = lengthOf(gradient);
    const [first, second] = [input('firstMoment', [length]), input('secondMoment', [length])];
    const [firstCorrection, secondCorrection] = [
      input('firstMomentCorrection', []),
      input('secondMomentCorrection', []),
    ];
    const firstMoment = add(mul(firstDecay, first), mul(1 - firstDecay, gradient));
    const secondMoment = add(mul(secondDecay, second), mul(1 - secondDecay, square(gradient)));
    return {
      update: div(mul(firstCorrection, firstMoment), add(sqrt(mul(secondCorrection, secondMoment)), epsilon)),
      inputs: [first, second, firstCorrection, secondCorrection],
      memory: { firstMoment, secondMoment },
    };
  },
});

/** θ − u. */
export const descend = (theta: Vector, { update }: Updated): Vector => sub(theta, update);
