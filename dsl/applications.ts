/**
 * Which layer made the parameters of an expression, and on what: so that two layers that were given one name by
 * accident can be told from one that is shared. Parameters are leaves by name (equal names and shapes are one object),
 * and a leaf cannot know who asked for it.
 */
import { isExpr, postorder } from './expr.js';
import { strange } from './given.js';
import type { Expr } from './node.js';
import { operandsOf } from './structure.js';

/** A layer, applied. */
export interface Application {
  /** For example `dense 1`. */
  readonly layer: string;
  readonly input: Expr;
  /** The leaves that it made. */
  readonly parameters: readonly Expr[];
  /** What it computes of them before its activation. */
  readonly linear: Expr;
}

// By the value of the layer. State, but the same layer on the same input computes the same expression and has the same
// entry, whatever was built before. Weak, as expressions are. Whoever writes the formula of a layer by hand, where the
// layer itself has been built as well, has built that layer.
const applications = new WeakMap<Expr, Application>();

/** The value of a layer, its activation included, remembered as such. */
export const applied = (application: Application, activation: (linear: Expr) => Expr): Expr => {
  const { layer, linear } = application;
  const value: unknown = typeof activation === 'function' ? activation(linear) : activation;
  if (!isExpr(value)) return strange(layer, 'an activation, a function that gives an expression', value);
  if (value.node.op !== 'invalid') applications.set(value, application);
  return value;
};

/**
 * The layers that an expression is made of. A layer without an activation computes what one with an activation does
 * before it: there it counts only where something else reads that, too.
 */
export const applicationsIn = (roots: readonly Expr[]): readonly Application[] => {
  const order = postorder(roots);
  const found = order.flatMap((value) => {
    const application = applications.get(value);
    return application === undefined ? [] : [{ value, application }];
  });
  return found
    .filter(({ value, application: { linear } }) => {
      const activated = found.filter((other) => other.application.linear === linear && other.value !== linear);
      if (value !== linear || activated.length === 0 || roots.includes(linear)) return true;
      const reads = ({ node }: Expr): boolean => operandsOf(node).includes(linear);
      const inside = new Set(activated.flatMap((other) => postorder([other.value], (e) => e === linear).filter(reads)));
      return order.some((expr) => reads(expr) && !inside.has(expr));
    })
    .map(({ application }) => application);
};
