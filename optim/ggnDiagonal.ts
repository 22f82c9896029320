/**
 * The exact diagonal of the generalized Gauss-Newton matrix. With the samples' Jacobians Jᵢ and output Hessians Hᵢ and
 * the unit vectors e_k of the outputs, diag(Σ JᵢᵀHᵢJᵢ) = Σᵢ Σ_k (Jᵢᵀe_k) ⊙ (JᵢᵀHᵢe_k): per output two backward passes
 * to where a parameter enters, and there products of what every sample gives, instead of sums over samples. For a
 * dense layer a sample gives an outer product a ⊗ δ, so that the sum over samples is (a²)ᵀ(δ ⊙ δ′) and stays a
 * matrix product. Where a parameter enters more than once, what a sample gives is the sum over the places, which is
 * formed: [batch, parameter]. The loop over the outputs runs on the target.
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
  operandsOf,
  type ParameterEntry,
  postorder,
  primitives,
  type Shape,
  square,
  typed,
  unsupportedError,
} from '../dsl/index.js';
import { at, only } from '../dsl/internal.js';
import type { Scalar, Vector } from './cg.js';
import { coupledLoss, coupledOutput, couplingError } from './coupling.js';
import { bound } from './curvature.js';
import { sampleLength } from './dataset.js';
import type { Problem } from './problem.js';

/** Where a parameter enters a network: a node over it, or over a rearrangement or a part of its elements. */
interface Use {
  /** The parameter, rearranged. */
  readonly view: Expr;
  /** The node that reads it together with other data. */
  readonly consumer: Expr;
  /** Samples' gradients of the view as such of the parameter: [batch, …view] → [batch, …parameter]. */
  readonly restore: (gradients: Expr) => Expr;
}

/** All uses of a parameter, past reshapes, transposes and slices. */
const usesOf = (nodes: readonly Expr[], view: Expr, restore: Use['restore']): readonly Use[] =>
  nodes
    .filter(({ node }) => operandsOf(node).includes(view))
    .flatMap((consumer) => {
      const undone = undo(consumer, view.shape);
      return undone === undefined
        ? [{ view, consumer, restore }]
        : usesOf(nodes, consumer, (gradients) => restore(undone(gradients)));
    });

/** The adjoint of a movement of elements from `shape`, sample by sample; none for another node. */
const undo = ({ node }: Expr, shape: Shape): Use['restore'] | undefined => {
  switch (node.op) {
    case 'reshape':
      return (gradients) => primitives.reshape(gradients, [...gradients.shape.slice(0, 1), ...shape]);
    case 'transpose': {
      const back = shape.map((_, axis) => node.permutation.indexOf(axis) + 1);
      return (gradients) => primitives.transpose(gradients, [0, ...back]);
    }
    case 'slice':
      return (gradients) => primitives.pad(gradients, node.axis + 1, node.start, Number(shape[node.axis]) - node.stop);
    default:
      return undefined;
  }
};

/** How the samples' gradients of a view follow from a cotangent [batch, …] of its consumer. */
interface Rule {
  /** Each sample's: [batch, …view]. */
  readonly perSample: (cotangent: Expr) => Expr;
  /** Σ over samples of the products of those of two cotangents, [view], where they need not be formed for it. */
  readonly sumOfProducts?: (first: Expr, second: Expr) => Expr;
}

/** Σ over the first axis of a ⊙ b. */
const sumOfProducts = (a: Expr, b: Expr): Expr => primitives.reduce('sum', primitives.map('mul', a, b), [0]);

/** A bias: repeated along the batch (and along positions, over which a sample's gradient is a sum). */
const ofBroadcast = (axes: readonly number[], rank: number): Rule => {
  const positions = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis > 0 && !axes.includes(axis));
  return { perSample: (cotangent) => primitives.reduce('sum', cotangent, positions) };
};

