/** Activations by name, for networks that are described as data. */
import { gelu, identity, leakyRelu, relu, sigmoid, softplus, tanh, type Unary } from './pointwise.js';

/** The names of activations. */
export const activationNames = ['identity', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'softplus', 'gelu'] as const;

/** The name of an activation. */
export type ActivationName = (typeof activationNames)[number];

/** The table of activations. `leakyRelu` has the usual slope of 0.01. */
export const activations: Readonly<Record<ActivationName, Unary>> = {
  identity,
  sigmoid,
  tanh,
  relu,
  leakyRelu: leakyRelu(0.01),
  softplus,
  gelu,
};
