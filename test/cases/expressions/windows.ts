/** Steps that take windows. */
import * as p from '../../../dsl/primitives.js';
import type { Shape } from '../../../dsl/shape.js';
import { type Grow, type Growth, grown, hasLiteralAxis, literalAxes, rank } from './growth.js';

const someWindows = (growth: Growth, shape: Shape) => {
  const axes = literalAxes(shape, 2);
  const chosen = axes.filter(() => growth.choose(2) === 0);
  return (chosen.length > 0 ? chosen : axes.slice(0, 1)).map((axis) => {
    const extent = Number(shape[axis]);
    const size = 1 + growth.choose(Math.min(3, extent));
    const widest = size === 1 ? 2 : Math.max(1, Math.floor((extent - 1) / (size - 1)));
    const dilation = (1 + growth.choose(Math.min(2, widest))) * (growth.choose(4) === 0 ? -1 : 1);
    return { axis, size, stride: 1 + growth.choose(3), dilation };
  });
};

/** The windows of something, along one axis or more. */
export const growWindow: Grow = (growth) => {
  const x = growth.pick((g) => hasLiteralAxis(2)(g) && rank(g) <= 2);
  return hasLiteralAxis(2)(x) ? grown(p.windowed(x.expr, someWindows(growth, x.expr.shape)), x.bound) : x;
};

/** The windows of something, changed, and put back by the adjoint. */
export const growWindowAdjoint: Grow = (growth) => {
  const x = growth.pick((g) => hasLiteralAxis(2)(g) && rank(g) <= 2);
  if (!hasLiteralAxis(2)(x)) return x;
  const windows = someWindows(growth, x.expr.shape);
  const changed = growth.choose(2) === 0 ? p.windowed(x.expr, windows) : p.map('tanh', p.windowed(x.expr, windows));
  const overlaps = windows.reduce((product, { size }) => product * size, 1);
  return grown(p.windowAdjoint(changed, windows, x.expr.shape), Math.max(1, x.bound) * overlaps);
};
