/** The optimizers by name: what a run may choose. Another one is a schema in `hyperparameters.ts` and a row here. */
import type { Target } from '../runtime/target.js';
import { adam, momentum, nesterov, sgd } from './baselines.js';
import type { SolverName, SolverSettings } from './hyperparameters.js';
import type { Optimizer, OptimizerState } from './optimizer.js';
import type { Problem } from './problem.js';
import { sgn } from './sgn.js';

/** Does something with an optimizer, whatever its state is. */
export type UseOptimizer<A> = <State extends OptimizerState>(optimizer: Optimizer<State>) => A;

/** One optimizer of the table. */
interface OptimizerRow<Settings> {
  /** Its name with the setting that tells its variants apart, for example `SGN(10)`. */
  readonly title: (settings: Settings) => string;
  readonly use: <A>(problem: Problem, settings: Settings, target: Target, use: UseOptimizer<A>) => A;
}

type Make<Settings, State extends OptimizerState> = (
  problem: Problem,
  settings: Settings,
  target: Target,
) => Optimizer<State>;

const row = <Settings, State extends OptimizerState>(
  title: (settings: Settings) => string,
  make: Make<Settings, State>,
): OptimizerRow<Settings> => ({
  title,
  use: (problem, settings, target, use) => use(make(problem, settings, target)),
});

const optimizers: { readonly [Name in SolverName]: OptimizerRow<SolverSettings[Name]> } = {
  sgn: row(
    ({ adaptiveCgIterations, minCgIterations, maxCgIterations }) =>
      adaptiveCgIterations ? `SGN(${minCgIterations}–${maxCgIterations})` : `SGN(${maxCgIterations})`,
    sgn,
  ),
  sgd: row(({ learningRate }) => `SGD(${learningRate})`, sgd),
  momentum: row(({ learningRate }) => `Momentum(${learningRate})`, momentum),
  nesterov: row(({ learningRate }) => `Nesterov(${learningRate})`, nesterov),
  adam: row(({ learningRate }) => `Adam(${learningRate})`, adam),
};

/** The title of an optimizer with its settings, for example `SGN(10)`. */
export const optimizerTitle = <Name extends SolverName>(name: Name, settings: SolverSettings[Name]): string =>
  optimizers[name].title(settings);

/** Calls `use` with the optimizer of a name. */
export const withOptimizer = <Name extends SolverName, A>(
  name: Name,
  problem: Problem,
  settings: SolverSettings[Name],
  target: Target,
  use: UseOptimizer<A>,
): A => optimizers[name].use(problem, settings, target, use);
