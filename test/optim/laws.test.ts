import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { initialise, random } from '../../dsl/index.js';
import {
  type Batch,
  type Optimizer,
  type OptimizerState,
  type Problem,
  readVector,
  type SgnHyperparameters,
  type SolverName,
  sgn,
  sgnHyperparameters,
  solverSchemas,
  withOptimizer as withNamed,
} from '../../optim/index.js';
import { gpujsTarget, interpreterTarget, type Target, wasmTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { leastSquaresBatch, quadratic, rosenbrock, smallBatch, smallMlp } from './problems.js';

/** Calls `law` with an optimizer of a problem, whatever its state is. */
type WithOptimizer = (
  problem: Problem,
  target: Target,
  law: <State extends OptimizerState>(optimizer: Optimizer<State>) => Promise<void>,
) => Promise<void>;

const newton =
  (settings: Partial<SgnHyperparameters>): WithOptimizer =>
  (problem, target, law) =>
    law(sgn(problem, sgnHyperparameters.parse(settings), target));

const baseline =
  (solver: Exclude<SolverName, 'sgn'>, settings: Readonly<Record<string, number>>): WithOptimizer =>
  (problem, target, law) =>
    withNamed(solver, problem, solverSchemas[solver].parse(settings), target, law);

/** An optimizer, and how many steps it needs. */
interface Row {
  readonly withOptimizer: WithOptimizer;
  /** To the minimum of Rosenbrock's function; absent where it refuses parameters that are no weights, as there. */
  readonly rosenbrockSteps?: number;
  /** To half the loss of the perceptron; 30 if absent. */
  readonly mlpSteps?: number;
}

const optimizers: Readonly<Record<string, Row>> = {
  'SGN with the defaults': { withOptimizer: newton({}), rosenbrockSteps: 60 },
  'SGN with momentum, preconditioner and schedule': {
    withOptimizer: newton({
      gradientMomentum: 0.1,
      preconditioner: 'diagonal',
      preconditionerExponent: 0.1,
      trustRegion: false,
      dampingSchedule: 'cosine',
    }),
    rosenbrockSteps: 200,
  },
  'SGN with the exact Hessian': { withOptimizer: newton({ curvature: 'hessian' }), rosenbrockSteps: 100 },
  'SGN with the Fisher matrix': { withOptimizer: newton({ curvature: 'fisher' }), rosenbrockSteps: 60 },
  'SGN with gradient descent on the model': {
    withOptimizer: newton({ innerSolver: 'gradientDescent', minCgIterations: 200, maxCgIterations: 200 }),
    rosenbrockSteps: 200,
  },
  'SGN with all that stays in the loop': {
    withOptimizer: newton({
      warmStart: 0.5,
      cgBacktracking: true,
      cgProgressTolerance: 5e-4,
      negativeCurvatureGuard: true,
      adaptiveCgIterations: true,
      minCgIterations: 2,
    }),
    rosenbrockSteps: 400,
  },
  'SGN with the Jacobi preconditioner': { withOptimizer: newton({ preconditioner: 'jacobi' }) },
  'SGN with the curvature of fewer samples': { withOptimizer: newton({ curvatureSamples: 6 }), rosenbrockSteps: 60 },
  SGD: { withOptimizer: baseline('sgd', { learningRate: 0.004 }), rosenbrockSteps: 8000, mlpSteps: 600 },
  momentum: { withOptimizer: baseline('momentum', { learningRate: 0.002 }), rosenbrockSteps: 2500 },
  Nesterov: { withOptimizer: baseline('nesterov', { learningRate: 0.002 }), rosenbrockSteps: 2500 },
  Adam: { withOptimizer: baseline('adam', { learningRate: 0.05 }), rosenbrockSteps: 2500 },
};

const targets: Readonly<Record<string, TE.TaskEither<unknown, Target>>> = {
  interpreter: TE.right(interpreterTarget),
  wasm: wasmTarget({ threads: 1 }),
  'gpujs:cpu': gpujsTarget('cpu'),
};

const theta0 = (): Float32Array => {
  const { parameters, initialiser } = rightOf(smallMlp);
  return rightOf(initialise(parameters, initialiser, random.generator(11))).theta;
};

/** The target, counting its compilations. */
const counting = (target: Target): { readonly target: Target; readonly count: () => number } => {
  let compiled = 0;
  return {
    target: {
      ...target,
      compile: (program) => {
        compiled++;
        return target.compile(program);
      },
    },
    count: () => compiled,
  };
};

const bitsOf = async (state: OptimizerState): Promise<readonly number[]> => {
  const theta = rightOf(await readVector(state.theta)());
  return Array.from(new Uint32Array(theta.buffer, theta.byteOffset, theta.length));
};

for (const [targetName, open] of Object.entries(targets))
  for (const [name, { withOptimizer: withProblem, rosenbrockSteps, mlpSteps = 30 }] of Object.entries(optimizers))
    describe(`${name} on ${targetName}`, () => {
      let target: Target;
      before(async () => {
        target = rightOf(await open());
      });
      after(() => target.dispose());
      const withOptimizer = (
        on: Target,
        law: <State extends OptimizerState>(optimizer: Optimizer<State>) => Promise<void>,
      ): Promise<void> => withProblem(rightOf(smallMlp), on, law);

      /** θ after some steps on one batch. */
      const minimise = async (problem: Problem, start: readonly number[], steps: number): Promise<Float32Array> => {
        let theta = Float32Array.from(start);
        await withProblem(problem, target, async (optimizer) => {
          let state = optimizer.init(theta);
          for (let i = 0; i < steps; i++) state = rightOf(await optimizer.step(state, leastSquaresBatch)()).state;
          theta = Float32Array.from(rightOf(await readVector(state.theta)()));
        });
        return theta;
      };

      if (rosenbrockSteps !== undefined) {
        it('reaches the minimum of a quadratic', async () => {
          const [a, b] = await minimise(rightOf(quadratic), [1.5, -0.5], Math.min(rosenbrockSteps, 2500));
          expect(a).to.be.closeTo(2, 1e-2);
          expect(b).to.be.closeTo(-1, 1e-2);
        });

        it('reaches the minimum of Rosenbrock’s function', async () => {
          const [a, b] = await minimise(rightOf(rosenbrock), [0.2, 0.3], rosenbrockSteps);
          expect(a).to.be.closeTo(1, 0.05);
          expect(b).to.be.closeTo(1, 0.1);
        });
      }

      it('lowers the loss', () =>
        withOptimizer(target, async (optimizer) => {
          const batch = smallBatch(1, 8);
          let state = optimizer.init(theta0());
          const losses: number[] = [];
          for (let i = 0; i < mlpSteps; i++) {
            const stepped = rightOf(await optimizer.step(state, batch)());
            state = stepped.state;
            losses.push(stepped.report.loss);
          }
          expect(losses.at(-1)).to.be.below(0.5 * (losses[0] ?? 0));
          expect(state.step).to.equal(mlpSteps);
        }));

      it('steps a state that was kept aside to the same bits, after others have been stepped', () =>
        withOptimizer(target, async (optimizer) => {
          const [first, second] = [smallBatch(1, 8), smallBatch(3, 8)];
          const start = optimizer.init(theta0());
          const kept = rightOf(await optimizer.step(start, first)()).state;
          const before = await bitsOf(kept);
          const once = rightOf(await optimizer.step(kept, second)());
          rightOf(await optimizer.step(once.state, first)());
          rightOf(await optimizer.step(start, second)());
          const again = rightOf(await optimizer.step(kept, second)());
          expect(await bitsOf(kept)).to.deep.equal(before);
          expect(await bitsOf(again.state)).to.deep.equal(await bitsOf(once.state));
          expect(again.report).to.deep.equal(once.report);
        }));

      it('runs steps that are started together one after the other', () =>
        withOptimizer(target, async (optimizer) => {
          const start = optimizer.init(theta0());
          const [first, second] = [smallBatch(1, 8), smallBatch(3, 8)];
          const alone = [rightOf(await optimizer.step(start, first)()), rightOf(await optimizer.step(start, second)())];
          const together = await Promise.all([optimizer.step(start, first)(), optimizer.step(start, second)()]);
          for (const [i, stepped] of together.entries())
            expect(rightOf(stepped).report).to.deep.equal(alone[i]?.report);
        }));

      it('compiles nothing after the first step, and once more for a batch of another size', () => {
        const counted = counting(target);
        return withOptimizer(counted.target, async (optimizer) => {
          let state = optimizer.init(theta0());
          for (const expected of [1, 1, 1]) {
            state = rightOf(await optimizer.step(state, smallBatch(1, 8))()).state;
            expect(counted.count()).to.equal(expected);
          }
          state = rightOf(await optimizer.step(state, smallBatch(1, 5))()).state;
          rightOf(await optimizer.step(state, smallBatch(1, 8))());
          expect(counted.count()).to.equal(2);
        });
      });

      it('does not keep the arrays that it was given', () =>
        withOptimizer(target, async (optimizer) => {
          const theta = theta0();
          const batch = smallBatch(1, 8);
          const start = optimizer.init(theta);
          theta.fill(7);
          const stepped = rightOf(await optimizer.step(start, batch)());
          const after = await bitsOf(stepped.state);
          batch.inputs.fill(7);
          expect(await bitsOf(stepped.state)).to.deep.equal(after);
          const again = rightOf(await optimizer.step(optimizer.init(theta0()), smallBatch(1, 8))());
          expect(await bitsOf(again.state)).to.deep.equal(after);
        }));

      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
        it(`refuses ${bad} in a batch, names the step and the quantity, and loses nothing`, () =>
          withOptimizer(target, async (optimizer) => {
            const good = smallBatch(1, 8);
            const state = rightOf(await optimizer.step(optimizer.init(theta0()), good)()).state;
            const spoilt: Batch = { ...good, targets: good.targets.map((value, i) => (i === 3 ? bad : value)) };
            const failure = leftOf(await optimizer.step(state, spoilt)());
            expect(failure.error).to.include({ _tag: 'NonFiniteError', step: 2, quantity: 'the loss L(θ)' });
            expect(failure.state).to.equal(state);
            expect(E.isRight(await optimizer.step(failure.state, good)())).to.equal(true);
          }));

      it('refuses a batch whose arrays have other lengths than its count says', () =>
        withOptimizer(target, async (optimizer) => {
          const failure = leftOf(await optimizer.step(optimizer.init(theta0()), { ...smallBatch(1, 8), count: 7 })());
          expect(failure.error).to.deep.equal({
            _tag: 'BatchError',
            expected: '7 × 3 numbers for rows',
            actual: '24',
          });
        }));

      it('goes on to the same bits from a state that was plain data in between', () =>
        withOptimizer(target, async (optimizer) => {
          const [first, second] = [smallBatch(1, 8), smallBatch(3, 8)];
          const state = rightOf(await optimizer.step(optimizer.init(theta0()), first)()).state;
          const text = JSON.stringify(rightOf(await optimizer.encode(state)()));
          const restored = rightOf(optimizer.decode(JSON.parse(text)));
          const [direct, resumed] = [
            rightOf(await optimizer.step(state, second)()),
            rightOf(await optimizer.step(restored, second)()),
          ];
          expect(await bitsOf(resumed.state)).to.deep.equal(await bitsOf(direct.state));
          expect(resumed.report).to.deep.equal(direct.report);
        }));
    });
