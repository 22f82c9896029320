/**
 * The exact diagonal of the generalized Gauss-Newton matrix. With the samples' Jacobians Jᵢ and output Hessians Hᵢ and
 * the unit vectors e_k of the outputs, diag(Σ JᵢᵀHᵢJᵢ) = Σᵢ Σ_k (Jᵢᵀe_k) ⊙ (JᵢᵀHᵢe_k): per output two backward passes
 * to where a parameter enters, and there products of what every sample gives, instead of sums over samples. For a
 * dense layer a sample gives an outer product a ⊗ δ, so that the sum over samples is (a²)ᵀ(δ ⊙ δ′) and stays a
 * matrix product. The loop over the outputs runs on the target.
 */
import { hessianVectorProduct, vjp } from '../compiler/index.js';
import {
  add,
  constant,
  type Expr,
  equal,
  flattenParameters,
  invalid,
  iota,
  iterate,
  less,
  nameError,
  operandsOf,
  type ParameterEntry,
  postorder,
  primitives,
  square,
  typed,
} from '../dsl/index.js';
import type { Scalar, Vector } from './cg.js';
import { bound } from './curvature.js';
import { sampleLength } from './dataset.js';
import type { Problem } from './problem.js';

/** Where a parameter enters a network: a node over it, or over a rearrangement of its elements. */
interface Use {
  /** The parameter, rearranged. */
  readonly view: Expr;
  /** The node that reads it together with other data. */
  readonly consumer: Expr;
}

/** Per-sample products of the gradients that two cotangents [batch, …] of the consumer give, summed over samples: [view]. */
type Products = (first: Expr, second: Expr) => Expr;

const usersOf = (nodes: readonly Expr[], operand: Expr): readonly Expr[] =>
  nodes.filter(({ node }) => operandsOf(node).includes(operand));

/** The one use of a parameter, past reshapes and transposes. */
const useOf = (nodes: readonly Expr[], view: Expr): Use | undefined => {
  const [consumer, ...others] = usersOf(nodes, view);
  if (consumer === undefined || others.length > 0) return undefined;
  const { op } = consumer.node;
  return op === 'reshape' || op === 'transpose' ? useOf(nodes, consumer) : { view, consumer };
};

/** Σ over the first axis of a ⊙ b. */
const sumOfProducts = (a: Expr, b: Expr): Expr => primitives.reduce('sum', primitives.map('mul', a, b), [0]);

/** A bias: repeated along the batch (and along positions, over which a sample's gradient is a sum). */
const ofBroadcast =
  (axes: readonly number[], rank: number): Products =>
  (first, second) => {
    const positions = Array.from({ length: rank }, (_, axis) => axis).filter(
      (axis) => axis > 0 && !axes.includes(axis),
    );
    const perSample = (cotangent: Expr): Expr => primitives.reduce('sum', cotangent, positions);
    return sumOfProducts(perSample(first), perSample(second));
  };

/** Weights, contracted with data of labels `dataLabels`; `batch` is the label of the samples. */
const ofContract = (
  data: Expr,
  dataLabels: readonly number[],
  viewLabels: readonly number[],
  output: readonly number[],
  batch: number,
): Products => {
  const summed = new Set([...dataLabels, ...output].filter((label) => !viewLabels.includes(label)));
  // only the samples are summed over: the gradient of each is an outer product
  if (summed.size === 1)
    return (first, second) =>
      primitives.contract(square(data), dataLabels, primitives.map('mul', first, second), output, viewLabels);
  const perSample = (cotangent: Expr): Expr =>
    primitives.contract(data, dataLabels, cotangent, output, [batch, ...viewLabels]);
  return (first, second) => sumOfProducts(perSample(first), perSample(second));
};

/** The products at a use; none for a use of another kind. */
const productsAt = (batch: string, { view, consumer: { node, shape } }: Use): Products | undefined => {
  if (shape[0] !== batch) return undefined;
  if (node.op === 'broadcast') return node.axes.includes(0) ? undefined : ofBroadcast(node.axes, shape.length);
  if (node.op !== 'contract' || node.left === node.right) return undefined;
  const { left, right, leftLabels, rightLabels, output } = node;
  const [data, dataLabels, viewLabels] =
    right === view ? [left, leftLabels, rightLabels] : [right, rightLabels, leftLabels];
  const [label = -1] = output;
  return viewLabels.includes(label) ? undefined : ofContract(data, dataLabels, viewLabels, output, label);
};

/** What one parameter adds for the cotangents e_k and Hᵢe_k of z: an array of its shape. */
const diagonalOf = (problem: Problem, { name, parameter }: ParameterEntry, first: Expr, second: Expr): Expr => {
  const { output, batch } = problem;
  const use = useOf(postorder([output]), parameter);
  const products = use === undefined ? undefined : productsAt(batch, use);
  if (use === undefined || products === undefined)
    return invalid(nameError('jacobi', 'every parameter to enter once, as weights or as a bias', name));
  const at = (cotangent: Expr): Expr => vjp(output, [use.consumer], cotangent)[0] ?? cotangent;
  const diagonal = products(at(first), at(second));
  return use.view === parameter ? diagonal : (vjp(use.view, [parameter], diagonal)[0] ?? diagonal);
};

/** diag(G) at θ [d]; an `invalid` expression where a parameter enters twice or otherwise than as weights or a bias. */
export const ggnDiagonal = (problem: Problem, theta: Vector): Vector => {
  const { output, loss, parameters } = problem;
  const rest = output.shape.slice(1);
  const axes = rest.map((_, i) => i + 1);
  const outputs = sampleLength(rest.map(Number));
  // what output k adds
  const termOf = (k: Scalar): Vector => {
    const unit = primitives.broadcastTo(primitives.reshape(equal(iota(outputs), k), rest), output.shape, axes);
    const [curved = unit] = hessianVectorProduct(loss(output), [output], [unit]);
    const pieces = parameters.entries.map((entry) => diagonalOf(problem, entry, unit, curved));
    return typed(bound(problem, theta, flattenParameters(parameters, pieces)));
  };
  const { diagonal } = iterate({
    initial: { output: constant(0), diagonal: typed<[number]>(primitives.zeros([parameters.length])) },
    step: (at) => ({ output: add(at.output, 1), diagonal: add(at.diagonal, termOf(at.output)) }),
    proceed: (at) => less(at.output, outputs),
  });
  return diagonal;
};
