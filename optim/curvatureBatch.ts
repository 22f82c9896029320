/**
 * The curvature on other samples than the gradient (Byrd, Chin, Neveitt & Nocedal 2011), some of the batch or drawn
 * apart from it: the same expressions over leaves and a dimension of their own.
 */
import * as E from 'fp-ts/lib/Either.js';
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
import { lookup, only } from '../dsl/internal.js';
import { batchInputs } from './batch.js';
import type { LinearMap } from './cg.js';
import { sampleLength } from './dataset.js';
import type { SgnHyperparameters } from './hyperparameters.js';
import type { Batch, OptimizerError, Samples } from './optimizer.js';
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

/** Expressions over the batch, over the samples of the curvature. */
export const onCurvatureBatch = (problem: Problem, roots: readonly Expr[]): readonly Expr[] => {
  const leaves = curvatureLeaves(problem);
  const table = new Map([
    [problem.input, leaves.input],
    [problem.target, leaves.target],
  ]);
  const results = fold<Expr>(
    roots,
    (expr, operands) =>
      table.get(expr) ?? make(renamed(rebuild(expr.node, operands), problem.batch, curvatureDimension)),
  );
  return roots.map((root) => lookup(results, root, 'onCurvatureBatch'));
};

/** A curvature over the batch, over the samples of the curvature; what it is applied to stays over the batch. */
export const curvatureOnItsBatch = (problem: Problem, curvature: LinearMap): LinearMap => {
  const variable = freshVariable('direction', [problem.parameters.length]);
  const product = onCurvatureBatch(problem, [curvature(typed(variable))]);
  return (vector) => typed(only(substitute(product, new Map([[variable, vector]])), 'curvatureOnItsBatch'));
};

type Settings = Pick<SgnHyperparameters, 'curvatureBatch' | 'curvatureSamples'>;

/** Does the curvature see other samples than the gradient? */
export const hasOwnBatch = ({ curvatureBatch, curvatureSamples }: Settings): boolean =>
  curvatureBatch === 'independent' || curvatureSamples > 0;

/** How many samples the curvature sees beside a gradient of `count`. */
export const curvatureCount = ({ curvatureBatch, curvatureSamples }: Settings, count: number): number => {
  if (curvatureSamples === 0) return count;
  return curvatureBatch === 'subset' ? Math.min(curvatureSamples, count) : curvatureSamples;
};

/** The first `rows` of a batch. */
const firstOf = (problem: Problem, rows: number, { inputs, targets }: Batch): Samples => {
  const lengthOf = ({ shape }: Expr): number => rows * sampleLength(shape.slice(1).map(Number));
  return {
    count: rows,
    inputs: inputs.subarray(0, lengthOf(problem.input)),
    targets: targets.subarray(0, lengthOf(problem.target)),
  };
};

/** The samples of the curvature by the names of its leaves; an error if a batch lacks those that must be drawn for it. */
export const curvatureInputs = (
  problem: Problem,
  settings: Settings,
  batch: Batch,
): E.Either<OptimizerError, Readonly<Record<string, Float32Array>>> => {
  if (!hasOwnBatch(settings)) return E.right({});
  const count = curvatureCount(settings, batch.count);
  const samples = settings.curvatureBatch === 'subset' ? firstOf(problem, count, batch) : batch.curvature;
  return samples?.count === count
    ? batchInputs(curvatureLeaves(problem), samples)
    : E.left({
        _tag: 'BatchError',
        expected: `${count} samples drawn for the curvature`,
        actual: samples === undefined ? 'none' : `${samples.count}`,
      });
};
