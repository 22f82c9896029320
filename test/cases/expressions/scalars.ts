/** Steps that apply scalar functions. */
import type { Expr } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import type { ScalarFunction } from '../../../dsl/scalar.js';
import { alike, type Grow, grown, sameShapeAs } from './growth.js';

// x² + ½: where an operand has to be positive
const positive = (expr: Expr): Expr => p.map('add', p.map('mul', expr, expr), p.literal(0.5));

const unary =
  (fn: ScalarFunction, bound: (bound: number) => number, prepare: (expr: Expr) => Expr = (expr) => expr): Grow =>
  ({ pick }) => {
    const x = pick();
    return grown(p.map(fn, prepare(x.expr)), bound(x.bound));
  };

const binary =
  (
    fn: ScalarFunction,
    bound: (a: number, b: number) => number,
    prepare: (a: Expr, b: Expr) => readonly [Expr, Expr] = (a, b) => [a, b],
  ): Grow =>
  (growth) => {
    const [a, b = a] = alike(growth, 2);
    return a === undefined || b === undefined
      ? growth.pick()
      : grown(p.map(fn, ...prepare(a.expr, b.expr)), bound(a.bound, b.bound));
  };

// 1 where data compare; data are compared with data, or with a number that they never come close to
const comparison =
  (fn: 'less' | 'equal'): Grow =>
  (growth) => {
    const [a, b] = alike(growth, 2, ({ leaf }) => leaf);
    return a === undefined || b === undefined
      ? growth.pick()
      : grown(p.map(fn, a.expr, growth.choose(2) === 0 ? b.expr : p.literal(0.123456789)), 1);
  };

/** A step that applies each scalar function. */
export const growScalar: { readonly [F in ScalarFunction]: Grow } = {
  neg: unary('neg', (x) => x),
  abs: unary('abs', (x) => x),
  exp: unary(
    'exp',
    () => Math.exp(2),
    (x) => p.map('min', x, p.literal(2)),
  ),
  log: unary('log', (x) => x + 1, positive),
  sqrt: unary('sqrt', (x) => x + 1, positive),
  tanh: unary('tanh', () => 1),
  sigmoid: unary('sigmoid', () => 1),
  softplus: unary('softplus', (x) => x + 1),
  isFinite: unary('isFinite', () => 1),
  add: binary('add', (a, b) => a + b),
  sub: binary('sub', (a, b) => a + b),
  mul: binary('mul', (a, b) => a * b),
  div: binary(
    'div',
    (a) => 2 * a,
    (a, b) => [a, positive(b)],
  ),
  max: binary('max', Math.max),
  min: binary('min', Math.max),
  less: comparison('less'),
  equal: comparison('equal'),
  pow: binary(
    'pow',
    () => 4,
    (a, b) => [p.map('add', p.map('sigmoid', a), p.literal(0.5)), p.map('tanh', b)],
  ),
  select: (growth) => {
    const condition = comparison('less')(growth);
    const a = growth.pick(sameShapeAs(condition));
    const b = growth.pick(sameShapeAs(condition));
    const fits = [a, b].every(sameShapeAs(condition)) && condition.expr.node.op === 'map';
    return fits
      ? grown(p.map('select', p.map('equal', condition.expr, p.literal(0)), a.expr, b.expr), Math.max(a.bound, b.bound))
      : a;
  },
};
