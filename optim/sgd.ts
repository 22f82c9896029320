/** Stochastic gradient descent with momentum: the paper's baseline, one program of one stage. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { add, dot, input, mul, sub } from '../dsl/index.js';
import type { Target } from '../runtime/target.js';
import { batchInputs } from './batch.js';
import type { SgdHyperparameters } from './hyperparameters.js';
import type { DeviceVector, Optimizer, OptimizerError, OptimizerState, Stepped, StepReport } from './optimizer.js';
import type { Problem } from './problem.js';
import { type ProgramDefinition, programs } from './programs.js';
import { arrayOf, finiteScalars } from './results.js';
import { scheduleValue } from './schedule.js';
import { gradientAt, lossAt } from './sgnProgram.js';
import {
  optionSchema,
  readOptionalVector,
  readVector,
  type StateCodec,
  stateCodec,
  stepSchema,
  vectorSchema,
} from './state.js';

/** Where SGD stands. */
export interface SgdState extends OptimizerState {
  /** v [d], where there is momentum. */
  readonly velocity: O.Option<DeviceVector>;
}

const stateOf = (length: number): StateCodec<SgdState> =>
  stateCodec(
    z.strictObject({
      step: stepSchema,
      theta: vectorSchema(length),
      velocity: optionSchema(vectorSchema(length)),
    }),
    ({ step, theta, velocity }: SgdState) =>
      pipe(
        TE.Do,
        TE.bind('theta', () => readVector(theta)),
        TE.bind('velocity', () => readOptionalVector(velocity)),
        TE.map((vectors) => ({ step, ...vectors })),
      ),
  );

/** What one step of SGD reports. */
export interface SgdReport extends StepReport {
  /** ‖g‖₂. */
  readonly gradientNorm: number;
}

// v ← μv + lr·g and the step μv + lr·g to subtract from θ; without momentum both are lr·g and v is not kept.
const descentOf = (mu: number, update: ReturnType<typeof gradientAt>, length: number) => {
  if (mu === 0) return { inputs: [], outputs: {}, descent: update };
  const previous = input('velocity', [length]);
  const velocity = add(mul(mu, previous), update);
  return { inputs: [previous], outputs: { velocity }, descent: add(mul(mu, velocity), update) };
};

/** The program: scalars `loss`, `gradientNorm2` = gᵀg, `thetaNorm2` = θ⁺ᵀθ⁺; arrays `thetaNext` [d], `velocity` [d]. */
const sgdProgram = (problem: Problem, { momentum }: SgdHyperparameters): ProgramDefinition => {
  const { length } = problem.parameters;
  const theta = input('theta', [length]);
  const learningRate = input('learningRate', []);
  const gradient = gradientAt(problem, theta);
  const { inputs, outputs, descent } = descentOf(momentum, mul(learningRate, gradient), length);
  const thetaNext = sub(theta, descent);
  return {
    name: `${problem.name}.sgd`,
    batch: problem.batch,
    stages: [
      {
        name: 'step',
        inputs: [theta, problem.input, problem.target, learningRate, ...inputs],
        outputs: {
          loss: lossAt(problem, theta),
          gradientNorm2: dot(gradient, gradient),
          thetaNorm2: dot(thetaNext, thetaNext),
          thetaNext,
          ...outputs,
        },
      },
    ],
  };
};

/** The learning rate of step t = 1, 2, … */
const learningRateAt = (settings: SgdHyperparameters, step: number): number =>
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

/** SGD for a problem on a target. */
export const sgd = (problem: Problem, settings: SgdHyperparameters, target: Target): Optimizer<SgdState, SgdReport> => {
  const executables = programs(target, sgdProgram(problem, settings));
  const stepOn = (
    state: SgdState,
    batch: Readonly<Record<string, Float32Array>>,
    count: number,
  ): TE.TaskEither<OptimizerError, Stepped<SgdState, SgdReport>> => {
    const step = state.step + 1;
    const learningRate = learningRateAt(settings, step);
    const velocity = O.isSome(state.velocity) ? { velocity: state.velocity.value } : {};
    const quantities = {
      loss: 'the loss L(θ)',
      gradientNorm2: 'the squared gradient norm gᵀg',
      thetaNorm2: 'the squared norm of the next parameters θᵀθ',
    };
    return pipe(
      executables(count),
      TE.flatMap((executable) =>
        executable.exclusive(executable.run('step', { theta: state.theta, ...batch, learningRate, ...velocity })),
      ),
      TE.flatMapEither((result) =>
        pipe(
          finiteScalars(step, result, quantities),
          E.bindTo('scalar'),
          E.bind('theta', (): E.Either<OptimizerError, DeviceVector> => arrayOf('step', result, 'thetaNext')),
          E.map(({ scalar, theta }) => ({
            state: { step, theta, velocity: O.fromNullable<DeviceVector | undefined>(result.arrays.velocity) },
            report: {
              step,
              loss: scalar('loss'),
              stepSize: learningRate,
              gradientNorm: Math.sqrt(scalar('gradientNorm2')),
            },
          })),
        ),
      ),
    );
  };
  return {
    name: `SGD(${settings.learningRate})`,
    ...stateOf(problem.parameters.length),
    init: (theta) => ({
      step: 0,
      theta: theta.slice(),
      velocity: settings.momentum === 0 ? O.none : O.some(new Float32Array(theta.length)),
    }),
    prepare: (count) =>
      pipe(
        executables(count),
        TE.map(() => undefined),
      ),
    step: (state, batch) =>
      pipe(
        TE.fromEither(batchInputs(problem, batch)),
        TE.flatMap((inputs) => stepOn(state, inputs, batch.count)),
        TE.mapLeft((error) => ({ error, state })),
      ),
  };
};
