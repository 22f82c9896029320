/** All measurements of one model, interleaved with the peers' in one run. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { compile, programCost } from '../compiler/index.js';
import { showDslError } from '../dsl/index.js';
import {
  batchInputs,
  type Experiment,
  type OptimizerError,
  type Problem,
  type ProgramDefinition,
  parseRunSettings,
  type RunSettings,
  sgn,
  sgnProgram,
  showConfigError,
  showOptimizerError,
} from '../optim/index.js';
import {
  type Executable,
  type StageInput,
  type StageResult,
  showTargetError,
  type Target,
  type TargetError,
} from '../runtime/index.js';
import { type Contender, measure, type Timing } from './measure.js';
import { denseNetwork, type OpenPeer, type Peer } from './peers/peer.js';
import { benchPrograms } from './programs.js';
import type { ModelResult } from './report.js';
import { batchOf, type Sample, sampleOf } from './sample.js';

/** The libraries to be compared with. */
export interface Peers {
  readonly jaxjs: OpenPeer;
  readonly tfjs: OpenPeer;
}

type Step<A> = TE.TaskEither<string, A>;

const settingsOf = ({ settings }: Experiment): E.Either<string, RunSettings> =>
  pipe(
    parseRunSettings({ ...settings, sgn: { ...settings.sgn, minCgIterations: 10, maxCgIterations: 10 } }),
    E.mapLeft(showConfigError),
  );

const fromTarget = <A>(task: TE.TaskEither<TargetError, A>): Step<A> => pipe(task, TE.mapLeft(showTargetError));

/** A task as something that can be timed; what goes wrong rejects, and ends the measurement. */
export const timed = <Failure, A>(
  name: string,
  task: TE.TaskEither<Failure, A>,
  show: (failure: Failure) => string,
): Contender => ({
  name,
  run: async () => {
    const result = await task();
    if (E.isLeft(result)) throw new Error(show(result.left));
  },
});

const compileFor =
  (target: Target, count: number) =>
  ({ name, batch, sizes = () => ({}), stages }: ProgramDefinition): Step<Executable> =>
    pipe(
      compile({ name, sizes: { [batch]: count, ...sizes(count) }, stages }),
      E.mapLeft(showDslError),
      TE.fromEither,
      TE.flatMap((program) => fromTarget(target.compile(program))),
    );

type Inputs = Readonly<Record<string, StageInput>>;

const runStage = (executable: Executable, stage: string, inputs: Inputs): Step<StageResult> =>
  fromTarget(executable.run(stage, inputs));

/** Our own contenders, with everything given that does not belong to the work. */
const ownContenders = (target: Target, problem: Problem, settings: RunSettings, sample: Sample) => {
  const { theta, direction } = sample;
  const definitions = benchPrograms(problem);
  const build = compileFor(target, sample.batch.count);
  const optimizer = sgn(problem, settings.sgn, target);
  const apart = optimizer.curvatureSamples?.(sample.batch.count);
  const batch = apart === undefined ? sample.batch : { ...sample.batch, curvature: batchOf(problem, apart) };
  return pipe(
    TE.Do,
    TE.bind('samples', () => TE.fromEither(pipe(batchInputs(problem, batch), E.mapLeft(showOptimizerError)))),
    TE.bind('forward', () => build(definitions.forward)),
    TE.bind('gradient', () => build(definitions.gradient)),
    TE.bind('product', () => build(definitions.product)),
    TE.tap(({ forward, gradient, product, samples }) =>
      TE.sequenceSeqArray([forward, gradient, product].map((executable) => runStage(executable, 'batch', samples))),
    ),
    TE.tap(({ product }) => runStage(product, 'point', { theta })),
    TE.map(({ forward, gradient, product }) => {
      // the training goes on from step to step, as it would
      let state = optimizer.init(theta);
      const step: TE.TaskEither<OptimizerError, unknown> = pipe(
        () => optimizer.step(state, batch)(),
        TE.mapLeft(({ error }) => error),
        TE.tapIO((stepped) => () => {
          state = stepped.state;
        }),
      );
      return {
        product,
        gradient,
        contenders: [
          timed('forward', forward.run('point', { theta }), showTargetError),
          timed('gradient', gradient.run('point', { theta }), showTargetError),
          timed('ggn', product.run('product', { direction }), showTargetError),
          timed('step', step, showOptimizerError),
        ],
      };
    }),
  );
};

