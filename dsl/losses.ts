/** Losses: from predictions of a batch to one number. Convex in their first operand, as the Gauss-Newton product needs. */
import { invalid, typed } from './expr.js';
import { misfit } from './misfit.js';
import type { Expr } from './node.js';
import { broadcastTo, iota, map, reduce } from './primitives.js';
import { logSumExp, mean } from './reductions.js';
import { type Dim, type Shape, sameShape } from './shape.js';
import type { Fits, Labelled, Same } from './types/rule.js';

/** The mean over samples and outputs of (prediction − target)². */
export const meanSquaredError = <P extends Shape, T extends Shape>(
  prediction: Expr<P>,
  target: Expr<T> & Fits<Same<'meanSquaredError', P, T, []>>,
): Expr<[]> => {
  const bad = [prediction, target].find(({ node }) => node.op === 'invalid');
  if (bad !== undefined) return typed(bad);
  if (!sameShape(prediction.shape, target.shape))
    return typed(invalid(misfit('meanSquaredError', 'equal shapes', prediction, target)));
  const residual = map('sub', prediction, target);
  return typed(mean(map('mul', residual, residual)));
};

/** 1 where the class of the last axis is the label, else 0: labels [batch] give [batch, classes]. */
export const oneHot = <B extends Dim, C extends Dim>(labels: Expr<[B]>, classes: C): Expr<[B, C]> => {
  const shape = [...labels.shape, classes];
  const along = (expr: Expr, axis: number) => broadcastTo(expr, shape, [axis]);
  return typed(map('equal', along(labels, 0), along(iota(classes), 1)));
};

/**
 * The mean over the batch of −ln softmax(z)[label] = ln Σ eᶻ − z[label], for logits z [batch, classes] and labels
 * [batch] counted from 0. Finite for every finite z.
 */
export const softmaxCrossEntropy = <Z extends Shape, L extends Shape>(
  logits: Expr<Z>,
  labels: Expr<L> & Fits<Labelled<'softmaxCrossEntropy', Z, L>>,
): Expr<[]> => {
  const bad = [logits, labels].find(({ node }) => node.op === 'invalid');
  if (bad !== undefined) return typed(bad);
  const [batch, classes] = logits.shape;
  if (logits.shape.length !== 2 || batch === undefined || classes === undefined || !sameShape(labels.shape, [batch]))
    return typed(invalid(misfit('softmaxCrossEntropy', 'logits [batch, classes] and labels [batch]', logits, labels)));
  const matrix: Expr = logits;
  const chosen = reduce('sum', map('mul', oneHot(typed(labels), classes), matrix), [1]);
  return typed(mean(map('sub', logSumExp(matrix), chosen)));
};