/** Weights, contracted with data of labels `dataLabels`; `batch` is the label of the samples. */
const ofContract = (
  data: Expr,
  dataLabels: readonly number[],
  viewLabels: readonly number[],
  output: readonly number[],
  batch: number,
): Rule => {
  const summed = new Set([...dataLabels, ...output].filter((label) => !viewLabels.includes(label)));
  const perSample = (cotangent: Expr): Expr =>
    primitives.contract(data, dataLabels, cotangent, output, [batch, ...viewLabels]);
  if (summed.size > 1) return { perSample };
  // only the samples are summed over: the gradient of each is an outer product
  return {
    perSample,
    sumOfProducts: (first, second) =>
      primitives.contract(square(data), dataLabels, primitives.map('mul', first, second), output, viewLabels),
  };
};

/** The rule of a use; none for a use of another kind. */
const ruleOf = (batch: string, { view, consumer: { node, shape } }: Use): Rule | undefined => {
  if (shape[0] !== batch) return undefined;
  if (node.op === 'broadcast') return node.axes.includes(0) ? undefined : ofBroadcast(node.axes, shape.length);
  if (node.op !== 'contract' || node.left === node.right) return undefined;
  const { left, right, leftLabels, rightLabels, output } = node;
  const [data, dataLabels, viewLabels] =
    right === view ? [left, leftLabels, rightLabels] : [right, rightLabels, leftLabels];
  const label = at(output, 0, 'the samples of a contraction');
  return viewLabels.includes(label) ? undefined : ofContract(data, dataLabels, viewLabels, output, label);
};

const refused = (name: string): Expr =>
  invalid(
    unsupportedError(
      'preconditioner jacobi',
      'a parameter that enters the network only as weights of data or as a bias; choose preconditioner diagonal or none',
      name,
    ),
  );

/** What one parameter adds for the cotangents e_k and Hᵢe_k of z: an array of its shape. */
const diagonalOf = ({ output, batch }: Problem, entry: ParameterEntry, first: Expr, second: Expr): Expr => {
  const { name, parameter } = entry;
  const places = usesOf(postorder([output]), parameter, (gradients) => gradients).map((use) => ({
    ...use,
    rule: ruleOf(batch, use),
    cotangentOf: (cotangent: Expr): Expr => only(vjp(output, [use.consumer], cotangent), name),
  }));
  const [place, ...others] = places;
  if (others.length === 0 && place?.rule?.sumOfProducts !== undefined) {
    const diagonal = place.rule.sumOfProducts(place.cotangentOf(first), place.cotangentOf(second));
    return place.view === parameter ? diagonal : only(vjp(place.view, [parameter], diagonal), name);
  }
  /** Jᵢᵀ of a cotangent of z for every sample: [batch, …parameter]. */
  const gradients = (cotangent: Expr): Expr =>
    places
      .map(({ rule, cotangentOf, restore }) =>
        rule === undefined ? refused(name) : restore(rule.perSample(cotangentOf(cotangent))),
      )
      .reduce((sum, term) => primitives.map('add', sum, term));
  return place === undefined ? refused(name) : sumOfProducts(gradients(first), gradients(second));
};

/**
 * diag(G) at θ [d]; an `invalid` expression where a parameter enters otherwise than as weights of data or as a bias, or
 * where samples depend on each other, so that G is no sum of what each gives.
 */
export const ggnDiagonal = (problem: Problem, theta: Vector): Vector => {
  const coupled = coupledOutput(problem) ?? coupledLoss(problem);
  if (coupled !== undefined)
    return typed(invalid(couplingError('preconditioner jacobi', coupled, 'choose preconditioner diagonal or none')));
  const { output, loss, parameters } = problem;
  const rest = output.shape.slice(1);
  const axes = rest.map((_, i) => i + 1);
  const outputs = sampleLength(rest.map(Number));
  // what output k adds
  const termOf = (k: Scalar): Vector => {
    const unit = primitives.broadcastTo(primitives.reshape(equal(iota(outputs), k), rest), output.shape, axes);
    const curved = only(hessianVectorProduct(loss(output), [output], [unit]), 'H e_k');
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
