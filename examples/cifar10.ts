/** Photographs: 3 channels of 32 × 32 pixels → one of ten classes (paper, table 3). Three convolutions, cross-entropy. */
import { conv2d, dense, flatten, initialisers, input, maxPool2d, relu, softmaxCrossEntropy } from '../dsl/index.js';
import { experiment, problem } from '../optim/index.js';
import { cifar10 } from './data/index.js';
import { fromLoader } from './fromLoader.js';

const image = input('image', ['batch', 3, 32, 32]);
const label = input('label', ['batch']);

const first = maxPool2d(conv2d(image, { name: '1', filters: 32, kernel: 3, activation: relu }), { size: 2 }); //  [batch, 32, 15, 15]
const second = maxPool2d(conv2d(first, { name: '2', filters: 64, kernel: 3, activation: relu }), { size: 2 }); // [batch, 64, 6, 6]
const third = conv2d(second, { name: '3', filters: 64, kernel: 3, activation: relu }); //                         [batch, 64, 4, 4]
const fourth = dense(flatten(third), { name: '4', units: 64, activation: relu });

export default experiment({
  name: 'cifar10',
  problem: problem({
    name: 'cifar10',
    input: image,
    target: label,
    output: dense(fourth, { name: '5', units: 10 }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser: initialisers.paperConvolutional,
  }),
  dataset: fromLoader(cifar10),
  settings: { batchSize: 1000, epochs: 9, sgn: { damping: 1e-4 } },
  published: [
    { accuracy: 0.647, seconds: 650, by: 'SGN(10) on a GeForce GTX TITAN X, table 3' },
    { accuracy: 0.71, seconds: 2000, by: 'SGN(10) on a GeForce GTX TITAN X, table 3' },
  ],
});
