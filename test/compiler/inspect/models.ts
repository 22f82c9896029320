/** Models to look into. */
import * as E from 'fp-ts/lib/Either.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import type { Expr } from '../../../dsl/index.js';
import { input, mlp, parameterSpace, softmaxCrossEntropy, typed, vgg } from '../../../dsl/index.js';

const modelOf = (name: string, output: Expr, loss: (z: Expr) => Expr): InspectedModel => {
  const parameters = parameterSpace([output]);
  if (E.isLeft(parameters)) throw new Error(JSON.stringify(parameters.left));
  return { name, output, loss, parameters: parameters.right };
};

const pixels = input('pixels', ['batch', 784]);
const digit = input('digit', ['batch']);
const image = input('image', ['batch', 1, 28, 28]);

const crossEntropy = (z: Expr): Expr => softmaxCrossEntropy(typed<['batch', 10]>(z), digit);

/** The paper's network for MNIST. */
export const mnistModel = modelOf('mnist', mlp(pixels, { hidden: [20, 20, 20], outputs: 10 }), crossEntropy);

/** A small network with an activation. */
export const smallModel = (activation: 'sigmoid' | 'tanh' | 'relu' | 'softplus'): InspectedModel =>
  modelOf('small', mlp(input('x', ['batch', 3]), { hidden: [4], outputs: 10, activation }), crossEntropy);

/** LeNet-5 on images of 28 × 28. */
export const lenetModel = modelOf(
  'lenet',
  vgg(image, {
    kind: 'vgg',
    layers: [
      { kind: 'conv', filters: 6, kernel: 5, padding: 2 },
      { kind: 'activation', function: 'tanh' },
      { kind: 'averagePool', size: 2 },
      { kind: 'conv', filters: 16, kernel: 5 },
      { kind: 'activation', function: 'tanh' },
      { kind: 'averagePool', size: 2 },
      { kind: 'fullyConnected', units: 120 },
      { kind: 'activation', function: 'tanh' },
      { kind: 'fullyConnected', units: 84 },
      { kind: 'activation', function: 'tanh' },
      { kind: 'fullyConnected', units: 10 },
    ],
  }),
  crossEntropy,
);
