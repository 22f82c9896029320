/** Boston housing: 13 features of a suburb → its median price (paper, appendix A). 13–100–100–1, mean squared error. */
import { initialisers, input, meanSquaredError, mlp } from '../dsl/index.js';
import { experiment, problem } from '../optim/index.js';
import { boston } from './data/index.js';
import { fromLoader } from './fromLoader.js';

const features = input('features', ['batch', 13]);
const price = input('price', ['batch', 1]);

export default experiment({
  name: 'boston',
  problem: problem({
    name: 'boston',
    input: features,
    target: price,
    output: mlp(features, { hidden: [100, 100], outputs: 1 }),
    loss: meanSquaredError,
    metric: 'loss',
    initialiser: initialisers.paperMlp,
  }),
  dataset: fromLoader(boston),
  settings: { batchSize: 101, epochs: 20, sgn: { damping: 1e-4 } },
});
