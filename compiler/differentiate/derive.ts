/**
 * The derivatives that users ask for, all composed of `jvp` and `transpose`. Everything maps expressions to
 * expressions, so derivatives of derivatives need nothing more.
 *
 * Derivatives can be taken in any expressions, and each is an independent perturbation: with h = h(w), the derivatives
 * of y in (w, h) are those of (ε, δ) ↦ y(w + ε, h(w + ε) + δ) at 0. So w gets the total derivative
 * `∂y/∂w + (∂h/∂w)ᵀ ∂y/∂h`, as in PyTorch, and h its own.
 */

import { freshVariable, invalid, rewrite } from '../../dsl/expr.js';
import { only, zip } from '../../dsl/internal.js';
import { misfit } from '../../dsl/misfit.js';
import type { Expr } from '../../dsl/node.js';
import { literal, map } from '../../dsl/primitives.js';
import { operandsOf } from '../../dsl/structure.js';
import { alike, type Each, each } from '../../dsl/tuple.js';
import { dependents } from './dependents.js';
import { type ForwardRules, forwardRules, jvpAllBy } from './jvp.js';
import { type ReverseRules, reverseRules, transposeBy } from './transpose.js';

/** What every derivative follows from: the rules of forward mode and of transposition. */
export interface DerivativeRules {
  readonly forward: ForwardRules;
  readonly reverse: ReverseRules;
}

/** The rules of the language. */
export const derivativeRules: DerivativeRules = { forward: forwardRules, reverse: reverseRules };

/** Tangents ẋ, each of the shape of its expression x (any subexpression). */
export type Seeds = ReadonlyMap<Expr, Expr>;

/** A linear map as data: `tangent` is an expression linear in `variables`. */
export interface LinearMap<X extends readonly Expr[] = readonly Expr[]> {
  readonly variables: Each<X, Expr>;
  readonly tangent: Expr;
}

/** What a curvature product needs of a model: its output z, before the output nonlinearity, and what z depends on. */
export interface Model<X extends readonly Expr[] = readonly Expr[]> {
  /** z = f(x; θ), shape [batch, outputs]. */
  readonly output: Expr;
  /** The parameters θ that the curvature is taken in. */
  readonly parameters: X;
}

/** Every derivative that can be asked for. A list that is given as a tuple gives a tuple. */
export interface Derivations {
  /**
   * The Jacobian-vector products `(∂y/∂x) ẋ` of outputs, one `invalid` expression where a tangent has another shape
   * than its x. A zero result is an expression of zeros.
   */
  readonly jvpAll: <const Y extends readonly Expr[]>(outputs: Y, seeds: Seeds) => Each<Y, Expr>;
  /** The Jacobian-vector product of one output; see `jvpAll`. */
  readonly jvp: (output: Expr, seeds: Seeds) => Expr;
  /**
   * The adjoint of a linear map: for outputs linear in `variables` and one cotangent per output, the cotangents
   * `Σ (∂output/∂variable)ᵀ cotangent` of the variables. Errors (`invalid`): a mistake in an output or cotangent; a
   * cotangent of another shape; an operation in which the outputs are not linear.
   */
  readonly transpose: <const X extends readonly Expr[]>(
    outputs: readonly Expr[],
    cotangents: readonly Expr[],
    variables: X,
  ) => Each<X, Expr>;
  /** The derivative of `output` at its own point, as a linear map of tangents of `wrt`: `ẋ ↦ (∂output/∂x) ẋ`. */
  readonly linearize: <const X extends readonly Expr[]>(output: Expr, wrt: X) => LinearMap<X>;
  /** Vector-Jacobian products: `(∂output/∂x)ᵀ cotangent` for each x of `wrt`; the transpose of `linearize`. */
  readonly vjp: <const X extends readonly Expr[]>(output: Expr, wrt: X, cotangent: Expr) => Each<X, Expr>;
  /** The gradient of a scalar: `∂output/∂x` for each x of `wrt`. */
  readonly grad: <const X extends readonly Expr[]>(output: Expr, wrt: X) => Each<X, Expr>;
  /** Products with the exact Hessian of a scalar: `(∂²output/∂x²) ẋ`, forward over reverse. */
  readonly hessianVectorProduct: <const X extends readonly Expr[]>(
    output: Expr,
    wrt: X,
    tangents: Each<NoInfer<X>, Expr>,
  ) => Each<X, Expr>;
  /**
   * Products with the generalized Gauss-Newton matrix `G = Jᵀ H J` (eq. 13 of Gargiani et al. 2020), where
   * `J = ∂z/∂θ` and `H = ∂²loss/∂z²`, for a scalar `loss` convex in z. Takes one tangent per parameter and gives one
   * product per parameter; the matrix is never formed.
   */
  readonly ggnVectorProduct: <const X extends readonly Expr[]>(
    model: Model<X>,
    loss: (z: Expr) => Expr,
  ) => (tangents: Each<NoInfer<X>, Expr>) => Each<X, Expr>;
}

