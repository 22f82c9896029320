/**
 * Losses: from predictions of a batch to one number. Convex in their first operand, as the Gauss-Newton product needs.
 * Each carries its likelihood; what a test measures (a metric) is another matter.
 */
import { invalid, mistakeAmong, typed } from './expr.js';
import { mistakeIn } from './given.js';
import { bernoulli, categorical, gaussian, type Likelihood } from './likelihoods.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { broadcastTo, iota, literal, map, reduce } from './primitives.js';
import { logSumExp, mean } from './reductions.js';
import { type Dim, type Shape, sameShape } from './shape.js';
import type { Fits, Labelled, Same } from './types/rule.js';

/** A loss: z and the target of a batch give a scalar, the mean over the samples. */
export interface Loss<Z extends Shape = Shape, Y extends Shape = Shape> {
  (output: Expr<Z>, target: Expr<Y>): Expr<[]>;
  /** The p of which the loss is the mean of −c ln p(y | z), up to a constant; unknown if absent. */
  readonly likelihood?: Likelihood;
}

/**
 * A loss of one's own that says what it is the negative logarithm of: `withLikelihood(loss, likelihoods.categorical)`,
 * where `loss` is the mean over samples of −c ln p(y | z), up to a constant, for some c > 0.
 */
export const withLikelihood = <Z extends Shape, Y extends Shape>(
  loss: (output: Expr<Z>, target: Expr<Y>) => Expr<[]>,
  likelihood: Likelihood,
): Loss<Z, Y> & { readonly likelihood: Likelihood } =>
  Object.assign((output: Expr<Z>, target: Expr<Y>) => loss(output, target), { likelihood });

/** Builds on operands of one shape that carry no mistake. */
const onEqualShapes = (operation: string, a: Expr, b: Expr, build: () => Expr<[]>): Expr<[]> => {
  const bad = mistakeAmong(operation, [a, b]);
  if (bad !== undefined) return typed(bad);
  return sameShape(a.shape, b.shape) ? build() : typed(invalid(misfit(operation, 'equal shapes', a, b)));
};

/**
 * The mean over samples and outputs of (prediction − target)²: −(2/K) ln p of K outputs, up to a constant, with
 * p = N(prediction, 1).
 */
export const meanSquaredError = Object.assign(
  <P extends Shape, T extends Shape>(
    prediction: Expr<P>,
    target: Expr<T> & Fits<Same<'meanSquaredError', P, T, []>>,
  ): Expr<[]> =>
    onEqualShapes('meanSquaredError', prediction, target, () => {
      const residual = map('sub', prediction, target);
      return typed(mean(map('mul', residual, residual)));
    }),
  { likelihood: gaussian(1) },
);

/** 1 where the class of the last axis is the label, else 0: labels [batch, …] give [batch, …, classes]. */
export const oneHot = <S extends Shape, C extends Dim>(labels: Expr<S>, classes: C): Expr<[...S, C]> => {
  const bad = mistakeIn('oneHot', [labels], [[classes]]);
  if (bad !== undefined) return typed(bad);
  const shape = [...labels.shape, classes];
  const along = (expr: Expr, axes: readonly number[]) => broadcastTo(expr, shape, axes);
  return typed(map('equal', along(labels, [...labels.shape.keys()]), along(iota(classes), [labels.shape.length])));
};

/**
 * The mean over the batch, and over positions where there are any, of −ln softmax(z)[label] = ln Σ eᶻ − z[label], for
 * logits z [batch, …, classes] and labels [batch, …] counted from 0: −ln p, or −(1/T) ln p of T positions, p being
 * categorical. Finite for every finite z.
 */
export const softmaxCrossEntropy = Object.assign(
  <Z extends Shape, L extends Shape>(
    logits: Expr<Z>,
    labels: Expr<L> & Fits<Labelled<'softmaxCrossEntropy', Z, L>>,
  ): Expr<[]> => {
    const bad = mistakeAmong('softmaxCrossEntropy', [logits, labels]);
    if (bad !== undefined) return typed(bad);
    const array: Expr = logits;
    const classes = array.shape.at(-1);
    if (array.shape.length < 2 || classes === undefined || !sameShape(labels.shape, array.shape.slice(0, -1)))
      return typed(
        invalid(misfit('softmaxCrossEntropy', 'logits [batch, …, classes] and labels [batch, …]', logits, labels)),
      );
    const chosen = reduce('sum', map('mul', oneHot(labels, classes), array), [array.shape.length - 1]);
    return typed(mean(map('sub', logSumExp(array), chosen)));
  },
  { likelihood: categorical },
);

/**
 * The mean over samples and outputs of ln(1 + eᶻ) − y z, for logits z and targets 0 ≤ y ≤ 1 of one shape: −(1/K) ln p of
 * K outputs, p being Bernoulli with the probabilities σ(z). Written y ln(1 + e⁻ᶻ) + (1 − y) ln(1 + eᶻ): finite for every finite z, and exact to rounding where a prediction
 * is sure and right.
 */
export const sigmoidCrossEntropy = Object.assign(
  <Z extends Shape, Y extends Shape>(
    logits: Expr<Z>,
    targets: Expr<Y> & Fits<Same<'sigmoidCrossEntropy', Z, Y, []>>,
  ): Expr<[]> =>
    onEqualShapes('sigmoidCrossEntropy', logits, targets, () => {
      const ones = map('mul', targets, map('softplus', map('neg', logits)));
      const zeros = map('mul', map('sub', literal(1), targets), map('softplus', logits));
      return typed(mean(map('add', ones, zeros)));
    }),
  { likelihood: bernoulli },
);
