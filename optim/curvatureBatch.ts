/**
 * The curvature on fewer samples than the gradient (Byrd, Chin, Neveitt & Nocedal 2011): the same expressions over
 * leaves and a dimension of their own.
 */
import {
  type Expr,
  fold,
  freshVariable,
  input,
  make,
  type Node,
  rebuild,
  type Shape,
  substitute,
  typed,
} from '../dsl/index.js';
import type { LinearMap } from './cg.js';
import { sampleLength } from './dataset.js';
import type { Batch } from './optimizer.js';
import type { Problem } from './problem.js';

/** The dimension that counts the samples of the curvature. */
export const curvatureDimension = 'curvatureBatch';

/** The leaves of the samples and of the targets of the curvature, [curvatureBatch, …]. */
export const curvatureLeaves = (problem: Problem): { readonly input: Expr; readonly target: Expr } => ({
  input: input('curvatureInputs', [curvatureDimension, ...problem.input.shape.slice(1)]),
  target: input('curvatureTargets', [curvatureDimension, ...problem.target.shape.slice(1)]),
});

/** The node with another name for a dimension. */
const renamed = (node: Node, from: string, to: string): Node => {
  const shapeOf = (shape: Shape): Shape => shape.map((dim) => (dim === from ? to : dim));
  switch (node.op) {
    case 'size':
      return { ...node, dim: node.dim === from ? to : node.dim };
    case 'iota':
      return { ...node, dim: node.dim === from ? to : node.dim };
    case 'input':
    case 'broadcast':
    case 'reshape':
    case 'windowAdjoint':
      return { ...node, shape: shapeOf(node.shape) };
    default:
      return node;
  }
};

/** An expression over the batch, over the samples of the curvature. */
export const onCurvatureBatch = (problem: Problem, root: Expr): Expr => {
  const leaves = curvatureLeaves(problem);
  const table = new Map([
    [problem.input, leaves.input],
    [problem.target, leaves.target],
  ]);
  const results = fold<Expr>(
    [root],
    (expr, operands) =>
      table.get(expr) ?? make(renamed(rebuild(expr.node, operands), problem.batch, curvatureDimension)),
  );
  return results.get(root) ?? root;
};

/** A curvature over the batch, over the samples of the curvature; what it is applied to stays over the batch. */
export const curvatureOnItsBatch = (problem: Problem, curvature: LinearMap): LinearMap => {
  const variable = freshVariable('direction', [problem.parameters.length]);
  const product = onCurvatureBatch(problem, curvature(typed(variable)));
  return (vector) => typed(substitute([product], new Map([[variable, vector]]))[0] ?? product);
};

/** How many samples the curvature has in a batch. */
export const curvatureCount = (samples: number, count: number): number => Math.min(samples, count);

/** The first `samples` of a batch (all, if it has fewer), by the names of the curvature's leaves. */
export const curvatureInputs = (
  problem: Problem,
  samples: number,
  { count, inputs, targets }: Batch,
): Readonly<Record<string, Float32Array>> => {
  const rows = curvatureCount(samples, count);
  const lengthOf = ({ shape }: Expr): number => rows * sampleLength(shape.slice(1).map(Number));
  return {
    curvatureInputs: inputs.subarray(0, lengthOf(problem.input)),
    curvatureTargets: targets.subarray(0, lengthOf(problem.target)),
  };
};
