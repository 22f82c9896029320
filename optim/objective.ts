/** What the loss of a problem says of its targets: their likelihood, which are legal, and what a prediction is. */
import * as E from 'fp-ts/lib/Either.js';
import {
  argmax,
  type DslError,
  type Expr,
  equal,
  type Likelihood,
  type Loss,
  less,
  mean,
  meanSquaredError,
  misfit,
  nameError,
  type Prediction,
  postorder,
  type Response,
  sameShape,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  typed,
} from '../dsl/index.js';
import { internal } from '../dsl/internal.js';
import type { Scalar } from './cg.js';

/** What is known of an objective. */
export interface Objective {
  /** p(y | z), where the loss is a mean over samples of −c ln p, up to a constant; absent where the loss does not say. */
  readonly likelihood?: Likelihood;
  /** What the targets are, and what predicts them; absent where the loss does not say. */
  readonly response?: Response;
}

/** The losses of the library, those that demand most of their targets first. */
const library: readonly (Loss & { readonly likelihood: Likelihood })[] = [
  softmaxCrossEntropy,
  sigmoidCrossEntropy,
  meanSquaredError,
];

/**
 * The objective of a loss whose value at the output is `value`. A loss that carries a likelihood has that one. One that
 * does not may still be made of a loss of the library, as `(z, y) => softmaxCrossEntropy(z, y)` is: equal expressions are
 * one object, so that it is found in the value. The whole of it, it has the likelihood, too; a part of it, as beside a
 * regulariser or times a weight, it says what the targets are, but not how the whole relates to −ln p.
 */
export const objectiveOf = (
  { likelihood }: Pick<Loss, 'likelihood'>,
  output: Expr,
  target: Expr,
  value: Expr,
): Objective => {
  if (likelihood !== undefined) return { likelihood, response: likelihood };
  const below = new Set(postorder([value], (expr) => expr === output));
  const known = library.map((loss) => ({ likelihood: loss.likelihood, expr: loss(output, target) }));
  const part = known.find(({ expr }) => expr.node.op !== 'invalid' && below.has(expr));
  if (part === undefined) return {};
  return { response: part.likelihood, ...(part.expr === value ? { likelihood: part.likelihood } : {}) };
};

/** Is z [batch, …, classes] for targets [batch, …]? */
const isLabelled = (output: Expr, target: Expr): boolean =>
  output.shape.length >= 2 && sameShape(output.shape.slice(0, -1), target.shape);

/** What a hit is, and which shapes of z and y it needs. */
interface HitRule {
  readonly fits: (output: Expr, target: Expr) => boolean;
  readonly expected: string;
  /** 1 where the prediction is the target, else 0. */
  readonly hits: (output: Expr, target: Expr) => Expr;
}

const hitRules: { readonly [P in Exclude<Prediction['_tag'], 'None'>]: HitRule } = {
  LargestOutput: {
    fits: isLabelled,
    expected: 'outputs [batch, …, classes] and targets [batch, …] to count hits of',
    hits: (output, target) => equal(argmax(output, output.shape.length - 1), target),
  },
  Sign: {
    fits: (output, target) => sameShape(output.shape, target.shape),
    expected: 'outputs and targets of one shape to count hits of',
    hits: (output, target) => equal(less(0, output), less(0.5, target)),
  },
};

/** The share of hits among predictions: outputs and their targets, as the response says, give a scalar. */
export type Accuracy = (output: Expr, target: Expr) => Scalar;

/**
 * The response that accuracy is counted by. Left: where it has no meaning. A loss that says nothing of its targets leaves
 * one reading where z has an axis more than they: that of labels.
 */
export const countedResponse = (
  name: string,
  { response, likelihood }: Objective,
  output: Expr,
  target: Expr,
): E.Either<DslError, Response> => {
  const refuse = (expected: string) => E.left(nameError(`${name}: metric`, expected, 'accuracy'));
  if (response === undefined)
    return isLabelled(output, target) && output.shape.at(-1) !== 1
      ? E.right({ targets: { _tag: 'Labels' }, prediction: { _tag: 'LargestOutput' } })
      : refuse(
          'loss, as the loss does not say what its targets are: take one of the library, or withLikelihood(loss, likelihoods.bernoulli)',
        );
  const { prediction } = response;
  if (prediction._tag === 'None')
    return refuse(
      `loss, as no share of hits can be counted of targets that are numbers${likelihood === undefined ? '' : ` (${likelihood.name} likelihood)`}`,
    );
  const { fits, expected } = hitRules[prediction._tag];
  return fits(output, target)
    ? E.right(response)
    : E.left(misfit(`${name}: metric accuracy`, expected, output, target));
};

/** The accuracy of a problem that `countedResponse` allows it of. */
export const accuracyOf = ({ response }: Objective): Accuracy => {
  const kind = response?.prediction._tag ?? 'None';
  return kind === 'None'
    ? internal('accuracyOf', 'an accuracy of what has none')
    : (output, target) => typed(mean(hitRules[kind].hits(output, target)));
};
