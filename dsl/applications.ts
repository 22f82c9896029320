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

// By the value of the layer; a value has several where an activation is a layer itself. Weak, as expressions are.
//
// This is state. Equal expressions are one object, so that a formula written by hand is that of a layer as soon as the
// layer has been built anywhere in the process: tanh(a) for a = dense(x, 1) counts as a second layer beside what else
// reads a once there was dense(x, 1, tanh), and so is one parameter in two such formulas refused. It errs on the side of
// refusing, and what is refused is right again with another name or `shared: true`.
const applications = new WeakMap<Expr, readonly Application[]>();

/** Is it the same layer on the same input? Then it is one application, however often it was written. */
const isSame = (a: Application, b: Application): boolean =>
  a.layer === b.layer && a.input === b.input && a.linear === b.linear;

/** The value of a layer, its activation included, remembered as such. */
export const applied = (application: Application, activation: (linear: Expr) => Expr): Expr => {
  const { layer, linear } = application;
  const value: unknown = typeof activation === 'function' ? activation(linear) : activation;
  if (!isExpr(value)) return strange(layer, 'an activation, a function that gives an expression', value);
  if (value.node.op === 'invalid') return value;
  const known = applications.get(value) ?? [];
  if (!known.some((other) => isSame(other, application))) applications.set(value, [...known, application]);
  return value;
};

/**
 * The layers that an expression is made of. A layer without an activation computes what one with an activation does
 * before it: there it counts only where something else reads that, too.
 */
export const applicationsIn = (roots: readonly Expr[]): readonly Application[] => {
  const order = postorder(roots);
  const found = order.flatMap((value) =>
    (applications.get(value) ?? []).map((application) => ({ value, application })),
  );
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
