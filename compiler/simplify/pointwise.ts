/** Algebraic identities of `map`. Each rule gives the simpler expression, or `undefined` where it does not apply. */
import type { Expr, NodeOf } from '../../dsl/node.js';
import { broadcastTo, map } from '../../dsl/primitives.js';
import { type ScalarFunction, scalarRow } from '../../dsl/scalar.js';
import { isAlwaysFinite } from './finite.js';
import { uniform, uniformValue } from './uniform.js';

type Rule = (operands: readonly Expr[], self: Expr) => Expr | undefined;

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

const add: Rule = ([a, b]) => {
  if (a === undefined || b === undefined) return undefined;
  if (uniformValue(a) === 0) return b; // 0 + x = x
  if (uniformValue(b) === 0) return a;
  const [minusA, minusB] = [negated(a), negated(b)];
  if (minusB !== undefined) return map('sub', a, minusB); // a + (−b) = a − b
  return minusA === undefined ? undefined : map('sub', b, minusA);
};

const sub: Rule = ([a, b]) => {
  if (a === undefined || b === undefined) return undefined;
  if (uniformValue(b) === 0) return a;
  if (uniformValue(a) === 0) return map('neg', b);
  const minusB = negated(b);
  return minusB === undefined ? undefined : map('add', a, minusB); // a − (−b) = a + b
};

const mul: Rule = ([a, b], self) => {
  if (a === undefined || b === undefined) return undefined;
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
};

const div: Rule = ([a, b]) => {
  if (a === undefined || b === undefined) return undefined;
  if (uniformValue(b) === 1) return a;
  const minusA = negated(a);
  return minusA === undefined ? undefined : map('neg', map('div', minusA, b));
};

const neg: Rule = ([a]) => (a === undefined ? undefined : negated(a)); // −(−x) = x

const select: Rule = ([c, a, b]) => {
  const condition = c === undefined ? undefined : uniformValue(c);
  if (condition !== undefined) return condition !== 0 ? a : b;
  return a === b ? a : undefined;
};

const identities: { readonly [F in ScalarFunction]?: Rule } = { add, sub, mul, div, neg, select };

// f(c₁, c₂, …) of constants is a constant
const foldConstants = (fn: ScalarFunction, operands: readonly Expr[], self: Expr): Expr | undefined => {
  const values = operands.flatMap((operand) => uniformValue(operand) ?? []);
  return values.length === operands.length ? uniform(scalarRow(fn).evaluate(...values), self.shape) : undefined;
};

// f(repeat x, repeat y) = repeat f(x, y), if they repeat alike (constants repeat in every way)
const hoistBroadcast = (fn: ScalarFunction, operands: readonly Expr[], self: Expr): Expr | undefined => {
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

/** Simplifies one `map`. */
export const simplifyMap = ({ fn, operands }: NodeOf<'map'>, self: Expr): Expr | undefined =>
  foldConstants(fn, operands, self) ?? identities[fn]?.(operands, self) ?? hoistBroadcast(fn, operands, self);
