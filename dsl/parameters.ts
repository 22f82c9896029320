/** The trainable arrays of a network as one flat vector θ [d], and the views into it. */
import * as E from 'fp-ts/lib/Either.js';
import { type Application, applicationsIn } from './applications.js';
import { type DslError, nameError, shapeError } from './error.js';
import { postorder, substitute } from './expr.js';
import { zip } from './internal.js';
import type { Expr } from './node.js';
import { concat, reshape, slice } from './primitives.js';
import { showOperand } from './print.js';
import { sameShape, showShape } from './shape.js';

/** One array within θ. */
export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** The position of its first element in θ. */
  readonly offset: number;
  /** The number of its elements. */
  readonly length: number;
  /** Its leaf. */
  readonly parameter: Expr;
}

/** How θ is laid out: the arrays one after the other, each row-major. */
export interface ParameterSpace {
  readonly entries: readonly ParameterEntry[];
  /** d, the number of elements of θ. */
  readonly length: number;
}

/** A parameter's first use by a layer, in words; empty where no layer made it. */
const placeOf = (applications: readonly Application[], parameter: Expr): string => {
  const found = applications.find(({ parameters }) => parameters.includes(parameter));
  return found === undefined ? '' : showApplication(found);
};

const showApplication = ({ layer, input }: Application): string =>
  `${layer} on ${showOperand(input)} ${showShape(input.shape)}`;

/** Two leaves of one name: two shapes, or one that is shared and one that is not. */
const nameTwice = (name: string, pair: readonly Expr[], applications: readonly Application[]): DslError => {
  const places = pair.map((parameter) => placeOf(applications, parameter));
  const [first, ...others] = pair.map(({ shape }) => shape);
  if (first !== undefined && others.every((shape) => sameShape(first, shape)))
    return nameError(
      'parameterSpace',
      `shared: true of all that use the parameter ${name}, or of none`,
      `it in ${places.map((place) => place || 'an expression').join(' and in ')}, of which one asks for it`,
    );
  const shapes = pair.map(({ shape }) => shape);
  return { ...shapeError('parameterSpace', `one shape for the parameter ${name}`, ...shapes), operands: places };
};

/** The first two applications of layers that have a parameter together for which no sharing was asked. */
const takenTwice = (applications: readonly Application[]): DslError | undefined => {
  const owners = new Map<Expr, Application>();
  for (const application of applications)
    for (const parameter of application.parameters) {
      const { node } = parameter;
      const owner = owners.get(parameter);
      if (node.op === 'parameter' && owner !== undefined && node.shared !== true)
        return nameError(
          'parameterSpace',
          'a name of its own for every layer; name one otherwise, or give shared: true to both',
          `${node.name} in ${showApplication(owner)} and in ${showApplication(application)}`,
        );
      owners.set(parameter, application);
    }
  return undefined;
};

/**
 * The parameters below some expressions, in the order of their first use. An error if there are none, if one name
 * stands for two shapes or belongs to two layers that do not share it, if a size is symbolic, or the error that one of the
 * expressions carries.
 */
export const parameterSpace = (roots: readonly Expr[]): E.Either<DslError, ParameterSpace> => {
  const entries: ParameterEntry[] = [];
  const order = postorder(roots);
  const applications = applicationsIn(roots);
  let offset = 0;
  for (const expr of order) {
    const { node, shape } = expr;
    if (node.op === 'invalid') return E.left(node.error);
    if (node.op !== 'parameter') continue;
    const { name } = node;
    const sizes = shape.filter((dim) => typeof dim === 'number');
    if (sizes.length !== shape.length)
      return E.left(shapeError('parameterSpace', `literal sizes for the parameter ${name}`, shape));
    const other = entries.find((entry) => entry.name === name);
    if (other !== undefined) return E.left(nameTwice(name, [other.parameter, expr], applications));
    const length = sizes.reduce((product, size) => product * size, 1);
    entries.push({ name, shape: sizes, offset, length, parameter: expr });
    offset += length;
  }
  const taken = takenTwice(applications);
  if (taken !== undefined) return E.left(taken);
  return entries.length === 0
    ? E.left(nameError('parameterSpace', 'at least one parameter', 'expressions without any'))
    : E.right({ entries, length: offset });
};

/** The arrays within a flat vector [d], one per entry. */
export const splitParameters = (space: ParameterSpace, flat: Expr): readonly Expr[] =>
  space.entries.map(({ offset, length, shape }) => reshape(slice(flat, 0, offset, offset + length), shape));

/** The flat vector [d] of arrays, one per entry: the inverse of `splitParameters`. */
export const flattenParameters = (space: ParameterSpace, pieces: readonly Expr[]): Expr =>
  concat(
    zip(space.entries, pieces, 'flattenParameters').map(([{ length }, piece]) => reshape(piece, [length])),
    0,
  );

/** The expressions with every parameter replaced by its view of a flat vector [d]. */
export const bindParameters = (space: ParameterSpace, flat: Expr, roots: readonly Expr[]): readonly Expr[] => {
  const views = zip(space.entries, splitParameters(space, flat), 'bindParameters');
  return substitute(roots, new Map(views.map(([{ parameter }, view]) => [parameter, view] as const)));
};

/** The arrays within θ by name: views that share its memory. */
export const parameterViews = (space: ParameterSpace, theta: Float32Array): Readonly<Record<string, Float32Array>> =>
  Object.fromEntries(space.entries.map(({ name, offset, length }) => [name, theta.subarray(offset, offset + length)]));
