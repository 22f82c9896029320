/** A model's derivatives, composed from given rules of scalar functions: what is checked. */

import { jvpAll } from '../../compiler/differentiate/jvp.js';
import type { TangentRules } from '../../compiler/differentiate/tangents.js';
import { transpose } from '../../compiler/differentiate/transpose.js';
import type { BoundModel } from '../../compiler/inspect/graphs.js';
import {
  type Expr,
  flattenParameters,
  freshVariable,
  input,
  type ParameterSpace,
  primitives,
  splitParameters,
} from '../../dsl/index.js';

const paired = (wrt: readonly Expr[], tangents: readonly Expr[]): ReadonlyMap<Expr, Expr> =>
  new Map(wrt.flatMap((x, i) => tangents.slice(i, i + 1).map((tangent) => [x, tangent] as const)));

/** The expressions that the laws are about. */
export interface Derivatives {
  readonly v: Expr;
  readonly w: Expr;
  readonly u: Expr;
  readonly Jv: Expr;
  readonly JTu: Expr;
  readonly gradient: Expr;
  /** ⟨g, v⟩. */
  readonly slope: Expr;
  readonly Gv: Expr;
  readonly Gw: Expr;
  /** The loss as a function of an input z, with ∂loss/∂z and H u. */
  readonly outer: { readonly z: Expr; readonly gradient: Expr; readonly Hu: Expr };
}

/** The derivatives of a model by the given rules. */
export const derivativesOf = (
  { output, loss, views }: BoundModel,
  lossOf: (output: Expr) => Expr,
  space: ParameterSpace,
  scalar: TangentRules,
): Derivatives => {
  const push = (y: Expr, wrt: readonly Expr[], tangents: readonly Expr[]): Expr =>
    jvpAll([y], paired(wrt, tangents), scalar)[0] ?? y;
  const pull = (y: Expr, wrt: readonly Expr[], cotangent: Expr): readonly Expr[] => {
    const variables = wrt.map((x) => freshVariable('tangent', x.shape));
    return transpose([push(y, wrt, variables)], [cotangent], variables);
  };
  const flat = (pieces: readonly Expr[]): Expr => flattenParameters(space, pieces);
  const one = primitives.literal(1);
  const v: Expr = input('v', [space.length]);
  const w: Expr = input('w', [space.length]);
  const u: Expr = input('u', [...output.shape]);
  const z: Expr = input('z', [...output.shape]);
  const [atOutput = loss] = pull(loss, [output], one);
  const [atInput = loss] = pull(lossOf(z), [z], one);
  const product = (direction: Expr): Expr => {
    const zDot = push(output, views, splitParameters(space, direction)); // J v
    return flat(pull(output, views, push(atOutput, [output], [zDot]))); // Jᵀ H J v
  };
  const gradient = flat(pull(loss, views, one));
  return {
    v,
    w,
    u,
    Jv: push(output, views, splitParameters(space, v)),
    JTu: flat(pull(output, views, u)),
    gradient,
    slope: primitives.contract(gradient, [0], v, [0], []),
    Gv: product(v),
    Gw: product(w),
    outer: { z, gradient: atInput, Hu: push(atInput, [z], [u]) },
  };
};
