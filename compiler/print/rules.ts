/**
 * The rules of differentiation in mathematical notation: what a primitive y = f(x, …) does to tangents (a dot) and to
 * cotangents (a bar). They are what `compiler/differentiate` builds, said for people.
 */
import type { Expr, NodeOf, Op } from '../../dsl/node.js';
import type { ScalarFunction } from '../../dsl/scalar.js';

/** One rule, both ways. */
export interface RuleText {
  /** ẏ in terms of ẋ. */
  readonly forward: string;
  /** x̄ in terms of ȳ. */
  readonly reverse: string;
}

const rule = (forward: string, reverse: string): RuleText => ({ forward: `ẏ = ${forward}`, reverse: `x̄ = ${reverse}` });
const diagonal = (derivative: string): RuleText => rule(`${derivative} ⊙ ẋ`, `${derivative} ⊙ ȳ`);
const constant: RuleText = { forward: 'ẏ = 0', reverse: 'x̄ = 0' };

const scalarRules: { readonly [F in ScalarFunction]: RuleText } = {
  neg: rule('−ẋ', '−ȳ'),
  abs: diagonal('sign(x)'),
  exp: diagonal('y'),
  log: rule('ẋ / x', 'ȳ / x'),
  sqrt: rule('½ ẋ / y', '½ ȳ / y'),
  tanh: diagonal('(1 − y²)'),
  sigmoid: diagonal('y ⊙ (1 − y)'),
  softplus: diagonal('σ(x)'),
  isFinite: constant,
  add: { forward: 'ẏ = ẋ₁ + ẋ₂', reverse: 'x̄₁ = ȳ, x̄₂ = ȳ' },
  sub: { forward: 'ẏ = ẋ₁ − ẋ₂', reverse: 'x̄₁ = ȳ, x̄₂ = −ȳ' },
  mul: { forward: 'ẏ = x₂ ⊙ ẋ₁ + x₁ ⊙ ẋ₂', reverse: 'x̄₁ = x₂ ⊙ ȳ, x̄₂ = x₁ ⊙ ȳ' },
  div: { forward: 'ẏ = (ẋ₁ − y ⊙ ẋ₂) / x₂', reverse: 'x̄₁ = ȳ / x₂, x̄₂ = −y ⊙ ȳ / x₂' },
  max: { forward: 'ẏ = [x₁ ≥ x₂] ⊙ ẋ₁ + [x₁ < x₂] ⊙ ẋ₂', reverse: 'x̄₁ = [x₁ ≥ x₂] ⊙ ȳ, x̄₂ = [x₁ < x₂] ⊙ ȳ' },
  min: { forward: 'ẏ = [x₁ ≤ x₂] ⊙ ẋ₁ + [x₂ < x₁] ⊙ ẋ₂', reverse: 'x̄₁ = [x₁ ≤ x₂] ⊙ ȳ, x̄₂ = [x₂ < x₁] ⊙ ȳ' },
  less: constant,
  equal: constant,
  pow: { forward: 'ẏ = p xᵖ⁻¹ ⊙ ẋ + y ⊙ ln x ⊙ ṗ', reverse: 'x̄ = p xᵖ⁻¹ ⊙ ȳ, p̄ = y ⊙ ln x ⊙ ȳ' },
  select: { forward: 'ẏ = (c ? ẋ₁ : ẋ₂)', reverse: 'x̄₁ = (c ? ȳ : 0), x̄₂ = (c ? 0 : ȳ)' },
};

const linear = (name: string, adjoint: string): RuleText => rule(`${name}(ẋ)`, `${adjoint}(ȳ)`);

const foldRules: { readonly [K in NodeOf<'reduce'>['kind']]: RuleText } = {
  sum: linear('Σ', 'repeat'),
  max: rule('Σ winner ⊙ ẋ', 'winner ⊙ repeat(ȳ)'),
  argmax: constant,
};

const primitiveRules: { readonly [O in Exclude<Op, 'map' | 'reduce'>]: RuleText } = {
  literal: constant,
  size: constant,
  iota: constant,
  input: constant,
  parameter: { forward: 'ẏ = the parameter’s part of v', reverse: 'the parameter’s part of the result' },
  variable: constant,
  contract: { forward: 'ẏ = ẋ₁ · x₂ + x₁ · ẋ₂', reverse: 'x̄₁ = ȳ · x₂ᵀ, x̄₂ = x₁ᵀ · ȳ' },
  broadcast: linear('repeat', 'Σ'),
  transpose: linear('transpose', 'transpose⁻¹'),
  reshape: linear('reshape', 'reshape⁻¹'),
  slice: linear('slice', 'pad'),
  pad: linear('pad', 'slice'),
  concat: { forward: 'ẏ = [ẋ₁; ẋ₂; …]', reverse: 'x̄ₖ = the part of ȳ' },
  window: linear('windows', 'overlapAdd'),
  windowAdjoint: linear('overlapAdd', 'windows'),
  stopGradient: constant,
  iterate: { forward: 'the loop over (x, ẋ)', reverse: 'not linear: a loop has no adjoint' },
  result: { forward: 'ẏ = the tangent that the loop carries', reverse: 'not linear: a loop has no adjoint' },
  invalid: constant,
};

/** The name of a primitive; of a pointwise map and a fold, that of their function. */
export const operationOf = ({ node }: Expr): string =>
  node.op === 'map' ? node.fn : node.op === 'reduce' ? node.kind : node.op;

/** The rule of an expression's primitive. */
export const ruleOf = ({ node }: Expr): RuleText => {
  if (node.op === 'map') return scalarRules[node.fn];
  return node.op === 'reduce' ? foldRules[node.kind] : primitiveRules[node.op];
};
