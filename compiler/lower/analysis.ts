/**
 * What lowering knows of each expression before it makes kernels: the stage in which it can be computed, the loops
 * whose variables it depends on, and who uses it.
 */

import { postorder } from '../../dsl/expr.js';
import { lookup } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import { operandsOf } from '../../dsl/structure.js';

/** The innermost loop that an expression has to be computed in, and that loop's own place; `undefined` outside. */
export type Scope = Expr | undefined;

/** Facts by expression. */
export interface Analysis {
  /** Every expression below the outputs, operands first. */
  readonly order: readonly Expr[];
  /** Is it below the outputs? Of all others nothing is known. */
  readonly has: (expr: Expr) => boolean;
  /** The earliest stage (position) in which everything it depends on is known. */
  readonly stageOf: (expr: Expr) => number;
  /** The innermost loop whose variables it depends on. */
  readonly scopeOf: (expr: Expr) => Scope;
  /** On how many loops' variables it depends. */
  readonly loopDepth: (expr: Expr) => number;
  /** The scope around a loop. */
  readonly outerScope: (loop: Expr) => Scope;
  /** Expressions that have it as an operand, each once. */
  readonly users: (expr: Expr) => readonly Expr[];
}

const analyzeUsers = (order: readonly Expr[]): ReadonlyMap<Expr, readonly Expr[]> => {
  const users = new Map<Expr, Expr[]>();
  for (const expr of order)
    for (const operand of new Set(operandsOf(expr.node))) {
      const list = users.get(operand);
      if (list === undefined) users.set(operand, [expr]);
      else list.push(expr);
    }
  return users;
};

/** The stage of an expression, from the one that introduces it (0 unless it is an input) and those of its operands. */
export type StageRule = (own: number, operands: readonly number[]) => number;

/** The earliest stage in which everything is known. */
export const earliestStage: StageRule = (own, operands) => Math.max(own, ...operands);

const analyzeStages = (
  order: readonly Expr[],
  inputStage: (input: Expr) => number,
  stageRule: StageRule,
): ReadonlyMap<Expr, number> => {
  const stages = new Map<Expr, number>();
  const loops = order.flatMap((expr) => (expr.node.op === 'iterate' ? [{ loop: expr, node: expr.node }] : []));
  const settle = (): boolean => {
    let changed = false;
    const raise = (expr: Expr, stage: number): void => {
      const known = stages.get(expr);
      if (known !== undefined && stage <= known) return;
      stages.set(expr, stage);
      changed = true;
    };
    for (const expr of order) {
      const own = expr.node.op === 'input' ? inputStage(expr) : 0;
      const known = operandsOf(expr.node).map((operand) => lookup(stages, operand, 'analyzeStages'));
      raise(expr, stageRule(own, known));
    }
    // a loop's variables live in the loop's stage, and so does all that depends on them
    for (const { loop, node } of loops)
      for (const variable of node.variables) raise(variable, lookup(stages, loop, 'analyzeStages'));
    return changed;
  };
  while (settle() && loops.length > 0);
  return stages;
};

const none: ReadonlySet<Expr> = new Set();

/** For every expression, the loops whose variables it depends on. */
const analyzeLoops = (order: readonly Expr[]): ReadonlyMap<Expr, ReadonlySet<Expr>> => {
  const loopOfVariable = new Map<Expr, Expr>();
  for (const expr of order)
    if (expr.node.op === 'iterate') for (const variable of expr.node.variables) loopOfVariable.set(variable, expr);
  const loops = new Map<Expr, ReadonlySet<Expr>>();
  for (const expr of order) {
    const own = loopOfVariable.get(expr);
    const inherited = operandsOf(expr.node).map((operand) => lookup(loops, operand, 'analyzeLoops'));
    const [first] = inherited;
    const union =
      first === undefined
        ? none
        : inherited.every((set) => set === first)
          ? first
          : new Set(inherited.flatMap((set) => [...set]));
    if (own !== undefined) loops.set(expr, new Set([own]));
    else if (expr.node.op === 'iterate') loops.set(expr, new Set([...union].filter((loop) => loop !== expr)));
    else loops.set(expr, union);
  }
  return loops;
};

/** Analyses the outputs of a staged program; `inputStage` tells which stage introduces an input. */
export const analyze = (
  outputs: readonly Expr[],
  inputStage: (input: Expr) => number,
  stageRule: StageRule = earliestStage,
): Analysis => {
  const order = postorder(outputs);
  const users = analyzeUsers(order);
  const stages = analyzeStages(order, inputStage, stageRule);
  const loops = analyzeLoops(order);
  const loopsOf = (expr: Expr): ReadonlySet<Expr> => lookup(loops, expr, 'loops of an expression');
  const innermost = (candidates: ReadonlySet<Expr>): Scope => {
    let best: Scope;
    // a loop inside another depends on the other's variables
    for (const loop of candidates) if (best === undefined || loopsOf(loop).has(best)) best = loop;
    return best;
  };
  return {
    order,
    has: (expr) => stages.has(expr),
    stageOf: (expr) => lookup(stages, expr, 'stage of an expression'),
    scopeOf: (expr) => innermost(loopsOf(expr)),
    loopDepth: (expr) => loopsOf(expr).size,
    outerScope: (loop) => innermost(loopsOf(loop)),
    // an output may have none
    users: (expr) => users.get(expr) ?? [],
  };
};
