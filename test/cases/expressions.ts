/**
 * Random expressions over all primitives, for the laws that hold of every expression: simplification keeps values,
 * targets agree with the oracle. Each is grown from a list of steps, so that fast-check shrinks a failure to few nodes.
 * Values stay bounded and away from points where rounding decides (ties of comparisons, poles).
 */
import fc from 'fast-check';
import type { Expr, Op } from '../../dsl/node.js';
import * as p from '../../dsl/primitives.js';
import { lengthOf } from '../support/evaluation.js';
import { growContract, growReduction } from './expressions/folds.js';
import { expressionInputs, expressionSizes, type Grow, type Grown, type Growth, grown } from './expressions/growth.js';
import { growIterate } from './expressions/loops.js';
import { growBroadcast, growConcat, growPad, growReshape, growSlice, growTranspose } from './expressions/movements.js';
import { growScalar } from './expressions/scalars.js';
import { growWindow, growWindowAdjoint } from './expressions/windows.js';

export { expressionInputs, expressionSizes, expressionValues } from './expressions/growth.js';

// Magnitudes above this are squashed, so that no chain of products overflows.
const tooLarge = 200;
const tamed = ({ expr, bound, leaf }: Grown): Grown =>
  bound > tooLarge ? grown(p.map('tanh', p.map('mul', p.literal(0.125), expr)), 1) : grown(expr, bound, leaf);

const table = <K extends string>(rows: { readonly [key in K]: Grow }): Grow => {
  const steps = Object.values<Grow>(rows);
  return (growth) => steps[growth.choose(steps.length)]?.(growth) ?? growth.pick();
};

const pickLeaf: Grow = ({ pick }) => pick(({ leaf }) => leaf);

/** A step that grows each primitive; a new primitive needs a row. Free leaves other than inputs are not programs. */
const growOp: { readonly [O in Exclude<Op, 'parameter' | 'variable' | 'invalid'>]: Grow } = {
  literal: ({ choose, pick }) => {
    const value = [0, 1, -1, 0.5, -2, 3][choose(6)] ?? 0;
    const like = pick();
    return grown(p.broadcastTo(p.literal(value), like.expr.shape, []), 3);
  },
  size: ({ choose }) => grown(p.size(choose(2) === 0 ? 'batch' : 4), 4),
  iota: ({ choose }) => grown(p.iota(choose(2) === 0 ? 'batch' : 4), 4),
  input: pickLeaf,
  map: table(growScalar),
  contract: growContract,
  reduce: table(growReduction),
  broadcast: growBroadcast,
  transpose: growTranspose,
  reshape: growReshape,
  slice: growSlice,
  pad: growPad,
  concat: growConcat,
  window: growWindow,
  windowAdjoint: growWindowAdjoint,
  stopGradient: ({ pick }) => {
    const x = pick();
    return grown(p.stopGradient(x.expr), x.bound);
  },
  iterate: growIterate,
  result: growIterate,
};

type GrowthOp = keyof typeof growOp;

/** How often each primitive is grown, by repetition; pointwise functions stand for twenty. */
const often: readonly GrowthOp[] = [
  'map',
  'map',
  'map',
  'map',
  'map',
  'map',
  'contract',
  'contract',
  'reduce',
  'reduce',
  'broadcast',
  'transpose',
  'reshape',
  'slice',
  'pad',
  'concat',
  'window',
  'windowAdjoint',
  'stopGradient',
  'literal',
  'size',
  'iota',
  'iterate',
];

interface GrowthStep {
  readonly op: GrowthOp;
  readonly choices: readonly number[];
}

// Choices are used in turn, again and again; picks prefer what grew last, so that graphs become deep.
const growthOf = (pool: readonly Grown[], choices: readonly number[]): Growth => {
  let next = 0;
  const choose = (n: number): number => (n < 1 ? 0 : (choices[next++ % choices.length] ?? 0) % n);
  const pick: Growth['pick'] = (fits = () => true) => {
    const fitting = pool.filter(fits);
    const from = fitting.length > 0 ? fitting : pool;
    const recent = from.slice(-3);
    const list = choose(3) > 0 ? recent : from;
    return list[choose(list.length)] ?? grown(p.literal(1), 1);
  };
  return { choose, pick };
};

// arrays stay small
const isSmall = ({ expr }: Grown): boolean => lengthOf(expr.shape, expressionSizes) <= 400 && expr.shape.length <= 4;

/** Random expressions: a few outputs over one graph, of about as many nodes as there are steps. */
export const expressions = (maxSteps = 25): fc.Arbitrary<readonly Expr[]> =>
  fc
    .array(
      fc.record<GrowthStep>({
        op: fc.constantFrom(...often),
        choices: fc.array(fc.nat({ max: 1000 }), { minLength: 8, maxLength: 8 }),
      }),
      { minLength: 1, maxLength: maxSteps, size: 'max' },
    )
    .map((steps) => {
      const pool = expressionInputs.map((expr) => grown(expr, 1.5, true));
      for (const { op, choices } of steps) {
        const step = tamed(growOp[op](growthOf(pool, choices)));
        if (isSmall(step)) pool.push(step);
      }
      return pool.slice(-3).map(({ expr }) => expr);
    });
