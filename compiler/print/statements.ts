/**
 * Statements: an expression graph as a list of named definitions. What carries a name, is an output, or is used more
 * than once and worth a line gets one; everything else is written inside the statements that use it.
 */

import { postorder } from '../../dsl/expr.js';
import { lookup } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import { operandsOf } from '../../dsl/structure.js';
import { totalOf } from '../../dsl/tally.js';
import { type Name, type Style, showName } from './name.js';
import { distinctNames, isConstant, type Names, showsLeaf, viewed } from './names.js';
import { writeNode } from './notation.js';
import { atom, type Piece } from './scalars.js';

/** One definition. */
export interface Statement {
  readonly expr: Expr;
  readonly name: Name;
}

/** A graph as statements, with the names of everything that a statement may mention. */
export interface Statements {
  readonly list: readonly Statement[];
  readonly names: Names;
}

/** What a graph is written with. */
export interface NamedGraph {
  /** The outputs with their names. */
  readonly outputs: readonly Statement[];
  /** Names of leaves and of views, of leaves or of what a statement defines: never defined by a statement themselves. */
  readonly given: Names;
  /** Names of values. */
  readonly names: Names;
}

// Operations written into one line at most.
const longestLine = 9;

// Names of values that have none, by what made them.
const temporaryBases: Readonly<Record<string, string>> = {
  exp: 'e',
  sum: 's',
  max: 'm',
  log: 'l',
  argmax: 'i',
  contract: 'c',
  iterate: 'loop',
};

const baseFor = ({ node }: Expr): string => {
  const made = node.op === 'map' ? node.fn : node.op === 'reduce' ? node.kind : node.op;
  return temporaryBases[made] ?? 't';
};

/** How often a value is used, with uses of its views counted as its own unless they have a name. */
const useCounts = (order: readonly Expr[], names: Names): ReadonlyMap<Expr, number> => {
  const counts = new Map<Expr, number>();
  for (const expr of order.toReversed()) {
    const weight = viewed(expr) === undefined || names.has(expr) ? 1 : Math.max(1, totalOf(counts, expr));
    for (const operand of new Set(operandsOf(expr.node))) counts.set(operand, totalOf(counts, operand) + weight);
  }
  return counts;
};

/** Lists the statements of a graph, definitions before their uses. */
export const statementsOf = ({ outputs, given, names }: NamedGraph): Statements => {
  const order = postorder(
    outputs.map(({ expr }) => expr),
    (expr) => given.has(expr) && showsLeaf(expr),
  );
  const uses = useCounts(order, names);
  const sizes = new Map<Expr, number>();
  const chosen = new Map<Expr, Name>();
  const counters = new Map<string, number>();
  const temporary = (expr: Expr): Name => {
    const base = baseFor(expr);
    const count = totalOf(counters, base) + 1;
    counters.set(base, count);
    return { base, index: String(count), accent: 'none' };
  };
  const rootName = new Map(outputs.map(({ expr, name }) => [expr, name]));
  for (const expr of order) {
    const { op } = expr.node;
    const leaf = given.has(expr) || op === 'input' || op === 'parameter' || op === 'variable' || isConstant(expr);
    // what a given name stands for is not written, and was not entered
    if (leaf) {
      sizes.set(expr, 0);
      continue;
    }
    const inner = operandsOf(expr.node).reduce(
      (sum, operand) => sum + (chosen.has(operand) ? 0 : lookup(sizes, operand, 'statementsOf')),
      0,
    );
    const view = viewed(expr) !== undefined;
    sizes.set(expr, inner + (view ? 0 : 1));
    const known = names.get(expr);
    const output = rootName.get(expr);
    const worthLine = !view && (totalOf(uses, expr) > 1 || inner >= longestLine || op === 'iterate');
    // cotangents of activations have a name where they need one
    if (known !== undefined && (known.accent !== 'bar' || worthLine)) chosen.set(expr, known);
    else if (output !== undefined) chosen.set(expr, output);
    else if (worthLine) chosen.set(expr, temporary(expr));
  }
  const distinct = distinctNames(chosen);
  return { list: [...distinct].map(([expr, name]) => ({ expr, name })), names: new Map([...given, ...distinct]) };
};

/** Writes expressions with names standing for what has one. */
export const writer = (
  names: Names,
  style: Style,
): { readonly use: (expr: Expr) => Piece; readonly define: (expr: Expr) => Piece } => {
  const pieces = new Map<Expr, Piece>();
  const use = (expr: Expr): Piece => {
    const name = names.get(expr);
    return name === undefined ? define(expr) : atom(showName(name, style));
  };
  const define = (expr: Expr): Piece => {
    const known = pieces.get(expr);
    if (known !== undefined) return known;
    // bottom-up, so that a deep expression needs no deep stack
    for (const inner of postorder([expr], (e) => e !== expr && names.has(e)))
      if (!pieces.has(inner) && !(inner !== expr && names.has(inner)))
        pieces.set(
          inner,
          writeNode(inner, style, written, (e) => names.has(e)),
        );
    return lookup(pieces, expr, 'writer');
  };
  const written = (operand: Expr): Piece => {
    const name = names.get(operand);
    return name === undefined ? lookup(pieces, operand, 'writer') : atom(showName(name, style));
  };
  return { use, define };
};
