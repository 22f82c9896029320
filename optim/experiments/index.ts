/** Experiments of many runs: their description, the runs it stands for, where each stands, and what they gave. */
export * from './plan.js';
export * from './published.js';
export * from './statistics.js';
export * from './study.js';
export * from './summary.js';
