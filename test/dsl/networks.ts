/** The paper's networks in the typed language: what a user's editor has to check. Never run. */
import {
  add,
  conv2d,
  dense,
  type Expr,
  flatten,
  input,
  matmul,
  maxPool2d,
  meanSquaredError,
  mlp,
  parameter,
  relu,
  softmaxCrossEntropy,
  tanh,
} from '../../dsl/index.js';

const labels = input('labels', ['batch']);

const digits = input('digits', ['batch', 784]);
export const mnist: Expr<['batch', 10]> = mlp(digits, { hidden: [20, 20, 20], outputs: 10 });

const byHand = tanh(add(matmul(digits, parameter('W1', [784, 20])), parameter('b1', [20])));
export const mnistByHand: Expr<['batch', 10]> = add(matmul(byHand, parameter('W2', [20, 10])), parameter('b2', [10]));

const houses = input('houses', ['batch', 13]);
export const boston: Expr<['batch', 1]> = mlp(houses, { hidden: [100, 100], outputs: 1 });

const clothes = input('clothes', ['batch', 1, 28, 28]);
const edges = maxPool2d(conv2d(clothes, { name: '1', filters: 6, kernel: 5, activation: relu }), { size: 2 });
const parts = maxPool2d(conv2d(edges, { name: '2', filters: 16, kernel: 5, activation: relu }), { size: 2 });
const features: Expr<['batch', 256]> = flatten(parts);
const hidden = dense(dense(features, { name: '3', units: 120, activation: relu }), {
  name: '4',
  units: 84,
  activation: relu,
});
export const fashion: Expr<['batch', 10]> = dense(hidden, { name: '5', units: 10 });

const photos = input('photos', ['batch', 3, 32, 32]);
const first = maxPool2d(conv2d(photos, { name: '1', filters: 32, kernel: 3, activation: relu }), { size: 2 });
const second = maxPool2d(conv2d(first, { name: '2', filters: 64, kernel: 3, activation: relu }), { size: 2 });
const third: Expr<['batch', 64, 4, 4]> = conv2d(second, { name: '3', filters: 64, kernel: 3, activation: relu });
export const cifar: Expr<['batch', 10]> = dense(dense(flatten(third), { name: '4', units: 64, activation: relu }), {
  name: '5',
  units: 10,
});

export const losses: readonly Expr<[]>[] = [
  softmaxCrossEntropy(mnist, labels),
  softmaxCrossEntropy(fashion, labels),
  softmaxCrossEntropy(cifar, labels),
  meanSquaredError(boston, input('prices', ['batch', 1])),
];
