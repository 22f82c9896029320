/**
 * The benchmark: forward pass, gradient, GGN product and SGN(10) step of every model on the WebAssembly target, against
 * the peak that a plain matrix product reaches in the same process and, if asked for, against peers in the same run.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type Experiment, experimentOf, showConfigError } from '../optim/index.js';
import { showTargetError, type Target, wasmTarget } from '../runtime/index.js';
import { defaultTiming, measure, type Timing } from './measure.js';
import { benchModel, type Peers, timed } from './model.js';
import { peakFlops, peakOperands, peakProgram } from './peak.js';
import type { BenchReport, ModelResult } from './report.js';

export { type BenchReport, type ModelResult, type PeerResult, showReport } from './report.js';

/** What is timed, and how; everything has a default. */
export interface BenchOptions {
  /** Run jax-js and TensorFlow.js as well; they are development dependencies. */
  readonly peers?: boolean;
  /** Names of built-in models, or experiments; default: all built-in models. */
  readonly models?: readonly (string | Experiment)[];
  /** Default: the target's. */
  readonly threads?: number;
  readonly timing?: Timing;
  /** Hears the name of each model before it is timed. */
  readonly onModel?: (name: string) => void;
}

const modules: Readonly<Record<string, () => Promise<unknown>>> = {
  boston: () => import('../examples/boston.js'),
  sine: () => import('../examples/sine.js'),
  mnist: () => import('../examples/mnist.js'),
  fashion: () => import('../examples/fashion.js'),
  cifar10: () => import('../examples/cifar10.js'),
};

/** The models that can be timed. */
export const benchModels: readonly string[] = Object.keys(modules);

type Step<A> = TE.TaskEither<string, A>;

const loadModel = (model: string | Experiment): Step<Experiment> => {
  if (typeof model !== 'string') return TE.right(model);
  const load = Object.hasOwn(modules, model) ? modules[model] : undefined;
  return load === undefined
    ? TE.left(`${model} is no model of the benchmark; there are ${benchModels.join(', ')}`)
    : pipe(
        TE.tryCatch(load, String),
        TE.flatMapEither((module) => experimentOf(model, module)),
        TE.mapLeft((error) => (typeof error === 'string' ? error : showConfigError(error))),
      );
};

const loadPeers: Step<Peers> = pipe(
  TE.tryCatch(
    async () => ({
      jaxjs: (await import('./peers/jaxjs.js')).openJaxjs,
      tfjs: (await import('./peers/tfjs.js')).openTfjs,
    }),
    (error) =>
      `the peers are not installed (npm install --no-save @jax-js/jax @tensorflow/tfjs @tensorflow/tfjs-backend-wasm): ${error}`,
  ),
);

/** GFLOP/s of the yardstick on a target. */
const peakOf = (target: Target, timing: Timing): Step<number> =>
  pipe(
    target.compile(peakProgram),
    TE.tap((executable) => executable.run('operands', peakOperands())),
    TE.mapLeft(showTargetError),
    TE.flatMap((executable) => {
      const product = timed('peak', executable.run('product', {}), showTargetError);
      return TE.tryCatch(() => measure([product], timing), String);
    }),
    TE.map(({ peak = Number.NaN }) => peakFlops / peak / 1e6),
  );

const timeModels = (
  target: Target,
  peak: number,
  peers: Partial<Peers>,
  options: BenchOptions,
): Step<readonly ModelResult[]> =>
  TE.sequenceSeqArray(
    (options.models ?? benchModels).map((model) =>
      pipe(
        loadModel(model),
        TE.tapIO(
          ({ name }) =>
            () =>
              options.onModel?.(name),
        ),
        TE.flatMap((experiment) =>
          pipe(
            benchModel(target, peak, options.timing ?? defaultTiming, peers, experiment),
            TE.mapLeft((reason) => `${experiment.name}: ${reason}`),
          ),
        ),
      ),
    ),
  );

const reportOn = (target: Target, peers: Partial<Peers>, options: BenchOptions): Step<BenchReport> =>
  pipe(
    peakOf(target, options.timing ?? defaultTiming),
    TE.bindTo('peak'),
    TE.bind('models', ({ peak }) => timeModels(target, peak, peers, options)),
    TE.bind('threads', () =>
      pipe(
        target.compile(peakProgram),
        TE.mapLeft(showTargetError),
        TE.map(({ threads }) => threads),
      ),
    ),
    TE.map(({ threads, peak, models }): BenchReport => ({ threads, peakGflops: peak, models })),
  );

/** Runs the benchmark. Left: one line for people. */
export const runBench = (options: BenchOptions = {}): Step<BenchReport> =>
  pipe(
    options.peers === true ? loadPeers : TE.right({}),
    TE.flatMap((peers: Partial<Peers>) =>
      TE.bracket(
        pipe(
          wasmTarget(options.threads === undefined ? {} : { threads: options.threads }),
          TE.mapLeft(showTargetError),
        ),
        (target) => reportOn(target, peers, options),
        (target) => TE.fromIO(target.dispose),
      ),
    ),
  );
