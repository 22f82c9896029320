/** Algebraic identities of `map`. Each rule gives the simpler expression, or `undefined` where it does not apply. */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import { broadcastTo, map } from '../../dsl/primitives.js';
import { type ScalarFunction, scalarRow } from '../../dsl/scalar.js';
import { isAlwaysFinite } from './finite.js';
import { uniform, uniformValue } from './uniform.js';

type Identity = (operands: readonly Expr[], self: Expr) => Expr | undefined;

/** Identities of scalar functions, by function. */
export type ScalarIdentities = { readonly [F in ScalarFunction]?: Identity };

type MapRule = (node: NodeOf<'map'>, self: Expr) => Expr | undefined;

const operand = (operands: readonly Expr[], i: number): Expr => at(operands, i, 'simplify');

const unary =
  (rule: (a: Expr) => Expr | undefined): Identity =>
  (operands) =>
    rule(operand(operands, 0));

const binary =
  (rule: (a: Expr, b: Expr, self: Expr) => Expr | undefined): Identity =>
  (operands, self) =>
    rule(operand(operands, 0), operand(operands, 1), self);

const isMap = (expr: Expr, fn: ScalarFunction): expr is Expr & { readonly node: NodeOf<'map'> } =>
  expr.node.op === 'map' && expr.node.fn === fn;

/** The operand of a negation. */
const negated = (expr: Expr): Expr | undefined => (isMap(expr, 'neg') ? expr.node.operands[0] : undefined);

/** The constant factor and the rest of a product with a constant on the left (where products keep it). */
const constantFactor = (expr: Expr): readonly [number, Expr] | undefined => {
  if (!isMap(expr, 'mul')) return undefined;
  const [left, right] = expr.node.operands;
  const value = left === undefined ? undefined : uniformValue(left);
  return value === undefined || right === undefined ? undefined : [value, right];
};

/** Is it 0, or a number that float32 holds at full precision? */
const isOrdinary = (value: number): boolean =>
  value === 0 || (Math.abs(value) >= 2 ** -126 && Math.abs(value) < 2 ** 127);

const add = binary((a, b) => {
  if (uniformValue(a) === 0) return b; // 0 + x = x
  if (uniformValue(b) === 0) return a;
  const [minusA, minusB] = [negated(a), negated(b)];
  if (minusB !== undefined) return map('sub', a, minusB); // a + (−b) = a − b
  return minusA === undefined ? undefined : map('sub', b, minusA);
});

const sub = binary((a, b) => {
  if (uniformValue(b) === 0) return a;
  if (uniformValue(a) === 0) return map('neg', b);
  const minusB = negated(b);
  return minusB === undefined ? undefined : map('add', a, minusB); // a − (−b) = a + b
});

const mul = binary((a, b, self) => {
  const [left, right] = [uniformValue(a), uniformValue(b)];
  // 0 · ∞ and 0 · NaN are NaN
  if ((left === 0 && isAlwaysFinite(b)) || (right === 0 && isAlwaysFinite(a))) return uniform(0, self.shape);
  if (left === 1) return b;
  if (right === 1) return a;
  if (left === -1) return map('neg', b);
  if (right !== undefined) return map('mul', b, a); // constants to the left
  if (left !== undefined) {
    const inner = constantFactor(b);
    const product = inner === undefined ? Number.NaN : left * inner[0];
    // the product of the constants must not overflow, nor underflow, where the factors one by one do not
    return inner !== undefined && isOrdinary(product) ? map('mul', uniform(product, self.shape), inner[1]) : undefined;
  }
  // signs outwards: (−a) b = −(a b)
  const [minusA, minusB] = [negated(a), negated(b)];
  if (minusA !== undefined) return map('neg', map('mul', minusA, b));
  return minusB === undefined ? undefined : map('neg', map('mul', a, minusB));
});

const div = binary((a, b) => {
  if (uniformValue(b) === 1) return a;
  const minusA = negated(a);
  return minusA === undefined ? undefined : map('neg', map('div', minusA, b));
});

const neg = unary(negated); // −(−x) = x

const select: Identity = (operands) => {
  const [a, b] = [operand(operands, 1), operand(operands, 2)];
  const condition = uniformValue(operand(operands, 0));
  if (condition !== undefined) return condition !== 0 ? a : b;
  return a === b ? a : undefined;
};

/** The identities of every scalar function that has some. */
export const scalarIdentities: ScalarIdentities = { add, sub, mul, div, neg, select };

// f(c₁, c₂, …) of constants is a constant
const foldConstants: MapRule = ({ fn, operands }, self) => {
  const values = operands.flatMap((operand) => uniformValue(operand) ?? []);
  return values.length === operands.length ? uniform(scalarRow(fn).evaluate(...values), self.shape) : undefined;
};

// f(repeat x, repeat y) = repeat f(x, y), if they repeat alike (constants repeat in every way)
const hoistBroadcast: MapRule = ({ fn, operands }, self) => {
  const repeated = operands.find(({ node }) => node.op === 'broadcast' && node.operand.node.op !== 'literal');
  if (repeated?.node.op !== 'broadcast') return undefined;
  const { axes, operand: inner } = repeated.node;
  const unrepeated = operands.map((operand) => {
    const value = uniformValue(operand);
    if (value !== undefined) return uniform(value, inner.shape);
    return operand.node.op === 'broadcast' && operand.node.axes.join() === axes.join()
      ? operand.node.operand
      : undefined;
  });
  const found = unrepeated.flatMap((operand) => operand ?? []);
  return found.length === operands.length ? broadcastTo(map(fn, ...found), self.shape, axes) : undefined;
};

/** The rules of `map`, in the order in which they are tried. */
export const mapRules = (identities: ScalarIdentities): readonly MapRule[] => [
  foldConstants,
  ({ fn, operands }, self) => identities[fn]?.(operands, self),
  hoistBroadcast,
];
