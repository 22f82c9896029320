/** Experiments of many runs: their description, the runs it stands for, where each stands, and what they gave. */
export * from './summary.js';
