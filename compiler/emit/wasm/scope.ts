/**
 * Loop nests under construction. A scope is the body of one loop (or of a function, or of a condition); code is appended
 * to it, and whatever does not change inside it is hoisted to the scope where it does: index sums become pointers that a
 * loop advances, invariant values are computed once outside. Scopes are the mutable state of one kernel's emission.
 */
import { internal, lookup } from '../../../dsl/internal.js';
import { keyOf, type Linear, loopAxesOf, type Variable } from './affine.js';
import {
  add,
  block,
  branch,
  type Code,
  get,
  i32,
  type Label,
  type Local,
  label,
  local,
  loop,
  plain,
  scale,
  set,
} from './code.js';

/** The body of a loop, a function or a condition, under construction. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  /** The loop axis that this scope binds, if it is a loop: index, first value, and how far a turn moves it. */
  readonly loop: { readonly axis: number; readonly initial: Code; readonly step: number } | undefined;
  /** Values of the axes bound here. A constant is folded into addresses. */
  readonly bound: Map<number, Code>;
  readonly code: Code[];
  /** What advances pointers, at the end of each turn. */
  readonly tail: Code[];
  readonly memo: Map<string, Local>;
  /** Values of linear forms asked for here before. */
  readonly values: Map<Linear, Code>;
}

/** A scope that is no loop. */
export const childScope = (parent: Scope | undefined): Scope => ({
  parent,
  depth: parent === undefined ? 0 : parent.depth + 1,
  loop: undefined,
  bound: new Map(),
  code: [],
  tail: [],
  memo: new Map(),
  values: new Map(),
});

/** The scope in which an axis is bound. */
export const scopeOf = (scope: Scope, axis: number): Scope => {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.bound.has(axis)) return at;
  return internal('scopeOf', `axis ${axis} is not bound`);
};

/** The value of an axis in a scope. */
export const boundValue = (scope: Scope, axis: number): Code => lookup(scopeOf(scope, axis).bound, axis, 'bound axes');

/** The innermost scope that any of the axes is bound in; the outermost scope for none. */
export const deepest = (scope: Scope, axes: Iterable<number>): Scope => {
  let found: Scope | undefined;
  for (const axis of axes) {
    const at = scopeOf(scope, axis);
    if (found === undefined || at.depth > found.depth) found = at;
  }
  if (found !== undefined) return found;
  let root = scope;
  while (root.parent !== undefined) root = root.parent;
  return root;
};

/** The value under `key` in this scope, computed by `build` where it is met first. */
export const define = (scope: Scope, key: string, variable: Local, build: () => Code): Local => {
  const known = scope.memo.get(key);
  if (known !== undefined) return known;
  const value = build();
  scope.code.push(set(variable, value));
  scope.memo.set(key, variable);
  return variable;
};

const variableAxes = (variable: Variable): Iterable<number> =>
  variable.kind === 'loop' ? [variable.axis] : loopAxesOf(variable.from);

const variableValue = (scope: Scope, variable: Variable): Code => {
  if (variable.kind === 'loop') return boundValue(scope, variable.axis);
  const home = deepest(scope, variableAxes(variable));
  return get(
    define(home, variable.key, local('i32', 'quotient'), () =>
      plain('i32.div_s', indexValue(home, variable.from), i32(variable.divisor)),
    ),
  );
};

/** The value of a linear form as i32 code (a constant or a local), hoisted as far out as it can be. */
export const indexValue = (scope: Scope, linear: Linear): Code => {
  const known = scope.values.get(linear);
  if (known !== undefined) return known;
  const value = hoistedValue(scope, linear);
  scope.values.set(linear, value);
  return value;
};

const hoistedValue = (scope: Scope, linear: Linear): Code => {
  let constant = linear.constant;
  const terms = linear.terms.filter(({ variable, stride }) => {
    const value = variable.kind === 'loop' ? variableValue(scope, variable) : undefined;
    if (value?.kind !== 'const') return true;
    constant += stride * value.value;
    return false;
  });
  if (terms.length === 0) return i32(constant);
  const home = deepest(
    scope,
    terms.flatMap(({ variable }) => [...variableAxes(variable)]),
  );
  const key = `i${keyOf({ constant, terms })}`;
  const known = home.memo.get(key);
  if (known !== undefined) return get(known);
  const isOwn = ({ variable }: Linear['terms'][number]) => deepest(scope, variableAxes(variable)) === home;
  const outer: Linear = { constant, terms: terms.filter((term) => !isOwn(term)) };
  const own = terms.filter(isOwn);
  const pointer = local('i32', 'index');
  const [only] = own;
  if (
    home.loop !== undefined &&
    home.parent !== undefined &&
    own.length === 1 &&
    only?.variable.kind === 'loop' &&
    only.variable.axis === home.loop.axis
  ) {
    // a pointer that the loop advances
    const { initial, step } = home.loop;
    home.parent.code.push(set(pointer, add(indexValue(home.parent, outer), scale(initial, only.stride))));
    home.tail.push(set(pointer, plain('i32.add', get(pointer), i32(only.stride * step))));
  } else {
    const base = indexValue(home, outer);
    const sum = own.reduce<Code>(
      (total, { variable, stride }) => add(total, scale(variableValue(home, variable), stride)),
      base,
    );
    home.code.push(set(pointer, sum));
  }
  home.memo.set(key, pointer);
  return get(pointer);
};

/** Bounds of a loop: `from` inclusive, `to` exclusive, both plain codes (constants or locals). */
export interface Range {
  readonly from: Code;
  readonly to: Code;
  readonly step: number;
}

/**
 * Appends a loop of an axis to `parent`. `inner` fills its body; the label it gets ends the loop when branched to.
 * A loop whose bounds are not constant may be empty.
 */
export const emitLoop = (
  parent: Scope,
  axis: number,
  name: string,
  { from, to, step }: Range,
  inner: (scope: Scope, exit: Label) => void,
): void => {
  const counter = local('i32', name);
  const scope: Scope = {
    ...childScope(parent),
    loop: { axis, initial: from, step },
    bound: new Map([[axis, get(counter)]]),
  };
  const [exit, head] = [label(`${name}_end`), label(name)];
  inner(scope, exit);
  parent.code.push(set(counter, from));
  const constant = from.kind === 'const' && to.kind === 'const';
  parent.code.push(
    block(exit, [
      ...(constant ? [] : [branch(exit, plain('i32.eqz', plain('i32.lt_s', get(counter), to)))]),
      loop(head, [
        ...scope.code,
        ...scope.tail,
        set(counter, plain('i32.add', get(counter), i32(step))),
        branch(head, plain('i32.lt_s', get(counter), to)),
      ]),
    ]),
  );
};
