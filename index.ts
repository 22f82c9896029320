/** sgn.js: a typed language of networks whose compiler turns them into curvature. */
export * from './dsl/index.js';
