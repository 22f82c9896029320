/** Steps that grow pointwise operations, by operator and by primitive. */
import type { Expr } from '../../../../dsl/node.js';
import * as d from '../../../../dsl/pointwise.js';
import * as p from '../../../../dsl/primitives.js';
import type { ScalarFunction } from '../../../../dsl/scalar.js';
import type { Grow, Growth } from '../growth.js';

const extremes = (growth: Growth, x: Expr) => {
  const { values } = growth.view(x);
  return { low: values.reduce((a, b) => Math.min(a, b), 9e9), high: values.reduce((a, b) => Math.max(a, b), -9e9) };
};

type Prepare = (growth: Growth, x: Expr) => Expr;

const asIs: Prepare = (_, x) => x;

// now and then an operand is left as it is: values that are not finite are compared, too
const unlessWild =
  (needed: (growth: Growth, x: Expr) => boolean, change: (x: Expr) => Expr): Prepare =>
  (growth, x) =>
    needed(growth, x) && !growth.chance(growth.wild ? 0.5 : 0.1) ? change(x) : x;

const positive = unlessWild(
  (growth, x) => !(extremes(growth, x).low > 0.05),
  (x) => d.add(d.square(x), 0.3),
);
const moderate = unlessWild(
  (growth, x) => !(extremes(growth, x).high < 4),
  (x) => d.min(x, 2.5),
);
const awayFromZero = unlessWild(
  (growth, x) => growth.view(x).values.some((value) => Math.abs(value) < 0.2),
  (x) => d.add(d.abs(x), 0.5),
);

const unary =
  (f: (x: Expr) => Expr, prepare: Prepare = asIs): Grow =>
  (growth) =>
    f(prepare(growth, growth.pick()));

/** An operand that broadcasts against x: of its shape, of a part of it, or a number. */
const beside = (growth: Growth, x: Expr): Expr | number => {
  if (growth.chance(0.15)) return growth.among([0, 1, -1, 2, 0.5, -0.75, growth.between(-2, 2)]);
  if (growth.chance(0.6)) return growth.like(x.shape);
  const shorter = x.shape.slice(growth.below(x.shape.length + 1));
  return growth.like(shorter.map((dim) => (growth.chance(0.3) ? 1 : dim)));
};

const expression = (x: Expr | number): Expr => d.operand(x);

const binary =
  (
    f: (a: Expr, b: Expr) => Expr,
    prepare: (growth: Growth, a: Expr, b: Expr) => readonly [Expr, Expr] = (_, a, b) => [a, b],
  ): Grow =>
  (growth) => {
    const a = growth.pick();
    const b = expression(beside(growth, a));
    return f(...(growth.chance(0.5) ? prepare(growth, a, b) : prepare(growth, b, a)));
  };

const quotient = binary(
  (a, b) => d.div(a, b),
  (growth, a, b) => [a, awayFromZero(growth, b)],
);
const power = binary(
  (a, b) => d.pow(a, b),
  (growth, a, b) => [
    positive(growth, a),
    growth.chance(0.3) ? p.literal(growth.among([0, 1, 2, 3, 0.5, -1])) : d.tanh(b),
  ],
);

const condition = (growth: Growth, x: Expr): Expr =>
  growth.chance(0.7) ? d.less(x, growth.like(x.shape)) : d.equal(x, growth.among([0, 1, 2]));

const selection =
  (f: (c: Expr, a: Expr, b: Expr) => Expr): Grow =>
  (growth) => {
    const x = growth.pick();
    return f(growth.chance(0.8) ? condition(growth, x) : x, growth.like(x.shape), growth.like(x.shape));
  };

/** The operators that `dsl/pointwise.ts` exports for users. */
export type PointwiseName = Exclude<keyof typeof d, 'operand' | 'broadcastShapes' | 'stretch'>;

/** A step for every pointwise operator. */
export const pointwiseSteps: { readonly [N in PointwiseName]: Grow } = {
  add: binary((a, b) => d.add(a, b)),
  sub: binary((a, b) => d.sub(a, b)),
  mul: binary((a, b) => d.mul(a, b)),
  div: quotient,
  max: binary((a, b) => d.max(a, b)),
  min: binary((a, b) => d.min(a, b)),
  less: binary((a, b) => d.less(a, b)),
  equal: binary((a, b) => d.equal(a, b)),
  pow: power,
  select: selection((c, a, b) => d.select(c, a, b)),
  neg: unary((x) => d.neg(x)),
  abs: unary((x) => d.abs(x)),
  exp: unary((x) => d.exp(x), moderate),
  log: unary((x) => d.log(x), positive),
  sqrt: unary((x) => d.sqrt(x), positive),
  tanh: unary((x) => d.tanh(x)),
  sigmoid: unary((x) => d.sigmoid(x)),
  softplus: unary((x) => d.softplus(x)),
  finite: unary((x) => d.finite(x)),
  identity: unary((x) => d.identity(x)),
  square: unary((x) => d.square(x)),
  relu: unary((x) => d.relu(x)),
  leakyRelu: (growth) => d.leakyRelu(growth.among([0.01, 0.2, -0.5]))(growth.pick()),
  gelu: unary((x) => d.gelu(x)),
  stopGradient: unary((x) => d.stopGradient(x)),
};

const mapped =
  (fn: ScalarFunction, prepare: Prepare = asIs): Grow =>
  (growth) =>
    p.map(fn, prepare(growth, growth.pick()));

const mapped2 =
  (fn: ScalarFunction): Grow =>
  (growth) => {
    const a = growth.pick();
    const b = growth.chance(0.2) ? growth.like([]) : growth.like(a.shape);
    return growth.chance(0.5) ? p.map(fn, a, b) : p.map(fn, b, a);
  };

/** A step for every scalar function, as the primitive `map`. */
export const scalarSteps: { readonly [F in ScalarFunction]: Grow } = {
  neg: mapped('neg'),
  abs: mapped('abs'),
  exp: mapped('exp', moderate),
  log: mapped('log', positive),
  sqrt: mapped('sqrt', positive),
  tanh: mapped('tanh'),
  sigmoid: mapped('sigmoid'),
  softplus: mapped('softplus'),
  isFinite: mapped('isFinite'),
  add: mapped2('add'),
  sub: mapped2('sub'),
  mul: mapped2('mul'),
  div: quotient,
  max: mapped2('max'),
  min: mapped2('min'),
  less: mapped2('less'),
  equal: mapped2('equal'),
  pow: power,
  select: selection((c, a, b) => p.map('select', c, a, b)),
};
