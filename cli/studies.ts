/** From what the user names to a study: the built-in ones, a module by its path, or a JSON file. */
import { dirname, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import {
  type Benchmark,
  type ConfigError,
  type Experiment,
  experimentOf,
  parseStudy,
  type Study,
} from '../optim/index.js';
import { experimentNames, loadExperiment } from './experiments.js';
import { type BuiltIn, loadModule } from './modules.js';

const builtIn: BuiltIn = {
  paper: () => import('../examples/paper.js'),
  options: () => import('../examples/options.js'),
};

/** The names of the studies that come with the package. */
export const studyNames: readonly string[] = Object.keys(builtIn);

const moduleSchema = z.object({ default: z.unknown().nonoptional() });

/** Paths of experiments are meant from the folder of the study's file. */
const fromFolder = (folder: string, benchmark: Benchmark): Benchmark => {
  const { experiment } = benchmark;
  return typeof experiment !== 'string' || experimentNames.includes(experiment)
    ? benchmark
    : { ...benchmark, experiment: resolve(folder, experiment) };
};

/** The study of a built-in name, a module's default export, or a JSON file. */
export const loadStudy = (name: string): TE.TaskEither<ConfigError, Study> =>
  pipe(
    loadModule('study', builtIn, name),
    TE.flatMapEither((loaded) => {
      const parsed = moduleSchema.safeParse(loaded);
      return parsed.success
        ? parseStudy(name, parsed.data.default)
        : E.left<ConfigError>({
            _tag: 'ConfigError',
            setting: name,
            problem: 'it has no default export; write `export default study({ … })`',
          });
    }),
    TE.map((study) => ({
      ...study,
      benchmarks: Object.fromEntries(
        Object.entries(study.benchmarks).map(([key, benchmark]) => [key, fromFolder(dirname(name), benchmark)]),
      ),
    })),
  );

/** The experiment of a benchmark. */
export const benchmarkExperiment = ({ experiment }: Benchmark): TE.TaskEither<ConfigError, Experiment> =>
  typeof experiment === 'string'
    ? loadExperiment(experiment)
    : TE.fromEither(experimentOf('an experiment of the study', { default: experiment }));
