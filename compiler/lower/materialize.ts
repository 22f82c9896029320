/**
 * Fusion, decided: which expressions are kept in a buffer of their own. Everything else is computed inside the kernels
 * of those that use it.
 *
 * - A fold (contraction, reduction, overlap-add) is fused with the pointwise work on its one result (bias, activation,
 *   ⊙ activation derivative), and sums of folds share one accumulator.
 * - Contraction operands are read many times and therefore kept; views of them are not.
 * - Arrays of overlapping windows are not kept if they are put back into an image.
 * - What else has several users, or users in a later stage or inside a loop, is kept if recomputing it costs more than
 *   reading it.
 */
import type { Expr, NodeOf } from '../../dsl/node.js';
import { scalarRow } from '../../dsl/scalar.js';
import type { Sizes } from '../../dsl/shape.js';
import { operandsOf } from '../../dsl/structure.js';
import { bindShape } from '../evaluate.js';
import type { Analysis } from './analysis.js';
import { isConstant, isLeafBuffer, isSplit, isView } from './views.js';

// What every target can meet: distinct buffers that one kernel reads, its instructions, and the nesting of expressions
// within it.
const limits = { maxBuffers: 6, maxInstructions: 48, maxDepth: 100 } as const;

// Recomputing up to this many instructions is cheaper than a pass over memory.
const cheapInstructions = 4;

/** What computing an expression inside another kernel would take. */
interface InlineCost {
  readonly instructions: number;
  readonly depth: number;
  readonly buffers: ReadonlySet<Expr>;
  /** `sum`: the value is a sum of folds; `fold`: a fold with more around it, or another kind of fold. */
  readonly fold: 'none' | 'sum' | 'fold';
  readonly transcendental: boolean;
}

const noBuffers: ReadonlySet<Expr> = new Set();
const constantCost: InlineCost = { instructions: 1, depth: 1, buffers: noBuffers, fold: 'none', transcendental: false };
const loadCost = (expr: Expr): InlineCost => ({ ...constantCost, buffers: new Set([expr]) });

const union = (sets: readonly ReadonlySet<Expr>[]): ReadonlySet<Expr> => new Set(sets.flatMap((set) => [...set]));

/** Does it put zeros along the last axis, where vectors are read? A fold wants those stored; other zeros are skipped. */
const padsRows = ({ node, shape }: Expr): boolean => node.op === 'pad' && node.axis === shape.length - 1;

/** The expression under a chain of views, down to a pad of the last axis. */
const baseOf = (expr: Expr): Expr => {
  let base = expr;
  while (isView(base.node) && !padsRows(base)) base = base.node.operand;
  return base;
};

/** Does the left (right) operand of a contraction meet each of its elements more than once? */
const isReused = (node: NodeOf<'contract'>, side: 'left' | 'right'): boolean => {
  const [own, other] = side === 'left' ? [node.leftLabels, node.rightLabels] : [node.rightLabels, node.leftLabels];
  return other.some((label) => !own.includes(label));
};

/** Is every element repeated, so that computing it inside would repeat the work? */
const repeats = (view: Expr): boolean => view.node.op === 'broadcast' || view.node.op === 'window';

/**
 * Pointwise work on overlapping windows that an overlap-add puts back into their image: arrays of patches, many times
 * larger than the image, which are computed inside the overlap-add rather than kept (the winners of a pool).
 */
const patchesOf = (order: readonly Expr[]): ReadonlySet<Expr> => {
  const patches = new Set<Expr>();
  for (const expr of order.toReversed())
    if (expr.node.op === 'windowAdjoint' || patches.has(expr))
      for (const operand of operandsOf(expr.node)) if (operand.node.op === 'map') patches.add(operand);
  return patches;
};

/**
 * The expressions to keep. `roots` have to be kept in any case: outputs of the stages, and what loops carry.
 */
