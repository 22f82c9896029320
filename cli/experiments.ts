/** From what the user names to an experiment: the built-in ones, or a module by its path. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import {
  type ConfigError,
  type Experiment,
  experimentOf,
  isExperiment,
  type Subject,
  subjectOf,
} from '../optim/index.js';
import { type BuiltIn, loadModule } from './modules.js';

const builtIn: BuiltIn = {
  boston: () => import('../examples/boston.js'),
  sine: () => import('../examples/sine.js'),
  mnist: () => import('../examples/mnist.js'),
  fashion: () => import('../examples/fashion.js'),
  cifar10: () => import('../examples/cifar10.js'),
};

/** The names of the experiments that come with the package. */
export const experimentNames: readonly string[] = Object.keys(builtIn);

// What comes with the package needs no check of its parts.
const ownModule = z.object({ default: z.custom<Experiment>(isExperiment) });

const load = <S extends Subject>(
  name: string,
  read: (path: string, module: unknown) => E.Either<ConfigError, S | Experiment>,
): TE.TaskEither<ConfigError, S | Experiment> =>
  pipe(
    loadModule('experiment', builtIn, name),
    TE.flatMapEither((loaded) =>
      Object.hasOwn(builtIn, name) ? E.right(ownModule.parse(loaded).default) : read(name, loaded),
    ),
  );

/** The experiment of a built-in name or of a module's default export. */
export const loadExperiment = (name: string): TE.TaskEither<ConfigError, Experiment> => load(name, experimentOf);

/** The model of a built-in name, or of a module whose default export is an experiment or a problem. */
export const loadSubject = (name: string): TE.TaskEither<ConfigError, Subject> => load(name, subjectOf);