/** The tangent of each expression; an expression that is given twice is perturbed twice. */
const seedsOf = (wrt: readonly Expr[], tangents: readonly Expr[]): Seeds => {
  const seeds = new Map<Expr, Expr>();
  for (const [x, tangent] of zip(wrt, tangents, 'tangents of the expressions derived in')) {
    const other = seeds.get(x);
    seeds.set(x, other === undefined ? tangent : map('add', other, tangent));
  }
  return seeds;
};

/** Of some expressions, those that depend on others of them. */
const dependentAmong = (wrt: readonly Expr[]): ReadonlySet<Expr> => {
  const above = wrt.length > 1 ? dependents(wrt, new Set(wrt)) : new Set<Expr>();
  return new Set(wrt.filter(({ node }) => operandsOf(node).some((operand) => above.has(operand))));
};

/**
 * An expression at shifted values: each of `shifted` has a variable δ added to it, wherever it is used. A derivative in
 * δ moves the value and nothing else that is made of the same expression: with h = exp(w), the h in ∂h/∂w stays.
 */
const shift = (output: Expr, shifted: ReadonlySet<Expr>) => {
  const shifts = new Map([...shifted].map((x) => [x, freshVariable('shift', x.shape)] as const));
  const variables = new Set<Expr>(shifts.values());
  const moved = rewrite([output], (expr, original) => {
    const variable = shifts.get(original);
    return variable === undefined ? expr : map('add', expr, variable);
  });
  /** Expressions at δ = 0, that is without the additions. */
  const restore = (exprs: readonly Expr[]): readonly Expr[] =>
    rewrite(exprs, (expr) => {
      const [x, variable] = expr.node.op === 'map' ? expr.node.operands : [];
      return x !== undefined && variable !== undefined && variables.has(variable) ? x : expr;
    });
  return { output: only(moved, 'shift'), variableOf: (x: Expr): Expr => shifts.get(x) ?? x, restore };
};

/** All derivatives by given rules. */
export const derivationsOf = ({ forward, reverse }: DerivativeRules): Derivations => {
  const jvpAll = jvpAllBy(forward);
  const jvp: Derivations['jvp'] = (output, seeds) => jvpAll([output], seeds)[0];
  const transpose = transposeBy(reverse);
  const linearize: Derivations['linearize'] = (output, wrt) => {
    const variables = each(wrt, (x) => freshVariable('tangent', x.shape));
    return { variables, tangent: jvp(output, seedsOf(wrt, variables)) };
  };
  const vjp: Derivations['vjp'] = (output, wrt, cotangent) => {
    const { variables, tangent } = linearize(output, wrt);
    return alike(wrt, transpose([tangent], [cotangent], variables));
  };
  const grad: Derivations['grad'] = (output, wrt) =>
    output.shape.length === 0
      ? vjp(output, wrt, output.node.op === 'invalid' ? output : literal(1))
      : each(wrt, () => invalid(misfit('grad', 'a scalar output', output)));
  const hessianVectorProduct: Derivations['hessianVectorProduct'] = (output, wrt, tangents) => {
    const at = shift(output, dependentAmong(wrt));
    const points = wrt.map(at.variableOf);
    const products = jvpAll(grad(at.output, points), seedsOf(points, tangents));
    return alike(wrt, at.restore(products));
  };
  const ggnVectorProduct: Derivations['ggnVectorProduct'] =
    ({ output: z, parameters }, loss) =>
    (tangents) => {
      const zDot = jvp(z, seedsOf(parameters, tangents)); // J v
      const [HzDot] = hessianVectorProduct(loss(z), [z], [zDot]); // H J v
      return vjp(z, parameters, HzDot); // Jᵀ H J v
    };
  return { jvpAll, jvp, transpose, linearize, vjp, grad, hessianVectorProduct, ggnVectorProduct };
};

/** The derivatives of the language: what users, optimizers and checks call. */
export const derivations: Derivations = derivationsOf(derivativeRules);

export const { jvpAll, jvp, transpose, linearize, vjp, grad, hessianVectorProduct, ggnVectorProduct } = derivations;
