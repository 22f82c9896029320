/** The passes of the compiler on expressions, in their order. Each is a pure function of the outputs taken together. */
import type { Expr } from '../dsl/node.js';
import { dropStopGradient, innerConcatAsPads } from './canonical.js';
import { separateLoops } from './separateLoops.js';
import { type SimplifyRules, simplifyBy, simplifyRules } from './simplify/simplify.js';

/** One pass: expressions to equal expressions. */
export interface Pass {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly purpose: string;
  readonly run: (outputs: readonly Expr[]) => readonly Expr[];
}

/** Every pass, in order, with given rules of simplification. */
export const passesBy = (rules: SimplifyRules) =>
  [
    {
      name: 'dropStopGradient',
      purpose: 'Derivatives have been taken: stopGradient is the identity from here on.',
      run: dropStopGradient,
    },
    {
      name: 'simplify',
      purpose: 'Algebraic identities, constant folding, movement of work to where there are fewer elements.',
      run: simplifyBy(rules),
    },
    {
      name: 'innerConcatAsPads',
      purpose: 'Concatenation along an inner axis becomes a sum of zero-padded arrays.',
      run: innerConcatAsPads,
    },
  ] as const satisfies readonly Pass[];

/** Every pass, in order. */
export const passes = passesBy(simplifyRules);

/** The name of a pass. */
export type PassName = (typeof passes)[number]['name'];

/** The outputs as they were derived, each loop with variables of its own, and after each pass, in order. */
export const runPasses = (
  outputs: readonly Expr[],
  inOrder: typeof passes = passes,
): readonly { readonly pass: PassName | 'derived'; readonly outputs: readonly Expr[] }[] => {
  let current = separateLoops(outputs);
  const trace: { pass: PassName | 'derived'; outputs: readonly Expr[] }[] = [{ pass: 'derived', outputs: current }];
  for (const { name, run } of inOrder) {
    current = run(current);
    trace.push({ pass: name, outputs: current });
  }
  return trace;
};
