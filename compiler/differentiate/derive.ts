/**
 * The derivatives that users ask for, all composed of `jvp` and `transpose`. Everything maps expressions to
 * expressions, so derivatives of derivatives need nothing more.
 */

import { freshVariable, invalid } from '../../dsl/expr.js';
import { misfit } from '../../dsl/misfit.js';
import type { Expr } from '../../dsl/node.js';
import { literal } from '../../dsl/primitives.js';
import { jvp, jvpAll } from './jvp.js';
import { transpose } from './transpose.js';

const seed = (wrt: readonly Expr[], tangents: readonly Expr[]): ReadonlyMap<Expr, Expr> =>
  new Map(wrt.flatMap((x, i) => (tangents[i] === undefined ? [] : [[x, tangents[i]] as const])));

/** A linear map as data: `tangent` is an expression linear in `variables`. */
export interface LinearMap {
  readonly variables: readonly Expr[];
  readonly tangent: Expr;
}

/** The derivative of `output` at its own point, as a linear map of tangents of `wrt`: `ẋ ↦ (∂output/∂x) ẋ`. */
export const linearize = (output: Expr, wrt: readonly Expr[]): LinearMap => {
  const variables = wrt.map((x) => freshVariable('tangent', x.shape));
  return { variables, tangent: jvp(output, seed(wrt, variables)) };
};

/** Vector-Jacobian products: `(∂output/∂x)ᵀ cotangent` for each x of `wrt`; the transpose of `linearize`. */
export const vjp = (output: Expr, wrt: readonly Expr[], cotangent: Expr): readonly Expr[] => {
  const { variables, tangent } = linearize(output, wrt);
  return transpose([tangent], [cotangent], variables);
};

/** The gradient of a scalar: `∂output/∂x` for each x of `wrt`. */
export const grad = (output: Expr, wrt: readonly Expr[]): readonly Expr[] =>
  output.shape.length === 0
    ? vjp(output, wrt, output.node.op === 'invalid' ? output : literal(1))
    : wrt.map(() => invalid(misfit('grad', 'a scalar output', output)));

/** Products with the exact Hessian of a scalar: `(∂²output/∂x²) ẋ`, forward over reverse. */
export const hessianVectorProduct = (output: Expr, wrt: readonly Expr[], tangents: readonly Expr[]): readonly Expr[] =>
  jvpAll(grad(output, wrt), seed(wrt, tangents));

/** What a curvature product needs of a model: its output z, before the output nonlinearity, and what z depends on. */
export interface Model {
  /** z = f(x; θ), shape [batch, outputs]. */
  readonly output: Expr;
  /** The parameters θ that the curvature is taken in. */
  readonly parameters: readonly Expr[];
}

/**
 * Products with the generalized Gauss-Newton matrix `G = Jᵀ H J` (eq. 13 of Gargiani et al. 2020), where
 * `J = ∂z/∂θ` and `H = ∂²loss/∂z²`, for a scalar `loss` convex in z. Takes one tangent per parameter and gives one
 * product per parameter; the matrix is never formed.
 */
export const ggnVectorProduct =
  ({ output: z, parameters }: Model, loss: (z: Expr) => Expr) =>
  (tangents: readonly Expr[]): readonly Expr[] => {
    const zDot = jvp(z, seed(parameters, tangents)); // J v
    const [HzDot = zDot] = hessianVectorProduct(loss(z), [z], [zDot]); // H J v
    return vjp(z, parameters, HzDot); // Jᵀ H J v
  };
