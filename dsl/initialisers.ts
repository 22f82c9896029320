/** Where θ starts: each parameter's distribution, as data, and its sampling from a seeded generator. */
import type { ParameterEntry, ParameterSpace } from './parameters.js';
import { type Drawn, normal as drawNormal, uniform as drawUniform, type Generator } from './random.js';

/** What the elements of one parameter are drawn from. */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  /** N(0, std²). */
  | { readonly kind: 'normal'; readonly std: number }
  /** U(−limit, limit). */
  | { readonly kind: 'uniform'; readonly limit: number };

/** Chooses the distribution of each parameter of a space. */
export type Initialiser = (entry: ParameterEntry, space: ParameterSpace) => Distribution;

const draw = (from: Generator, distribution: Distribution, count: number): Drawn<Float64Array> => {
  switch (distribution.kind) {
    case 'constant':
      return { values: new Float64Array(count).fill(distribution.value), generator: from };
    case 'normal':
      return drawNormal(from, count, 0, distribution.std);
    case 'uniform':
      return drawUniform(from, count, -distribution.limit, distribution.limit);
  }
};

/** Samples θ, and gives the generator to go on with. */
export const initialise = (
  space: ParameterSpace,
  initialiser: Initialiser,
  from: Generator,
): { readonly theta: Float32Array; readonly generator: Generator } => {
  const theta = new Float32Array(space.length);
  const generator = space.entries.reduce((current, entry) => {
    const drawn = draw(current, initialiser(entry, space), entry.length);
    theta.set(drawn.values, entry.offset);
    return drawn.generator;
  }, from);
  return { theta, generator };
};

/** Biases are the parameters of one axis or none. They start at 0. */
const weights =
  (of: (shape: readonly number[], space: ParameterSpace) => Distribution): Initialiser =>
  ({ shape }, space) =>
    shape.length < 2 ? { kind: 'constant', value: 0 } : of(shape, space);

/**
 * How many inputs one unit reads and how many units one input reaches: of weights [inputs, units], or of a
 * convolution's [filters, channels, …window].
 */
const fans = ([first = 1, second = 1, ...window]: readonly number[]): { readonly in: number; readonly out: number } => {
  const area = window.reduce((product, size) => product * size, 1);
  return window.length === 0 ? { in: first, out: second } : { in: second * area, out: first * area };
};

/** Weights N(0, std²), biases 0. */
export const normal = (std: number): Initialiser => weights(() => ({ kind: 'normal', std }));

/** Weights U(−limit, limit), biases 0. */
export const uniform = (limit: number): Initialiser => weights(() => ({ kind: 'uniform', limit }));

/** Weights U(±√(6 / (inputs + outputs))), biases 0 (Glorot & Bengio 2010). */
export const glorotUniform: Initialiser = weights((shape) => {
  const fan = fans(shape);
  return { kind: 'uniform', limit: Math.sqrt(6 / (fan.in + fan.out)) };
});

/** Weights U(±√(6 / inputs)), biases 0 (He et al. 2015). */
export const heUniform: Initialiser = weights((shape) => ({ kind: 'uniform', limit: Math.sqrt(6 / fans(shape).in) }));

/** The paper's multilayer perceptrons: weights N(0, 1), biases 0. */
export const paperMlp: Initialiser = normal(1);

/**
 * The paper's convolutional networks: a convolution's weights U(±√(6 / (F·C·k²))) with F filters of C channels and
 * k × k elements, fully connected weights U(±√(6 / (inputs + classes))), biases 0. The classes are the units of the
 * last layer.
 */
export const paperConvolutional: Initialiser = weights((shape, space) => {
  const classes = space.entries.at(-1)?.shape.at(-1) ?? 1;
  const elements = shape.reduce((product, size) => product * size, 1);
  return { kind: 'uniform', limit: Math.sqrt(6 / (shape.length > 2 ? elements : (shape[0] ?? 1) + classes)) };
});
