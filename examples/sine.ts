/** Regression of a noisy sine, y = sin(10x) + ε (paper, appendix A). 1–20–20–20–1, mean squared error. */
import { initialisers, input, meanSquaredError, mlp } from '../dsl/index.js';
import { experiment, problem } from '../optim/index.js';
import { sine } from './data/index.js';
import { fromLoader } from './fromLoader.js';

const x = input('x', ['batch', 1]);
const y = input('y', ['batch', 1]);

export default experiment({
  name: 'sine',
  problem: problem({
    name: 'sine',
    input: x,
    target: y,
    output: mlp(x, { hidden: [20, 20, 20], outputs: 1 }),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser: initialisers.paperMlp,
  }),
  dataset: fromLoader(sine),
  settings: { batchSize: 1000, epochs: 30, sgn: { damping: 1e-4 } },
});