/** Milliseconds from the model to the step's program, ready to run, and the bytes that it holds. */
const compileCost = (target: Target, problem: Problem, settings: RunSettings, count: number) =>
  pipe(
    TE.fromIO(() => performance.now()),
    TE.bindTo('start'),
    TE.bind('executable', () => compileFor(target, count)(sgnProgram(problem, settings.sgn))),
    TE.map(({ start, executable }) => {
      const result = { milliseconds: performance.now() - start, bytes: executable.memoryBytes };
      executable.dispose();
      return result;
    }),
  );

const openPeer = (open: OpenPeer | undefined, problem: Problem, sample: Sample): Step<Peer | undefined> => {
  const network = denseNetwork(problem);
  return open === undefined || network === undefined
    ? TE.right(undefined)
    : TE.tryCatch(() => open(network, sample), String);
};

/** The largest difference of two results, relative to the largest element. */
const difference = (ours: Float32Array, theirs: Float32Array): number => {
  const scale = ours.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return ours.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (theirs[i] ?? Number.NaN)) / scale), 0);
};

const readArray = (result: StageResult, name: string): Step<Float32Array> => {
  const array = result.arrays[name];
  return array === undefined ? TE.left(`no output ${name}`) : fromTarget(array.read);
};

/** How far a peer's result is from ours; more than a thousandth means that it did other work. */
const compare = (peer: Peer | undefined, ours: Float32Array): Step<number> =>
  peer === undefined
    ? TE.right(0)
    : pipe(
        TE.tryCatch(peer.result, String),
        TE.map((theirs) => difference(ours, theirs)),
        TE.filterOrElse(
          (distance) => distance < 1e-3,
          (distance) => `${peer.contender.name} computes something else: the results differ by ${distance}`,
        ),
      );

/** Times one model on a target, against a peak in GFLOP/s. */
export const benchModel = (
  target: Target,
  peakGflops: number,
  timing: Timing,
  peers: Partial<Peers>,
  experiment: Experiment,
): Step<ModelResult> =>
  pipe(
    TE.Do,
    TE.bind('problem', () => TE.fromEither(pipe(experiment.problem, E.mapLeft(showDslError)))),
    TE.bind('settings', () => TE.fromEither(settingsOf(experiment))),
    TE.bind('sample', ({ problem, settings }) =>
      TE.fromEither(pipe(sampleOf(problem, settings.batchSize), E.mapLeft(showDslError))),
    ),
    TE.bind('compiled', ({ problem, settings, sample }) => compileCost(target, problem, settings, sample.batch.count)),
    TE.bind('own', ({ problem, settings, sample }) => ownContenders(target, problem, settings, sample)),
    TE.bind('jaxjs', ({ problem, sample }) => openPeer(peers.jaxjs, problem, sample)),
    TE.bind('tfjs', ({ problem, sample }) => openPeer(peers.tfjs, problem, sample)),
    TE.bind('jaxjsDifference', ({ own, jaxjs, sample }) =>
      pipe(
        runStage(own.product, 'product', { direction: sample.direction }),
        TE.flatMap((result) => readArray(result, 'product')),
        TE.flatMap((product) => compare(jaxjs, product)),
      ),
    ),
    TE.bind('tfjsDifference', ({ own, tfjs, sample }) =>
      pipe(
        runStage(own.gradient, 'point', { theta: sample.theta }),
        TE.flatMap((result) => readArray(result, 'gradient')),
        TE.flatMap((gradient) => compare(tfjs, gradient)),
      ),
    ),
    TE.bind('times', ({ own, jaxjs, tfjs }) => {
      const others = [jaxjs, tfjs].flatMap((peer) => (peer === undefined ? [] : [peer.contender]));
      return TE.tryCatch(() => measure([...own.contenders, ...others], timing), String);
    }),
    TE.map(({ own, compiled, times, jaxjs, tfjs, jaxjsDifference, tfjsDifference }) => {
      const ms = (name: string): number => times[name] ?? Number.NaN;
      const ggnGflops = (programCost(own.product.program).product?.flops ?? 0) / ms('ggn') / 1e6;
      return {
        name: experiment.name,
        forwardMs: ms('forward'),
        gradientMs: ms('gradient'),
        ggnMs: ms('ggn'),
        stepMs: ms('step'),
        ggnGflops,
        peakShare: ggnGflops / peakGflops,
        compileMs: compiled.milliseconds,
        memoryBytes: compiled.bytes,
        peers: {
          ...(jaxjs === undefined
            ? {}
            : { jaxjs: { ggnMs: ms('jaxjs'), ratio: ms('jaxjs') / ms('ggn'), difference: jaxjsDifference } }),
          ...(tfjs === undefined
            ? {}
            : { tfjs: { gradientMs: ms('tfjs'), ratio: ms('tfjs') / ms('gradient'), difference: tfjsDifference } }),
        },
      };
    }),
  );
