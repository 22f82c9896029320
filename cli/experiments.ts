/** From what the user names to an experiment: the built-in ones, or a module by its path. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { make } from '../dsl/index.js';
import { type ConfigError, type Experiment, experimentOf, type Subject, subjectOf } from '../optim/index.js';
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

/**
 * What was loaded, if its expressions are of this copy of the language. A file that Node takes for CommonJS, which has
 * no "type": "module" in its package, loads a second copy, whose leaves ours does not know.
 */
const ofThisCopy = <S extends Subject>(path: string, loaded: S): E.Either<ConfigError, S> =>
  E.isLeft(loaded.problem) || make(loaded.problem.right.input.node) === loaded.problem.right.input
    ? E.right(loaded)
    : E.left({
        _tag: 'ConfigError',
        setting: path,
        problem:
          'its expressions are of another copy of the package; if the file was loaded as CommonJS, name it .mts or .mjs, or put "type": "module" into the package.json of its folder',
      });

const load = <S extends Subject>(
  name: string,
  read: (path: string, module: unknown) => E.Either<ConfigError, S>,
): TE.TaskEither<ConfigError, S> =>
  pipe(
    loadModule('experiment', builtIn, name),
    TE.flatMapEither((loaded) => read(name, loaded)),
    // what comes with the package needs no such check
    TE.flatMapEither((loaded) => (Object.hasOwn(builtIn, name) ? E.right(loaded) : ofThisCopy(name, loaded))),
  );

/** The experiment of a built-in name or of a module's default export. */
export const loadExperiment = (name: string): TE.TaskEither<ConfigError, Experiment> => load(name, experimentOf);

/** The model of a built-in name, or of a module whose default export is an experiment or a problem. */
export const loadSubject = (name: string): TE.TaskEither<ConfigError, Subject> => load(name, subjectOf);
