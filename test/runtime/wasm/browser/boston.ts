/** The network of the Boston benchmark, 13–100–100–1: loss and output at θ, then G v. */
import { networkProgramCase } from '../../../cases/networks.js';
import type { ProgramCase } from '../../../cases/programs.js';
import { networkOf } from '../../../support/networks.js';
import { numbers } from '../../../support/numbers.js';

const specimen = {
  // less than the benchmark's 101: the interpreter is slow
  batch: 40,
  inputs: 13,
  hidden: [100, 100],
  outputs: 1,
  activation: 'sigmoid',
  loss: 'meanSquaredError',
  seed: 13,
} as const;

const network = networkOf(specimen);

// weights for which the output depends on the sample
const theta = numbers(specimen.seed, network.space.length, -0.4, 0.4);

const { runs, ...boston } = networkProgramCase(
  'boston',
  { ...network, environment: new Map([...network.environment, ['theta', theta]]) },
  specimen,
);

/** One mini-batch and one direction. */
export const bostonCase: ProgramCase = { ...boston, runs: runs.slice(0, 2) };
