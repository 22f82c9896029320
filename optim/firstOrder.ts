/** First-order optimizers: θ ← θ − u(g), where u is a gradient transformation; a step is one program of one stage. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as R from 'fp-ts/lib/Record.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { dot, input } from '../dsl/index.js';
import type { Target } from '../runtime/target.js';
import { batchInputs } from './batch.js';
import type { LearningRate } from './hyperparameters.js';
import type { DeviceVector, Optimizer, OptimizerError, OptimizerState, Stepped, StepReport } from './optimizer.js';
import type { Problem } from './problem.js';
import { type ProgramDefinition, programs } from './programs.js';
import { arrayOf, finiteScalars } from './results.js';
import { gradientAt, lossAt } from './sgnProgram.js';
import { readVector, type StateCodec, stateCodec, stepSchema, vectorSchema } from './state.js';
import { descend, learningRateAt, type Memory, type Transformation } from './transformation.js';

/** Where a first-order optimizer stands. */
export interface FirstOrderState extends OptimizerState {
  /** The memory of its transformation. */
  readonly memory: Memory<DeviceVector>;
}

/** What one step reports. */
export interface FirstOrderReport extends StepReport {
  /** ‖g‖₂. */
  readonly gradientNorm: number;
}

/** A first-order optimizer, before its problem and its target. */
export interface FirstOrderMethod {
  /** Names its programs, after that of the problem. */
  readonly name: string;
  readonly learningRate: LearningRate;
  /** u, the learning rate included. */
  readonly transformation: Transformation;
}

const stateOf = (length: number, names: readonly string[]): StateCodec<FirstOrderState> =>
  stateCodec(
    z.strictObject({
      step: stepSchema,
      theta: vectorSchema(length),
      memory: z.strictObject(Object.fromEntries(names.map((name) => [name, vectorSchema(length)]))),
    }),
    ({ step, theta, memory }: FirstOrderState) =>
      pipe(
        TE.Do,
        TE.bind('theta', () => readVector(theta)),
        TE.bind('memory', () => pipe(memory, R.traverse(TE.ApplicativePar)(readVector))),
        TE.map((vectors) => ({ step, ...vectors })),
      ),
  );

/** The program: scalars `loss`, `gradientNorm2` = gᵀg, `thetaNorm2` = θ⁺ᵀθ⁺; arrays `thetaNext` [d] and the memory. */
const firstOrderProgram = (problem: Problem, { name, transformation }: FirstOrderMethod): ProgramDefinition => {
  const theta = input('theta', [problem.parameters.length]);
  const gradient = gradientAt(problem, theta);
  const updated = transformation.update(gradient);
  const thetaNext = descend(theta, updated);
  return {
    name: `${problem.name}.${name}`,
    batch: problem.batch,
    stages: [
      {
        name: 'step',
        inputs: [theta, problem.input, problem.target, ...updated.inputs],
        outputs: {
          loss: lossAt(problem, theta),
          gradientNorm2: dot(gradient, gradient),
          thetaNorm2: dot(thetaNext, thetaNext),
          thetaNext,
          ...updated.memory,
        },
      },
    ],
  };
};

const quantities = {
  loss: 'the loss L(θ)',
  gradientNorm2: 'the squared gradient norm gᵀg',
  thetaNorm2: 'the squared norm of the next parameters θᵀθ',
};

/** The optimizer of a method, for a problem on a target. */
export const firstOrder = (
  problem: Problem,
  method: FirstOrderMethod,
  target: Target,
): Optimizer<FirstOrderState, FirstOrderReport> => {
  const { learningRate, transformation } = method;
  const { length } = problem.parameters;
  const executables = programs(target, firstOrderProgram(problem, method));
  const stepOn = (
    state: FirstOrderState,
    batch: Readonly<Record<string, Float32Array>>,
    count: number,
  ): TE.TaskEither<OptimizerError, Stepped<FirstOrderState, FirstOrderReport>> => {
    const step = state.step + 1;
    const inputs = { theta: state.theta, ...batch, ...state.memory, ...transformation.scalars(step) };
    return pipe(
      executables(count),
      TE.flatMap((executable) => executable.exclusive(executable.run('step', inputs))),
      TE.flatMapEither((result) => {
        return pipe(
          finiteScalars(step, result, quantities),
          E.map((scalar) => ({
            state: {
              step,
              theta: arrayOf(result, 'thetaNext'),
              memory: R.mapWithIndex((name) => arrayOf(result, name))(state.memory),
            },
            report: {
              step,
              loss: scalar('loss'),
              stepSize: learningRateAt(learningRate, step),
              gradientNorm: Math.sqrt(scalar('gradientNorm2')),
            },
          })),
        );
      }),
    );
  };
  return {
    ...stateOf(length, Object.keys(transformation.init(length))),
    init: (theta) => ({ step: 0, theta: theta.slice(), memory: transformation.init(length) }),
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
