/**
 * Making and walking expressions. Nodes are hash-consed: `make` returns the one expression of a structure, so common
 * subexpressions are shared without a search, and a walk with a memo visits each distinct node once. No walk recurses.
 */
import * as E from 'fp-ts/lib/Either.js';
import { type DslError, unsupportedError } from './error.js';
import { htmlExpr } from './html.js';
import type { Expr, Node } from './node.js';
import { showExpr } from './print.js';
import type { Shape } from './shape.js';
import { operandsOf, rebuild, shapeOf } from './structure.js';
import { showValue } from './thrown.js';

// The intern table: the only state of the language. It holds expressions weakly, so that it forgets the unused.
const interned = new Map<string, WeakRef<Expr>>();
const forget = new FinalizationRegistry((key: string) => {
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});
let nextId = 0;

const inspect = Symbol.for('nodejs.util.inspect.custom');
// What Deno's Jupyter kernel asks a value for; Observable shows `htmlExpr` through its `html`.
const notebook = Symbol.for('Jupyter.display');

const prototype = Object.freeze({
  toString(this: Expr): string {
    return showExpr(this);
  },
  [inspect](this: Expr): string {
    return `Expr ${showExpr(this)}`;
  },
  [notebook](this: Expr): Readonly<Record<string, string>> {
    return { 'text/plain': showExpr(this), 'text/html': htmlExpr(this) };
  },
});

// Every expression that `make` made: a value that only looks like one, or one of another copy of the language, is none.
const made = new WeakSet<object>();

/** Is a value an expression of this copy of the language? */
export const isExpr = (value: unknown): value is Expr => typeof value === 'object' && value !== null && made.has(value);

/** The text by which a structure is found again: operands by identity, the fields of records in alphabetical order. */
const keyOf = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  // −0 and 0 are different constants
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (isExpr(value)) return `#${value.id}`;
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${keyOf(field)}`).join()}}`;
};

/** A deeply frozen copy, so that what the caller passed stays the caller's. Expressions are shared. */
const frozenCopy = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || isExpr(value)) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, frozenCopy(field)]);
  const copy = Object.assign(Array.isArray(value) ? [] : {}, value, Object.fromEntries(fields));
  Object.freeze(copy);
  return copy;
};

/**
 * The expression of a node. A node whose shape rule fails becomes an `invalid` expression carrying the error, and an
 * expression over an invalid operand is that operand: mistakes travel as values to where the whole is checked.
 */
export const make = (node: Node): Expr => {
  const bad = mistakeAmong(node.op, operandsOf(node));
  if (bad !== undefined) return bad;
  const key = keyOf(node);
  const known = interned.get(key)?.deref();
  if (known !== undefined) return known;
  const shape = shapeOf(node);
  if (E.isLeft(shape) && node.op !== 'invalid') return make({ op: 'invalid', error: shape.left });
  const fields = { id: nextId++, shape: frozenCopy(E.isRight(shape) ? shape.right : []), node: frozenCopy(node) };
  const expr: Expr = Object.freeze(Object.assign(Object.create(prototype), fields));
  made.add(expr);
  interned.set(key, new WeakRef(expr));
  forget.register(expr, key);
  return expr;
};

/** The first of an operation's operands that carries a mistake; what is no expression is one. */
export const mistakeAmong = (operation: string, operands: readonly unknown[]): Expr | undefined => {
  for (const operand of operands) {
    if (!isExpr(operand)) return invalid(unsupportedError(operation, 'expressions', showValue(operand)));
    if (operand.node.op === 'invalid') return operand;
  }
  return undefined;
};

/** An expression that carries a mistake. */
export const invalid = (error: DslError): Expr => make({ op: 'invalid', error });

/**
 * States the static shape of an expression whose node was built untyped. The one place where a run-time shape and a
 * type meet: callers are the typed operators, which compute `S` and the node from the same operands.
 */
export const typed = <S extends Shape>(expr: Expr): Expr<S> => expr as Expr<S>;

/** The same statement for a record: `like`'s names, in order, with `values` in the places of expressions of equal shapes. */
export const typedRecord = <R extends Readonly<Record<string, Expr>>>(like: R, values: readonly Expr[]): R =>
  Object.fromEntries(Object.keys(like).map((name, i) => [name, values[i]])) as R;

/** The error an expression carries, or the expression. */
export const check = <S extends Shape>(expr: Expr<S>): E.Either<DslError, Expr<S>> =>
  expr.node.op === 'invalid' ? E.left(expr.node.error) : E.right(expr);

/** A new variable, different from every other, for a transformation to bind. */
export const freshVariable = <S extends Shape>(name: string, shape: S): Expr<S> =>
  typed(make({ op: 'variable', name, shape, unique: nextId++ }));

/**
 * Every distinct expression below the roots (`stop` and leaves included), each after its operands.
 * Expressions for which `stop` holds are listed but not entered.
 */
export const postorder = (roots: readonly Expr[], stop: (expr: Expr) => boolean = () => false): readonly Expr[] => {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const stack: { readonly expr: Expr; readonly operands: readonly Expr[]; next: number }[] = [];
  const enter = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    stack.push({ expr, operands: stop(expr) ? [] : operandsOf(expr.node), next: 0 });
  };
  for (const root of roots) {
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const operand = top.operands[top.next++];
      if (operand !== undefined) enter(operand);
      else {
        order.push(top.expr);
        stack.pop();
      }
    }
  }
  return order;
};

/** Folds every distinct expression below the roots, operands first, into a table of results. */
export const fold = <A>(
  roots: readonly Expr[],
  combine: (expr: Expr, operands: readonly A[], of: (expr: Expr) => A | undefined) => A,
): ReadonlyMap<Expr, A> => {
  const results = new Map<Expr, A>();
  for (const expr of postorder(roots)) {
    const operands = operandsOf(expr.node).flatMap((operand) => {
      const result = results.get(operand);
      return result === undefined ? [] : [result];
    });
    results.set(
      expr,
      combine(expr, operands, (e) => results.get(e)),
    );
  }
  return results;
};

/**
 * Rewrites bottom-up: each expression is rebuilt over its rewritten operands and then given to `rule`, whose result
 * stands in its place. An expression of which nothing changes keeps its identity.
 */
export const rewrite = (roots: readonly Expr[], rule: (expr: Expr, original: Expr) => Expr): readonly Expr[] => {
  const results = new Map<Expr, Expr>();
  const of = (expr: Expr): Expr => results.get(expr) ?? expr;
  for (const expr of postorder(roots)) {
    const operands = operandsOf(expr.node);
    const changed = operands.some((operand) => of(operand) !== operand);
    results.set(expr, rule(changed ? make(rebuild(expr.node, operands.map(of))) : expr, expr));
  }
  return roots.map(of);
};

/** Replaces subexpressions: wherever a key of `table` occurs, its value stands in the result. */
export const substitute = (roots: readonly Expr[], table: ReadonlyMap<Expr, Expr>): readonly Expr[] =>
  rewrite(roots, (expr, original) => table.get(original) ?? expr);
