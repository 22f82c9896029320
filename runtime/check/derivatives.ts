/** A model's derivatives by the functions that users and optimizers call: what is checked. */

import type { Derivations } from '../../compiler/differentiate/derive.js';
import type { BoundModel } from '../../compiler/inspect/graphs.js';
import {
  type Expr,
  flattenParameters,
  input,
  type ParameterSpace,
  primitives,
  splitParameters,
  substitute,
} from '../../dsl/index.js';
import { only, zip } from '../../dsl/internal.js';

/** The expressions that the laws are about. */
export interface Derivatives {
  /** Directions in θ [d]. */
  readonly v: Expr;
  readonly w: Expr;
  /** A cotangent of z. */
  readonly u: Expr;
  readonly Jv: Expr;
  /** J v by the linear map that `linearize` gives, applied to v. */
  readonly linear: Expr;
  readonly JTu: Expr;
  readonly gradient: Expr;
  /** Jᵀ ∂loss/∂z. */
  readonly pulled: Expr;
  /** ⟨g, v⟩. */
  readonly slope: Expr;
  /** ∇²L v, of the whole loss in θ. */
  readonly curved: Expr;
  readonly Gv: Expr;
  readonly Gw: Expr;
  /** ⟨w, G v⟩. */
  readonly wGv: Expr;
  /** The loss as a function of an input z, with directions there. */
  readonly outer: {
    readonly z: Expr;
    /** J v and J w as inputs. */
    readonly v: Expr;
    readonly w: Expr;
    readonly gradient: Expr;
    readonly Hu: Expr;
    /** ⟨∂loss/∂z, J w⟩. */
    readonly slope: Expr;
  };
}

/** ⟨a, b⟩ of arrays of one shape. */
const product = (a: Expr, b: Expr): Expr => {
  const axes = [...a.shape.keys()];
  return primitives.contract(a, axes, b, axes, []);
};

/** The derivatives of a model, by given derivations. */
export const derivativesOf = (
  { output, loss, views }: BoundModel,
  lossOf: (output: Expr) => Expr,
  space: ParameterSpace,
  { jvp, linearize, vjp, grad, hessianVectorProduct, ggnVectorProduct }: Derivations,
): Derivatives => {
  const flat = (pieces: readonly Expr[]): Expr => flattenParameters(space, pieces);
  const split = (direction: Expr): readonly Expr[] => splitParameters(space, direction);
  const seeds = (direction: Expr) => new Map(zip(views, split(direction), 'check'));
  const v: Expr = input('v', [space.length]);
  const w: Expr = input('w', [space.length]);
  const u: Expr = input('u', [...output.shape]);
  const [z, zDot, zDotW]: readonly [Expr, Expr, Expr] = [
    input('z', [...output.shape]),
    input('J v', [...output.shape]),
    input('J w', [...output.shape]),
  ];
  const { variables, tangent } = linearize(output, views);
  const linear = only(substitute([tangent], new Map(zip(variables, split(v), 'check'))), 'check');
  const [atOutput] = grad(loss, [output]);
  const [atInput] = grad(lossOf(z), [z]);
  const [Hu] = hessianVectorProduct(lossOf(z), [z], [u]);
  const G = ggnVectorProduct({ output, parameters: views }, lossOf);
  const gradient = flat(grad(loss, views));
  const Gv = flat(G(split(v)));
  return {
    v,
    w,
    u,
    Jv: jvp(output, seeds(v)),
    linear,
    JTu: flat(vjp(output, views, u)),
    gradient,
    pulled: flat(vjp(output, views, atOutput)),
    slope: product(gradient, v),
    curved: flat(hessianVectorProduct(loss, views, split(v))),
    Gv,
    Gw: flat(G(split(w))),
    wGv: product(w, Gv),
    outer: { z, v: zDot, w: zDotW, gradient: atInput, Hu, slope: product(atInput, zDotW) },
  };
};
