/**
 * A growing pool of expressions with their values at random inputs, so that each step can be fitted to what is there:
 * shapes to shapes, and magnitudes to where a function is neither flat nor overflows.
 */
import { postorder } from '../../../dsl/expr.js';
import { input, parameter } from '../../../dsl/leaves.js';
import type { Expr } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import { type Dim, type Shape, type Sizes, sameShape } from '../../../dsl/shape.js';
import { float32 } from './arithmetic.js';
import type { Choices } from './choices.js';
import { reference } from './reference.js';
import { countOf, exact, type Tensor } from './tensor.js';

/** What a step of growth can use. */
export interface Growth extends Choices {
  readonly sizes: Sizes;
  /** Dimensions to build shapes of. */
  readonly dims: readonly [Dim, ...Dim[]];
  /** Elements that an array may have. */
  readonly mostElements: number;
  /** How deep loops may still be nested here. */
  readonly loopsLeft: number;
  /** Are values that are not finite welcome? */
  readonly wild: boolean;
  /** What has grown so far, oldest first. */
  readonly pool: readonly Expr[];
  /** Something out of the pool, rather of the recent; a new leaf where nothing fits. */
  readonly pick: (fits?: (expr: Expr) => boolean) => Expr;
  /** An expression of a shape: out of the pool, or new. */
  readonly like: (shape: Shape) => Expr;
  /** A new leaf with values of its own. */
  readonly leaf: (shape: Shape, draw?: () => number) => Expr;
  /** The value of an expression at the inputs, and at the start of loops. */
  readonly view: (expr: Expr) => Tensor;
  readonly extent: (dim: Dim) => number;
  /** Growth for the body of a loop over variables that start with given values. */
  readonly inside: (variables: readonly Expr[], initial: readonly Expr[]) => Growing;
}

/** Growth whose pool is added to. */
export interface Growing extends Growth {
  /** Adds an expression, tamed, if it is small enough and its values are of use; says whether. */
  readonly add: (expr: Expr) => boolean;
}

/** A step: an expression, or nothing where it does not fit what is there. */
export type Grow = (growth: Growth) => Expr | undefined;

/** A leaf of a program, with its values. */
export interface Leaf {
  readonly expr: Expr;
  readonly name: string;
  readonly tensor: Tensor;
}

/** What a program is grown with. */
export interface Soil {
  readonly choices: Choices;
  readonly sizes: Sizes;
  readonly dims: readonly [Dim, ...Dim[]];
  readonly mostElements: number;
  readonly wild: boolean;
  /** Takes up new leaves. */
  readonly leaves: Leaf[];
}

const mostNodes = 260;
const mostRank = 6;
const tooLarge = 40;
const wildNumbers = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0] as const;

/** Are all values finite, and known to a few digits? */
export const isSound = ({ values, errors }: Tensor): boolean => {
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return Number.isFinite(largest) && errors.every((error) => error <= 1e-2 * Math.max(largest, 1));
};

/** Growth from nothing. */
export const growthFrom = (soil: Soil): Growing => {
  const { choices, sizes, dims, mostElements, wild, leaves } = soil;
  const given = new Map<Expr | string, Tensor>();
  const view = reference(given, sizes, float32);
  const extent = (dim: Dim): number => (typeof dim === 'number' ? dim : (sizes[dim] ?? Number.NaN));

  const numbersFor = (shape: Shape, draw: () => number): Tensor => {
    const extents = shape.map(extent);
    const number = (): number => {
      if (wild && choices.chance(0.05)) return choices.among(wildNumbers);
      return choices.chance(0.1) ? Math.round(draw()) : draw();
    };
    return exact(
      extents,
      Array.from({ length: countOf(extents) }, () => Math.fround(number())),
    );
  };
  const take = (expr: Expr, name: string, tensor: Tensor): void => {
    leaves.push({ expr, name, tensor });
    given.set(expr, tensor);
  };
  /** Layers make parameters of their own. */
  const nameFreeParameters = (expr: Expr): void => {
    for (const below of postorder([expr]))
      if (below.node.op === 'parameter' && !given.has(below))
        take(
          below,
          below.node.name,
          numbersFor(below.shape, () => choices.between(-1, 1)),
        );
  };

  const leaf = (shape: Shape, draw = (): number => choices.between(-2, 2)): Expr => {
    // parameters have literal sizes
    const trained = choices.chance(0.15) && shape.every((dim) => typeof dim === 'number');
    const name = `${trained ? 'w' : 'x'}${leaves.length}`;
    const expr: Expr = trained ? parameter(name, shape) : input(name, shape);
    take(expr, name, numbersFor(shape, draw));
    return expr;
  };

  const growing = (before: readonly Expr[], loopsLeft: number): Growing => {
    const pool: Expr[] = [...before];
    const shapeOfSome = (): Shape => {
      const shape: Dim[] = [];
      for (let rank = choices.among([0, 1, 1, 2, 2, 2, 3, 4]); rank > 0; rank -= 1) {
        const dim = choices.among(dims);
        if (countOf([...shape, dim].map(extent)) <= mostElements) shape.push(dim);
      }
      return shape;
    };
    const pick: Growth['pick'] = (fits = () => true) => {
      const fitting = pool.filter(fits);
      const recent = fitting.slice(-4);
      const found = choices.any(choices.chance(0.6) ? recent : fitting);
      if (found !== undefined) return found;
      const fresh = leaf(shapeOfSome());
      pool.push(fresh);
      return fresh;
    };
    const like: Growth['like'] = (shape) => {
      const found = choices.any(pool.filter((expr) => sameShape(expr.shape, shape)));
      if (found !== undefined && choices.chance(0.85)) return found;
      if (choices.chance(0.1)) return p.broadcastTo(p.literal(choices.among([0, 1, -1, 0.5, 2])), shape, []);
      const fresh = leaf(shape);
      pool.push(fresh);
      return fresh;
    };
    const add: Growing['add'] = (expr) => {
      const extents = expr.shape.map(extent);
      if (expr.node.op === 'invalid' || expr.shape.length > mostRank || countOf(extents) > mostElements) return false;
      if (postorder([expr]).length > mostNodes) return false;
      nameFreeParameters(expr);
      const { values: numbers } = view(expr);
      const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const tame = largest > tooLarge && !wild ? p.map('tanh', p.map('mul', p.literal(1 / 16), expr)) : expr;
      if (!isSound(view(tame)) && !choices.chance(wild ? 0.7 : 0.05)) return false;
      if (!pool.includes(tame)) pool.push(tame);
      return true;
    };
    const inside: Growth['inside'] = (variables, initial) => {
      for (const [i, variable] of variables.entries())
        for (const start of initial.slice(i, i + 1)) given.set(variable, view(start));
      return growing([...pool.slice(-6), ...variables, ...variables], loopsLeft - 1);
    };
    return {
      ...choices,
      sizes,
      dims,
      mostElements,
      loopsLeft,
      wild,
      pool,
      pick,
      like,
      leaf,
      view,
      extent,
      inside,
      add,
    };
  };
  return growing([], 3);
};
