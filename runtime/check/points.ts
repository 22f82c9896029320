/** Where a model is checked: random and adversarial parameters, and data that fits its inputs. */
import { bindShape } from '../../compiler/evaluate.js';
import { viewed } from '../../compiler/print/names.js';
import { type Expr, type Generator, postorder, random, type Sizes } from '../../dsl/index.js';

/** A point: values of every input and of θ, and the directions v, w and u. */
export interface Point {
  readonly name: PointName;
  readonly environment: ReadonlyMap<Expr | string, Float64Array>;
}

const lengthOf = (expr: Expr, sizes: Sizes): number => bindShape(expr.shape, sizes).reduce((a, b) => a * b, 1);

const baseOf = (expr: Expr): Expr => {
  const inner = viewed(expr);
  return inner === undefined ? expr : baseOf(inner);
};

/** The number of classes of a label input: what it is compared with counts them. */
const classesOf = (input: Expr, order: readonly Expr[], sizes: Sizes): number | undefined => {
  for (const { node } of order) {
    if (node.op !== 'map' || node.fn !== 'equal') continue;
    const bases = node.operands.map(baseOf);
    const counted = bases.find((base) => base.node.op === 'iota');
    if (bases.includes(input) && counted !== undefined) return lengthOf(counted, sizes);
  }
  return undefined;
};

/** Values of an input: labels where it is compared with classes, else normal numbers. */
const inputValues = (input: Expr, order: readonly Expr[], sizes: Sizes, generator: Generator) => {
  const length = lengthOf(input, sizes);
  const classes = classesOf(input, order, sizes);
  if (classes === undefined) {
    const drawn = random.normal(generator, length);
    return { ...drawn, values: Float64Array.from(drawn.values) };
  }
  const drawn = random.uniform(generator, length);
  return {
    ...drawn,
    values: Float64Array.from(drawn.values, (value) => Math.min(classes - 1, Math.floor(value * classes))),
  };
};

/** Scales of θ: ordinary, exactly 0 (ties and kinks), saturating, vanishing. */
const scales = { 'random 1': 0.5, 'random 2': 1, zero: 0, large: 20, tiny: 1e-6 } as const;

/** The name of a point. */
export type PointName = keyof typeof scales;

/** The names of the points, in the order in which they are checked. */
export const pointNames: readonly PointName[] = ['random 1', 'random 2', 'zero', 'large', 'tiny'];

/** Points for expressions: `vectors` are drawn like θ's directions, standard normal. */
export const pointsFor = (
  roots: readonly Expr[],
  theta: Expr,
  vectors: readonly Expr[],
  sizes: Sizes,
  seed: number,
): readonly Point[] => {
  const order = postorder(roots);
  const inputs = order.filter((expr) => expr.node.op === 'input' && expr !== theta && !vectors.includes(expr));
  let generator = random.generator(seed);
  const take = (drawn: { readonly values: Float64Array; readonly generator: Generator }): Float64Array => {
    generator = drawn.generator;
    return drawn.values;
  };
  const normal = (expr: Expr, scale: number): Float64Array => {
    const drawn = random.normal(generator, lengthOf(expr, sizes));
    return take({ ...drawn, values: Float64Array.from(drawn.values, (value) => scale * value) });
  };
  return pointNames.map((name) => ({
    name,
    environment: new Map<Expr | string, Float64Array>([
      [theta, normal(theta, scales[name])],
      ...vectors.map((vector) => [vector, normal(vector, 1)] as const),
      ...inputs.map((input) => [input, take(inputValues(input, order, sizes, generator))] as const),
    ]),
  }));
};
