/** A model's derivatives by the functions that users and optimizers call: what is checked. */

import type { Derivations } from '../../compiler/differentiate/derive.js';
import type { BoundModel } from '../../compiler/inspect/graphs.js';
import {
  type Expr,
  flattenParameters,
  input,
  type ParameterSpace,
  postorder,
  primitives,
  type Shape,
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
  readonly Jw: Expr;
  /** J v by the linear map that `linearize` gives, applied to v. */
  readonly linear: Expr;
  readonly JTu: Expr;
  /** Jᵀ u by the transpose of that map. */
  readonly transposed: Expr;
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
    readonly loss: Expr;
    readonly gradient: Expr;
    readonly Hu: Expr;
    /** ⟨∂loss/∂z, J w⟩. */
    readonly slope: Expr;
  };
}

const prefix = 'check.';

/** An input of the laws. Its name begins as no name in a model does. */
export const leaf = (name: string, shape: Shape): Expr => input(`${prefix}${name}`, [...shape]);

/** The first input below some roots that has the name of one of the laws' own. */
export const reservedInput = (roots: readonly Expr[]): string | undefined =>
  postorder(roots).flatMap(({ node }) => (node.op === 'input' && node.name.startsWith(prefix) ? [node.name] : []))[0];

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
  { jvpAll, jvp, transpose, linearize, vjp, grad, hessianVectorProduct, ggnVectorProduct }: Derivations,
): Derivatives => {
  const flat = (pieces: readonly Expr[]): Expr => flattenParameters(space, pieces);
  const split = (direction: Expr): readonly Expr[] => splitParameters(space, direction);
  const seeds = (direction: Expr) => new Map(zip(views, split(direction), 'check'));
  const v = leaf('v', [space.length]);
  const w = leaf('w', [space.length]);
  const u = leaf('u', output.shape);
  const [z, zDot, zDotW] = [leaf('z', output.shape), leaf('Jv', output.shape), leaf('Jw', output.shape)];
  const { variables, tangent } = linearize(output, views);
  const linear = only(substitute([tangent], new Map(zip(variables, split(v), 'check'))), 'check');
  const [Jw] = jvpAll([output], seeds(w));
  const [atOutput] = grad(loss, [output]);
  const lossAtInput = lossOf(z);
  const [atInput] = grad(lossAtInput, [z]);
  const [Hu] = hessianVectorProduct(lossAtInput, [z], [u]);
  const G = ggnVectorProduct({ output, parameters: views }, lossOf);
  const gradient = flat(grad(loss, views));
  const Gv = flat(G(split(v)));
  return {
    v,
    w,
    u,
    Jv: jvp(output, seeds(v)),
    Jw,
    linear,
    JTu: flat(vjp(output, views, u)),
    transposed: flat(transpose([tangent], [u], variables)),
    gradient,
    pulled: flat(vjp(output, views, atOutput)),
    slope: product(gradient, v),
    curved: flat(hessianVectorProduct(loss, views, split(v))),
    Gv,
    Gw: flat(G(split(w))),
    wGv: product(w, Gv),
    outer: { z, v: zDot, w: zDotW, loss: lossAtInput, gradient: atInput, Hu, slope: product(atInput, zDotW) },
  };
};
