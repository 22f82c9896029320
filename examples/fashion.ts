/** Articles of clothing: 28 × 28 pixels → one of ten classes (paper, table 2). LeNet, cross-entropy. */
import { conv2d, dense, flatten, initialisers, input, maxPool2d, relu, softmaxCrossEntropy } from '../dsl/index.js';
import { experiment, problem } from '../optim/index.js';
import { fashion } from './data/index.js';
import { fromLoader } from './fromLoader.js';

const image = input('image', ['batch', 1, 28, 28]);
const article = input('article', ['batch']);

const first = maxPool2d(conv2d(image, { name: '1', filters: 6, kernel: 5, activation: relu }), { size: 2 }); //  [batch, 6, 12, 12]
const second = maxPool2d(conv2d(first, { name: '2', filters: 16, kernel: 5, activation: relu }), { size: 2 }); // [batch, 16, 4, 4]
const third = dense(flatten(second), { name: '3', units: 120, activation: relu });
const fourth = dense(third, { name: '4', units: 84, activation: relu });

export default experiment({
  name: 'fashion',
  problem: problem({
    name: 'fashion',
    input: image,
    target: article,
    output: dense(fourth, { name: '5', units: 10 }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser: initialisers.paperConvolutional,
  }),
  dataset: fromLoader(fashion),
  settings: { batchSize: 1000, epochs: 5, sgn: { damping: 1e-4, maxCgIterations: 5 } },
  published: [
    { accuracy: 0.856, seconds: 50, by: 'SGN(5) on a GeForce GTX TITAN X, table 2' },
    { accuracy: 0.878, seconds: 150, by: 'SGN(5) on a GeForce GTX TITAN X, table 2' },
  ],
});
