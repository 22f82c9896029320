/** From what the user names to an experiment: the built-in ones, or a module by its path. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type ConfigError, type Experiment, experimentOf } from '../optim/index.js';
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

/** The experiment of a built-in name or of a module's default export. */
export const loadExperiment = (name: string): TE.TaskEither<ConfigError, Experiment> =>
  pipe(
    loadModule('experiment', builtIn, name),
    TE.flatMapEither((loaded) => experimentOf(name, loaded)),
  );
