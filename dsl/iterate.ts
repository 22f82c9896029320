/** Loops with an early exit, as expressions. */

import { nameError } from './error.js';
import { freshVariable, invalid, make, typedRecord } from './expr.js';
import { zip } from './internal.js';
import type { Expr } from './node.js';

/** A loop over named variables. */
export interface Loop<V extends Readonly<Record<string, Expr>>> {
  /** Where the variables start. */
  readonly initial: V;
  /** The variables after one more round; shapes stay. */
  readonly step: (variables: V) => NoInfer<V>;
  /** A scalar over the variables: another round is run while it is not 0. It must become 0 at last: bound it by a counter. */
  readonly proceed: (variables: V) => Expr<[]>;
}

/** The final values of the variables of a loop. */
export const iterate = <V extends Readonly<Record<string, Expr>>>({ initial, step, proceed }: Loop<V>): V => {
  const names = Object.keys(initial);
  const starts = Object.values<Expr>(initial);
  const variables = zip(names, starts, 'iterate').map(([name, { shape }]) => freshVariable(name, shape));
  const bound = typedRecord(initial, variables);
  const next: Readonly<Record<string, Expr>> = step(bound);
  const loop = make({
    op: 'iterate',
    variables,
    initial: starts,
    next: names.map((name) => next[name] ?? invalid(nameError('iterate', `a next value of ${name}`, 'none'))),
    proceed: proceed(bound),
  });
  return typedRecord(
    initial,
    names.map((_, index) => (loop.node.op === 'invalid' ? loop : make({ op: 'result', iterate: loop, index }))),
  );
};
