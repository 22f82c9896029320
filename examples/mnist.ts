/** Handwritten digits: 28 × 28 pixels → one of ten classes (paper, table 1). 784–20–20–20–10, cross-entropy. */
import { initialisers, input, mlp, softmaxCrossEntropy } from '../dsl/index.js';
import { experiment, problem } from '../optim/index.js';
import { mnist } from './data/index.js';
import { fromLoader } from './fromLoader.js';

const pixels = input('pixels', ['batch', 784]);
const digit = input('digit', ['batch']);

export default experiment({
  name: 'mnist',
  problem: problem({
    name: 'mnist',
    input: pixels,
    target: digit,
    output: mlp(pixels, { hidden: [20, 20, 20], outputs: 10 }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser: initialisers.paperMlp,
  }),
  dataset: fromLoader(mnist),
  settings: { batchSize: 1000, epochs: 33, sgn: { damping: 1e-4, maxCgIterations: 3 } },
  published: [
    { accuracy: 0.929, seconds: 25, by: 'SGN(3) on a GeForce GTX TITAN X, table 1' },
    { accuracy: 0.94, seconds: 100, by: 'SGN(3) on a GeForce GTX TITAN X, table 1' },
  ],
});
