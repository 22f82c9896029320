/** Steps that derive: derivatives of what has grown, with respect to leaves, variables or intermediate results. */
import {
  type Derivations,
  ggnVectorProduct,
  grad,
  hessianVectorProduct,
  jvp,
  jvpAll,
  linearize,
  transpose,
  vjp,
} from '../../../../compiler/differentiate/derive.js';
import { postorder, substitute } from '../../../../dsl/expr.js';
import { meanSquaredError, softmaxCrossEntropy } from '../../../../dsl/losses.js';
import type { Expr } from '../../../../dsl/node.js';
import { sum } from '../../../../dsl/reductions.js';
import { sameShape } from '../../../../dsl/shape.js';
import { type Each, each } from '../../../../dsl/tuple.js';
import type { Grow, Growth } from '../growth.js';
import { labelsFor } from './networks.js';

const isOpen = ({ node }: Expr): boolean => node.op === 'input' || node.op === 'parameter' || node.op === 'variable';

// a derivative does not go back through a loop, whose rounds are not kept
const hasLoop = (x: Expr): boolean => postorder([x]).some(({ node }) => node.op === 'iterate');

/** Not so large that its derivatives are too many. */
const small =
  (most: number) =>
  (x: Expr): boolean =>
    postorder([x]).length <= most;

/** What to derive with respect to: one or two leaves below y, or something in between. */
const wrtOf = (growth: Growth, y: Expr): readonly Expr[] => {
  const below = new Set(postorder([y]));
  const leaves = growth.pool.filter((x) => below.has(x) && isOpen(x) && x !== y);
  const between = growth.pool.filter((x) => below.has(x) && !isOpen(x) && x !== y && x.node.op !== 'literal');
  const chosen = growth.shuffled(growth.chance(0.25) && between.length > 0 ? between : leaves);
  return chosen.slice(0, 1 + growth.below(2));
};

const derived =
  (most: number, derive: (growth: Growth, y: Expr, wrt: readonly [Expr, ...Expr[]]) => readonly Expr[]): Grow =>
  (growth) => {
    const y = growth.pick((x) => !isOpen(x) && small(most)(x));
    const [first, ...more] = wrtOf(growth, y);
    return first === undefined ? undefined : growth.any(derive(growth, y, [first, ...more]));
  };

const tangentsFor = <const X extends readonly Expr[]>(growth: Growth, wrt: X): Each<X, Expr> =>
  each(wrt, ({ shape }) => growth.like(shape));

const paired = (xs: readonly Expr[], values: readonly Expr[]): ReadonlyMap<Expr, Expr> =>
  new Map(xs.flatMap((x, i) => values.slice(i, i + 1).map((value) => [x, value] as const)));

const scalarOf = (y: Expr): Expr => (y.shape.length === 0 ? y : sum(y));

/** A step for every derivative. */
export const derivativeSteps: { readonly [N in keyof Derivations]: Grow } = {
  jvp: derived(90, (growth, y, wrt) => [jvp(y, paired(wrt, tangentsFor(growth, wrt)))]),
  jvpAll: derived(60, (growth, y, wrt) =>
    jvpAll([y, growth.pick((x) => postorder([x]).length <= 60)], paired(wrt, tangentsFor(growth, wrt))),
  ),
  vjp: derived(70, (growth, y, wrt) => (hasLoop(y) ? [] : vjp(y, wrt, growth.like(y.shape)))),
  grad: derived(70, (_, y, wrt) => (hasLoop(y) ? [] : grad(scalarOf(y), wrt))),
  linearize: derived(60, (growth, y, wrt) => {
    const { variables, tangent } = linearize(y, wrt);
    return substitute([tangent], paired(variables, tangentsFor(growth, wrt)));
  }),
  transpose: derived(60, (growth, y, wrt) => {
    if (hasLoop(y)) return [];
    const { variables, tangent } = linearize(y, wrt);
    return transpose([tangent], [growth.like(y.shape)], variables);
  }),
  hessianVectorProduct: derived(30, (growth, y, wrt) =>
    hasLoop(y) ? [] : hessianVectorProduct(scalarOf(y), wrt, tangentsFor(growth, wrt)),
  ),
  ggnVectorProduct: derived(35, (growth, y, wrt) => {
    if (hasLoop(y) || wrt.includes(y)) return [];
    const [batch, classes] = y.shape;
    const labelled = y.shape.length === 2 && batch !== undefined && typeof classes === 'number' && growth.chance(0.6);
    const target = labelled ? labelsFor(growth, batch, classes) : growth.like(y.shape);
    const loss = (z: Expr): Expr =>
      !sameShape(z.shape, y.shape) || labelled ? softmaxCrossEntropy(z, target) : meanSquaredError(z, target);
    return ggnVectorProduct({ output: y, parameters: wrt }, loss)(tangentsFor(growth, wrt));
  }),
};
