/** Layers: ordinary functions that make their own `parameter` leaves. */
import { type ActivationName, activationNames, activations } from './activations.js';
import { applied } from './applications.js';
import { type DslError, nameError } from './error.js';
import { invalid, typed } from './expr.js';
import { mistakeIn, optionsOf, strange } from './given.js';
import { parameter } from './leaves.js';
import { matmul } from './linear.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { add, identity, type Unary } from './pointwise.js';
import type { Shape } from './shape.js';
import type { Fits, Result, Units } from './types/rule.js';

/** What a layer of units needs to know. */
export interface DenseOptions<U extends number = number> {
  /** Tells its parameters from those of other layers: the weights `W${name}` [inputs, units], the biases `b${name}` [units]. */
  readonly name: string;
  readonly units: U;
  /** Pointwise; the identity if absent. */
  readonly activation?: Unary;
  /** Does it share its parameters with the other layers of its name that say so, too? A name is one layer's if absent. */
  readonly shared?: boolean;
}

/**
 * Names the definition that a mistake happened in: an error of the built expression gets `name` in front of its path.
 * A mistake that came in with `x` keeps its path.
 */
export const within = (name: string, x: Expr, build: (x: Expr) => Expr): Expr => {
  const bad = mistakeIn(name, [x]);
  if (bad !== undefined) return bad;
  const built = build(x);
  if (built.node.op !== 'invalid') return built;
  const error: DslError = { ...built.node.error, path: [name, ...built.node.error.path] };
  return invalid(error);
};

/** A fully connected layer, activation(x W + b): [batch, inputs] gives [batch, units]. */
export const dense = <S extends Shape, const U extends number>(
  x: Expr<S> & Fits<Units<'dense', S, U>>,
  options: DenseOptions<U>,
): Expr<Result<Units<'dense', S, U>>> => {
  const { name, units, activation = identity, shared = false } = optionsOf(options);
  if (typeof name !== 'string') return typed(strange('dense', 'a name', name));
  if (typeof units !== 'number') return typed(strange(`dense ${name}`, 'a number of units', units));
  return typed(
    within(`dense ${name}`, x, (rows) => {
      const inputs = rows.shape[1];
      if (rows.shape.length !== 2 || inputs === undefined)
        return invalid(misfit('dense', 'a matrix [batch, inputs]', rows));
      const weights: Expr = parameter(`W${name}`, [inputs, units], { shared });
      const biases: Expr = parameter(`b${name}`, [units], { shared });
      const linear = add(matmul(rows, weights), biases);
      return applied({ layer: `dense ${name}`, input: rows, parameters: [weights, biases], linear }, activation);
    }),
  );
};

/** What a multilayer perceptron needs to know. */
export interface MlpOptions<Outputs extends number = number> {
  /** The units of the hidden layers, from the input on. */
  readonly hidden: readonly number[];
  readonly outputs: Outputs;
  /** After every hidden layer, as a function or by name; the sigmoid if absent. The output layer is linear. */
  readonly activation?: Unary | ActivationName;
  /** Stands before the layers' numbers in the names of the parameters; empty if absent, for `W1`, `b1`, `W2`, … */
  readonly name?: string;
  /** Does it share its parameters with the other networks of its name that say so, too? */
  readonly shared?: boolean;
}

/** A multilayer perceptron: [batch, inputs] gives [batch, outputs]. */
export const mlp = <S extends Shape, const Outputs extends number>(
  x: Expr<S> & Fits<Units<'mlp', S, Outputs>>,
  options: MlpOptions<Outputs>,
): Expr<Result<Units<'mlp', S, Outputs>>> => {
  const { hidden, outputs, activation = 'sigmoid', name = '', shared = false } = optionsOf(options);
  const known = typeof activation !== 'string' || Object.hasOwn(activations, activation);
  if (!known) return typed(invalid(nameError('mlp', `an activation out of ${activationNames.join(', ')}`, activation)));
  const pointwise: Unary = typeof activation === 'string' ? activations[activation] : activation;
  if (typeof name !== 'string') return typed(strange('mlp', 'a name', name));
  if (!Array.isArray(hidden)) return typed(strange('mlp', 'a list of hidden units', hidden));
  if (typeof outputs !== 'number') return typed(strange('mlp', 'a number of outputs', outputs));
  const body = hidden.reduce<Expr>(
    (rows, units, layer) => dense(rows, { name: `${name}${layer + 1}`, units, activation: pointwise, shared }),
    x,
  );
  return typed(dense(body, { name: `${name}${hidden.length + 1}`, units: outputs, shared }));
};
