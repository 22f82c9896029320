/** Optimizers: immutable steppers composed of CG, line search, trust region and schedules, and the training loop. */
export * from './baselines.js';
export type { BatchBuffer } from './batch.js';
export { batchBuffer, batchInputs, gatherBatch } from './batch.js';
export {
  type CgLimits,
  type CgState,
  type CgSystem,
  type CgVariant,
  cg,
  type LinearMap,
  paperVariant,
  type Scalar,
  type StopReason,
  stopReason,
  type Vector,
} from './cg.js';
export {
  both,
  type Iterate,
  lowestLoss,
  relativeProgress,
  solveWatched,
  unwatched,
  type Watcher,
} from './cgWatch.js';
export { checkedCurvatures, checkProblem } from './check.js';
export {
  type Curvature,
  type CurvatureName,
  curvatures,
  empiricalFisher,
  fisher,
  ggn,
  hessian,
  isIndefinite,
} from './curvature.js';
export * from './dataset.js';
export { type Evaluate, evaluation, type Occasion } from './evaluate.js';
export * from './experiment.js';
export * from './experiments/index.js';
export { experimentOf, isExperiment, readAs, type Subject, subjectOf } from './exported.js';
export { type FirstOrderMethod, type FirstOrderReport, type FirstOrderState, firstOrder } from './firstOrder.js';
export { ggnDiagonal } from './ggnDiagonal.js';
export * from './history.js';
export * from './hyperparameters.js';
export { type InspectableGraph, inspectableGraphs, inspectProblem } from './inspect.js';
export * from './lineSearch.js';
export { loadDataset } from './loadDataset.js';
export type { Objective } from './objective.js';
export * from './optimizer.js';
export * from './optimizers.js';
export * from './outcome.js';
export { preconditioner } from './preconditioner.js';
export { type Metric, optimizerInputs, type Problem, type ProblemDefinition, problem } from './problem.js';
export type { ProgramDefinition } from './programs.js';
export * from './run.js';
export * from './safetensors.js';
export * from './schedule.js';
export { type SgnReport, type SgnState, sgn } from './sgn.js';
export { gradientAt, lossAt, sgnProgram } from './sgnProgram.js';
export * from './snapshot.js';
export * from './state.js';
export { targetMistake } from './targets.js';
export { type Training, train } from './train.js';
export * from './transformation.js';
export * from './trustRegion.js';
export * from './validation.js';