export const materialize = (roots: ReadonlySet<Expr>, analysis: Analysis, sizes: Sizes): ReadonlySet<Expr> => {
  const patches = patchesOf(analysis.order);
  const kept = new Set<Expr>();
  const costs = new Map<Expr, InlineCost>();
  const costOf = (expr: Expr): InlineCost =>
    isConstant(expr)
      ? constantCost
      : kept.has(expr) || isLeafBuffer(expr)
        ? loadCost(expr)
        : (costs.get(expr) ?? constantCost);

  const keep = (expr: Expr): void => {
    if (isConstant(expr) || isLeafBuffer(expr)) return;
    // a view is as good as what it shows
    if (isView(expr.node) && !padsRows(expr)) keep(expr.node.operand);
    else kept.add(expr);
  };
  const keepRoot = (expr: Expr): void => {
    if (isLeafBuffer(expr)) return;
    // a reshape of a buffer is the same buffer
    if (expr.node.op === 'reshape') keepRoot(expr.node.operand);
    else kept.add(expr);
  };

  /** Combines the operands' costs, keeping the dearest operands until the kernel is within its limits. */
  const combine = (operands: readonly Expr[], own: number): InlineCost => {
    const distinct = [...new Set(operands)];
    for (;;) {
      const all = distinct.map(costOf);
      const cost: InlineCost = {
        instructions: own + all.reduce((sum, { instructions }) => sum + instructions, 0),
        depth: 1 + Math.max(0, ...all.map(({ depth }) => depth)),
        buffers: union(all.map(({ buffers }) => buffers)),
        fold: all.some(({ fold }) => fold !== 'none') ? 'fold' : 'none',
        transcendental: all.some(({ transcendental }) => transcendental),
      };
      if (cost.instructions <= limits.maxInstructions && cost.buffers.size <= limits.maxBuffers) return cost;
      const dearest = distinct
        .filter((operand) => costOf(operand).instructions > 1 || costOf(operand).buffers.size > 1)
        .sort((a, b) => costOf(b).instructions - costOf(a).instructions)[0];
      if (dearest === undefined) return cost;
      keep(dearest);
      // a view's own cost is that of what it shows
      if (!kept.has(dearest)) costs.set(dearest, costOf(baseOf(dearest)));
    }
  };

  const mapCost = (node: NodeOf<'map'>): InlineCost => {
    const folds = [...new Set(node.operands)].filter((operand) => costOf(operand).fold !== 'none');
    const sums = node.fn === 'add' && folds.length === 2 && folds.every((operand) => costOf(operand).fold === 'sum');
    if (!sums) for (const operand of folds.slice(1)) keep(operand);
    const cost = combine(node.operands, 1);
    const stillSums = sums && folds.every((operand) => costOf(operand).fold === 'sum');
    return {
      ...cost,
      fold: stillSums ? 'sum' : cost.fold,
      transcendental: cost.transcendental || scalarRow(node.fn).transcendental,
    };
  };

  const viewCost = (expr: Expr, operand: Expr): InlineCost => {
    const cost = costOf(operand);
    const costly = cost.transcendental || cost.instructions > cheapInstructions;
    const merges =
      expr.node.op === 'reshape' && !isSplit(bindShape(operand.shape, sizes), bindShape(expr.shape, sizes));
    if (merges) keepRoot(operand);
    else if (cost.fold !== 'none' || (repeats(expr) && costly) || cost.depth >= limits.maxDepth) keep(operand);
    const own = costOf(operand);
    return { ...own, instructions: own.instructions + (expr.node.op === 'pad' ? 2 : 0), depth: own.depth + 1 };
  };

  const contractCost = (node: NodeOf<'contract'>): InlineCost => {
    for (const side of ['left', 'right'] as const) {
      const base = baseOf(node[side]);
      if (isReused(node, side) || costOf(base).fold !== 'none') keep(base);
      if (padsRows(base)) kept.add(base);
    }
    return { ...combine([node.left, node.right], 2), fold: 'sum', transcendental: false };
  };

  const foldCost = (operand: Expr, sum: boolean): InlineCost => {
    if (costOf(operand).fold !== 'none') keep(operand);
    return { ...combine([operand], 1), fold: sum ? 'sum' : 'fold', transcendental: false };
  };

  const costWithin = (expr: Expr): InlineCost => {
    const { node } = expr;
    if (node.op === 'map') return mapCost(node);
    if (node.op === 'contract') return contractCost(node);
    if (node.op === 'reduce') return foldCost(node.operand, node.kind === 'sum');
    if (node.op === 'windowAdjoint') return foldCost(node.operand, true);
    if (isView(node)) return viewCost(expr, node.operand);
    return constantCost;
  };

  const crosses = (expr: Expr, user: Expr): boolean =>
    analysis.stageOf(user) > analysis.stageOf(expr) || analysis.scopeOf(user) !== analysis.scopeOf(expr);

  for (const expr of analysis.order) {
    if (isLeafBuffer(expr)) continue;
    if (isConstant(expr)) {
      // only for who asks for a buffer; kernels hold constants themselves
      if (roots.has(expr)) kept.add(expr);
      continue;
    }
    if (expr.node.op === 'concat') {
      for (const operand of operandsOf(expr.node)) keepRoot(operand);
      kept.add(expr);
      continue;
    }
    if (expr.node.op === 'iterate') continue;
    const cost = costWithin(expr);
    costs.set(expr, cost);
    if (roots.has(expr)) keepRoot(expr);
    const users = analysis.users(expr);
    if (cost.depth >= limits.maxDepth) keep(expr);
    if (patches.has(expr) && !cost.transcendental) continue;
    const dear = cost.fold !== 'none' || cost.transcendental || cost.instructions > cheapInstructions + 2;
    const dearAcross = dear || cost.instructions > cheapInstructions;
    if ((users.length > 1 && dear) || (dearAcross && users.some((user) => crosses(expr, user)))) keep(expr);
  }
  return kept;
};
