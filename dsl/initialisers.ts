/** Where θ starts: each parameter's distribution, as data, and its sampling from a seeded generator. */

import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type DslError, unsupportedError } from './error.js';
import { at } from './internal.js';
import type { ParameterEntry, ParameterSpace } from './parameters.js';
import { type Drawn, normal as drawNormal, uniform as drawUniform, type Generator } from './random.js';
import { guarded, showValue } from './thrown.js';

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

const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** The distribution that a value describes, if it does, as a copy. */
const distributionOf = (given: unknown): Distribution | undefined => {
  const fields: Readonly<Record<string, unknown>> = typeof given === 'object' && given !== null ? { ...given } : {};
  const { kind, value, std, limit } = fields;
  if (kind === 'constant' && isNumber(value)) return { kind, value };
  if (kind === 'normal' && isNumber(std)) return { kind, std };
  if (kind === 'uniform' && isNumber(limit)) return { kind, limit };
  return undefined;
};

const distributions =
  "{ kind: 'constant', value }, { kind: 'normal', std } or { kind: 'uniform', limit } with a finite number";

/** What an initialiser chooses for a parameter; one that throws, or gives something else, is a mistake of its author. */
const chosen = (
  space: ParameterSpace,
  initialiser: Initialiser,
  entry: ParameterEntry,
): E.Either<DslError, Distribution> => {
  const mistake = (actual: string): DslError => ({
    ...unsupportedError('initialiser', distributions, actual),
    path: [entry.name],
  });
  return pipe(
    guarded(() => {
      const given: unknown = initialiser(entry, space);
      const distribution = distributionOf(given);
      return distribution === undefined ? E.left(mistake(showValue(given))) : E.right(distribution);
    }),
    E.getOrElse((reason): E.Either<DslError, Distribution> => E.left(mistake(`a throw: ${reason}`))),
  );
};

/** θ [d], and the generator to go on with. */
interface Initialised {
  readonly theta: Float32Array;
  readonly generator: Generator;
}

/** Samples θ, and gives the generator to go on with. Left: the initialiser throws, or gives no distribution. */
export const initialise = (
  space: ParameterSpace,
  initialiser: Initialiser,
  from: Generator,
): E.Either<DslError, Initialised> => {
  // all choices before the first draw: a mistake in the last shows at once
  const choices = space.entries.map((entry) => ({ entry, choice: chosen(space, initialiser, entry) }));
  const allocated = guarded(() => new Float32Array(space.length));
  if (E.isLeft(allocated))
    return E.left(unsupportedError('parameters', 'no more than memory holds', `${space.length}: ${allocated.left}`));
  const theta = allocated.right;
  let generator = from;
  for (const { entry, choice } of choices) {
    if (E.isLeft(choice)) return choice;
    const drawn = draw(generator, choice.right, entry.length);
    theta.set(drawn.values, entry.offset);
    generator = drawn.generator;
  }
  return E.right({ theta, generator });
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
const fans = (shape: readonly number[]): { readonly in: number; readonly out: number } => {
  const [first, second, window] = [at(shape, 0, 'fans'), at(shape, 1, 'fans'), shape.slice(2)];
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
  const last = at(space.entries, space.entries.length - 1, 'paperConvolutional').shape;
  const classes = at(last, last.length - 1, 'paperConvolutional');
  const elements = shape.reduce((product, size) => product * size, 1);
  return {
    kind: 'uniform',
    limit: Math.sqrt(6 / (shape.length > 2 ? elements : at(shape, 0, 'paperConvolutional') + classes)),
  };
});
