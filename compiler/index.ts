/** The compiler: derivatives of expressions, and programs for targets. */
export { type CompileError, compile, type ProgramExpressions } from './compile.js';
export { type Cost, kernelCost, kernelsOf, programCost, stageCost } from './cost.js';
export {
  ggnVectorProduct,
  grad,
  hessianVectorProduct,
  jvp,
  jvpAll,
  type LinearMap,
  linearize,
  type Model,
  transpose,
  vjp,
} from './differentiate/derive.js';
export { type Environment, evaluate } from './evaluate.js';
export { type DerivativeCost, derivativeCosts } from './inspect/costs.js';
export type * from './inspect/data.js';
export { deriveGraph, type GraphName, graphNames, type InspectedGraph, type InspectedModel } from './inspect/graphs.js';
export { type Inspected, inspect, inspectGraph } from './inspect/inspect.js';
export type { CompiledGraph } from './inspect/program.js';
export {
  type EmittedSource,
  type EmittedSources,
  emittedLanguages,
  emittedSources,
  type SourceError,
} from './inspect/sources.js';
export type { StageExpressions } from './lower/lower.js';
export { type Pass, type PassName, passes, runPasses } from './passes.js';
export { diffLines, showDiff } from './print/diff.js';
export { dotOf, drawingOf } from './print/dot.js';
export { htmlLevel } from './print/html.js';
export { latexLevel } from './print/latex.js';
export { listLevel } from './print/listing.js';
export { listCosts, listKernels, listMemory } from './print/program.js';
export { type DrawingError, svgElement } from './print/svg.js';
export type * from './program.js';
export { simplify } from './simplify/simplify.js';
