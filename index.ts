/**
 * sgn.js: a typed language of networks whose compiler turns them into curvature. The language, derivatives, targets and
 * optimizers in one import; `sgn.js/compiler` and the other folders hold the rest.
 */

export {
  compile,
  evaluate,
  ggnVectorProduct,
  grad,
  hessianVectorProduct,
  jvp,
  linearize,
  programCost,
  simplify,
  vjp,
} from './compiler/index.js';
export * from './dsl/index.js';
export * from './optim/index.js';
export * from './runtime/index.js';
