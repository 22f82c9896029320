/** The compiler: derivatives of expressions, and programs for targets. */
export { type CompileError, compile, type ProgramExpressions } from './compile.js';
export { type Cost, kernelCost, kernelsOf, programCost, stageCost } from './cost.js';
export {
  ggnVectorProduct,
  grad,
  hessianVectorProduct,
  type LinearMap,
  linearize,
  type Model,
  vjp,
} from './differentiate/derive.js';
export { jvp, jvpAll } from './differentiate/jvp.js';
export { transpose } from './differentiate/transpose.js';
export { type Environment, evaluate } from './evaluate.js';
export type { StageExpressions } from './lower/lower.js';
export { type Pass, type PassName, passes, runPasses } from './passes.js';
export type * from './program.js';
export { simplify } from './simplify/simplify.js';
