/** Steps that fold: reductions and einsums. */
import type { Reduction } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import type { Dim, Shape } from '../../../dsl/shape.js';
import { lengthOf } from '../../support/evaluation.js';
import { expressionSizes, type Grow, type Growth, grown, rank, shuffled } from './growth.js';

const someAxes = ({ choose }: Growth, count: number): readonly number[] => {
  const chosen = Array.from({ length: count }, (_, axis) => axis).filter(() => choose(2) === 0);
  return chosen.length > 0 ? chosen : [choose(count)];
};

const countAlong = (shape: Shape, axes: readonly number[]): number =>
  lengthOf(
    axes.map((axis) => shape[axis] ?? 1),
    expressionSizes,
  );

/** A step that folds. */
export const growReduction: { readonly [R in Reduction]: Grow } = {
  sum: (growth) => {
    const x = growth.pick((g) => rank(g) > 0);
    if (rank(x) === 0) return x;
    const axes = someAxes(growth, rank(x));
    return grown(p.reduce('sum', x.expr, axes), x.bound * countAlong(x.expr.shape, axes));
  },
  max: (growth) => {
    const x = growth.pick((g) => rank(g) > 0);
    return rank(x) === 0 ? x : grown(p.reduce('max', x.expr, someAxes(growth, rank(x))), x.bound);
  },
  argmax: (growth) => {
    const x = growth.pick((g) => rank(g) > 0 && g.leaf);
    if (rank(x) === 0) return x;
    const axes = someAxes(growth, rank(x));
    return grown(p.reduce('argmax', x.expr, axes), countAlong(x.expr.shape, axes));
  },
};

/** An einsum that matches equal dimensions of two operands at random and sums some of what is shared. */
export const growContract: Grow = (growth) => {
  const [left, right] = [growth.pick(), growth.pick()];
  const leftLabels = left.expr.shape.map((_, axis) => axis);
  const free = new Set(leftLabels);
  const rightLabels = right.expr.shape.map((dim, axis) => {
    const partner = [...free].find((label) => left.expr.shape[label] === dim && growth.choose(4) > 0);
    if (partner === undefined) return 10 + axis;
    free.delete(partner);
    return partner;
  });
  const labels = [...new Set([...leftLabels, ...rightLabels])];
  const dimOf = (label: number): Dim =>
    (leftLabels.includes(label) ? left.expr.shape[label] : right.expr.shape[rightLabels.indexOf(label)]) ?? 1;
  const kept = labels.filter(() => growth.choose(5) > 1).slice(0, 3);
  const output = shuffled(growth, kept.length).flatMap((i) => kept[i] ?? []);
  const summed = labels.filter((label) => !kept.includes(label)).map(dimOf);
  return grown(
    p.contract(left.expr, leftLabels, right.expr, rightLabels, output),
    left.bound * right.bound * lengthOf(summed, expressionSizes),
  );
};
