/**
 * Values of expressions from the mathematical definitions of the primitives, with a bound of the error that the
 * arithmetic under test may make (running error analysis, Higham 2002, §3.3): in float64, element by element, sharing
 * nothing with the compiler or its evaluator but the types of nodes.
 *
 * Decisions that rounding can tip (comparisons, argmax) get the error of either outcome; a loop whose number of rounds
 * rounding can change gets the error ∞.
 */

import { postorder } from '../../../dsl/expr.js';
import type { Expr, NodeOf, Op, WindowAxis } from '../../../dsl/node.js';
import type { Dim, Shape, Sizes } from '../../../dsl/shape.js';
import { operandsOf } from '../../../dsl/structure.js';
import { type Arithmetic, rounded, scalarReferences } from './arithmetic.js';
import { countOf, exact, forIndices, gathered, placeOf, placesOf, steps, type Tensor } from './tensor.js';

const anything = Number.POSITIVE_INFINITY;
// a loop that runs longer than this is a mistake of whoever wrote it
const mostRounds = 10_000;

/** What a rule may ask for. */
interface Asking {
  readonly arithmetic: Arithmetic;
  readonly extent: (dim: Dim) => number;
  readonly value: (expr: Expr) => Tensor;
}

type Rule<O extends Op> = (node: NodeOf<O>, extents: readonly number[], asking: Asking) => Tensor;

/** A sum in any order: the terms' errors, and a rounding of at most Σ|terms| per addition; none between small whole numbers. */
const sumError = (
  arithmetic: Arithmetic,
  sum: number,
  { terms, sizes, carried, whole }: { terms: number; sizes: number; carried: number; whole: boolean },
): number => {
  if (whole && sizes < 2 ** 24) return 0;
  if (!Number.isFinite(sum)) return carried === 0 ? 0 : anything;
  if (!(sizes + carried <= arithmetic.largest)) return anything;
  return rounded(arithmetic, sum, carried + terms * arithmetic.unit * (sizes + carried), 1);
};

/** One sum per output element: `each` calls `add` with the terms of the element at a place, and their errors. */
const sums = (
  extents: readonly number[],
  arithmetic: Arithmetic,
  each: (place: number, add: (term: number, error: number) => void) => void,
): Tensor => {
  const count = countOf(extents);
  const [values, errors] = [new Float64Array(count), new Float64Array(count)];
  const total = { sum: 0, terms: 0, sizes: 0, carried: 0, whole: true };
  const add = (term: number, error: number): void => {
    total.sum += term;
    total.sizes += Math.abs(term);
    total.carried += error;
    total.terms += 1;
    total.whole = total.whole && error === 0 && Number.isInteger(term);
  };
  for (let place = 0; place < count; place += 1) {
    Object.assign(total, { sum: 0, terms: 0, sizes: 0, carried: 0, whole: true });
    each(place, add);
    values[place] = total.sum;
    errors[place] = sumError(arithmetic, total.sum, total);
  }
  return { extents, values, errors };
};

const product = (a: number, e: number, b: number, f: number): number =>
  e === 0 && f === 0 ? 0 : Math.abs(a) * f + Math.abs(b) * e + e * f;

/** Do zeros of a pad, or of what is put between the elements of windows, reach an expression? */
const padded = (expr: Expr): boolean =>
  postorder([expr]).some(({ node }) => node.op === 'pad' || node.op === 'windowAdjoint');

// The language leaves open whether the zeros of a pad are terms: a factor that is not finite may meet them or not.
const open = (zero: number, other: number): boolean => zero === 0 && !Number.isFinite(other);

const contract: Rule<'contract'> = (
  { left, right, leftLabels, rightLabels, output },
  extents,
  { arithmetic, value },
) => {
  const [a, b] = [value(left), value(right)];
  const wild = [a, b].some(({ values }) => !values.every(Number.isFinite));
  const [padA, padB] = [wild && padded(left), wild && padded(right)];
  const summed = leftLabels.filter((label) => !output.includes(label));
  const stepsOf = (tensor: Tensor, own: readonly number[], labels: readonly number[]) => {
    const all = steps(tensor.extents);
    return labels.map((label) => (own.includes(label) ? Number(all[own.indexOf(label)]) : 0));
  };
  const inner = summed.map((label) => Number(a.extents[leftLabels.indexOf(label)]));
  const [insideA, insideB] = [stepsOf(a, leftLabels, summed), stepsOf(b, rightLabels, summed)];
  const outer = placesOf(extents, stepsOf(a, leftLabels, output), stepsOf(b, rightLabels, output));
  const within = placesOf(inner, insideA, insideB);
  return sums(extents, arithmetic, (place, add) => {
    const [startA, startB] = [Number(outer.first[place]), Number(outer.second[place])];
    for (let n = 0; n < within.first.length; n += 1) {
      const [i, j] = [startA + Number(within.first[n]), startB + Number(within.second[n])];
      const [x, y] = [Number(a.values[i]), Number(b.values[j])];
      const skippable = (padA && open(x, y)) || (padB && open(y, x));
      const carried = skippable ? anything : product(x, Number(a.errors[i]), y, Number(b.errors[j]));
      const exactly = carried === 0 && Math.fround(x * y) === x * y;
      add(x * y, exactly ? 0 : rounded(arithmetic, x * y, Number.isNaN(carried) ? anything : carried, 1));
    }
  });
};

/** The first of the largest, with what may be as large; NaN is larger than every number. */
const extreme = (values: readonly number[], errors: readonly number[]) => {
  const winner = values.some(Number.isNaN) ? values.findIndex(Number.isNaN) : values.indexOf(Math.max(...values));
  const [peak, margin] = [Number(values[winner]), Number(errors[winner])];
  const rivals = values.flatMap((x, i) => {
    if (i === winner || (errors[i] === 0 && margin === 0)) return [];
    const reach = Number(errors[i]) + margin;
    return reach === anything || !(x + reach < peak) ? [i] : [];
  });
  return { winner, peak, margin, rivals };
};

const reduce: Rule<'reduce'> = ({ kind, operand, axes }, extents, { arithmetic, value }) => {
  const from = value(operand);
  const all = steps(from.extents);
  const kept = from.extents.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const of = (list: readonly number[], chosen: readonly number[]) => chosen.map((axis) => Number(list[axis]));
  const outer = placesOf(extents, of(all, kept), of(all, kept)).first;
  const within = placesOf(of(from.extents, axes), of(all, axes), of(all, axes)).first;
  if (kind === 'sum')
    return sums(extents, arithmetic, (place, add) => {
      for (const step of within) {
        const i = Number(outer[place]) + step;
        add(Number(from.values[i]), Number(from.errors[i]));
      }
    });
  const [values, errors] = [new Float64Array(countOf(extents)), new Float64Array(countOf(extents))];
  for (const place of values.keys()) {
    const members = Array.from(within, (step) => Number(outer[place]) + step);
    const xs = members.map((i) => Number(from.values[i]));
    const es = members.map((i) => Number(from.errors[i]));
    const { winner, peak, margin, rivals } = extreme(xs, es);
    values[place] = kind === 'max' ? peak : winner;
    errors[place] =
      kind === 'max'
        ? rounded(arithmetic, peak, Math.max(margin, ...rivals.map((i) => Number(es[i]))), 0)
        : Math.max(0, ...rivals.map((i) => Math.abs(i - winner)));
  }
  return { extents, values, errors };
};

const map: Rule<'map'> = ({ fn, operands }, extents, { arithmetic, value }) => {
  const { value: f, error } = scalarReferences[fn];
  const tensors = operands.map(value);
  const [values, errors] = [new Float64Array(countOf(extents)), new Float64Array(countOf(extents))];
  const [xs, es] = [operands.map(() => 0), operands.map(() => 0)];
  for (let i = 0; i < values.length; i += 1) {
    for (let n = 0; n < tensors.length; n += 1) {
      xs[n] = Number(tensors[n]?.values[i]);
      es[n] = Number(tensors[n]?.errors[i]);
    }
    const result = f(...xs);
    values[i] = result;
    errors[i] = error(result, xs, es, arithmetic);
  }
  return { extents, values, errors };
};

/** The element that tap k of the window at position p reads. */
const tapped = ({ stride, dilation, size }: WindowAxis, p: number, k: number): number =>
  stride * p + (dilation > 0 ? dilation * k : -dilation * (size - 1 - k));

/** The index into what is slid over, of an index into its windows. */
const underWindow = (windows: readonly WindowAxis[], rank: number, index: readonly number[]): readonly number[] =>
  Array.from({ length: rank }, (_, axis) => {
    const k = windows.findIndex((window) => window.axis === axis);
    const window = windows[k];
    return window === undefined ? Number(index[axis]) : tapped(window, Number(index[axis]), Number(index[rank + k]));
  });

const windowAdjoint: Rule<'windowAdjoint'> = ({ operand, windows }, extents, { arithmetic, value }) => {
  const from = value(operand);
  const terms: number[][] = Array.from({ length: countOf(extents) }, () => []);
  let i = 0;
  forIndices(from.extents, (index) => {
    const place = placeOf(extents, underWindow(windows, extents.length, index));
    if (place !== undefined) terms[place]?.push(i);
    i += 1;
  });
  return sums(extents, arithmetic, (place, add) => {
    for (const term of terms[place] ?? []) add(Number(from.values[term]), Number(from.errors[term]));
  });
};

const concat: Rule<'concat'> = ({ operands, axis }, extents, { value }) => {
  const tensors = operands.map(value);
  const ends = tensors.map((_, n) => tensors.slice(0, n + 1).reduce((sum, t) => sum + Number(t.extents[axis]), 0));
  const [values, errors]: [number[], number[]] = [[], []];
  forIndices(extents, (index) => {
    const n = ends.findIndex((end) => Number(index[axis]) < end);
    const tensor = tensors[n];
    const start = n === 0 ? 0 : Number(ends[n - 1]);
    const place =
      tensor &&
      placeOf(
        tensor.extents,
        index.map((i, a) => (a === axis ? i - start : i)),
      );
    values.push(Number(place === undefined ? undefined : tensor?.values[place]));
    errors.push(Number(place === undefined ? undefined : tensor?.errors[place]));
  });
  return { extents, values: Float64Array.from(values), errors: Float64Array.from(errors) };
};

const constant = (extents: readonly number[], value: number, { kept }: Arithmetic): Tensor => {
  const tensor = exact(extents, [value]);
  return { ...tensor, errors: tensor.values.map((x) => (Number.isFinite(x) ? Math.abs(kept(x) - x) : 0)) };
};

const unbound = (name: string): never => {
  throw new Error(`reference: no value for ${name}`);
};

type Leaf = 'input' | 'parameter' | 'variable';
type Structural = 'iterate' | 'result' | 'invalid' | Leaf;

const rules: { readonly [O in Exclude<Op, Structural>]: Rule<O> } = {
  literal: ({ value }, extents, { arithmetic }) => constant(extents, value, arithmetic),
  size: ({ dim }, extents, { arithmetic, extent }) => constant(extents, extent(dim), arithmetic),
  iota: (_, extents) => exact(extents, [...Array(countOf(extents)).keys()]),
  map,
  contract,
  reduce,
  broadcast: ({ operand, axes }, extents, { value }) =>
    gathered(value(operand), extents, (index) => axes.map((axis) => Number(index[axis]))),
  transpose: ({ operand, permutation }, extents, { value }) =>
    gathered(value(operand), extents, (index) =>
      permutation.map((_, axis) => Number(index[permutation.indexOf(axis)])),
    ),
  reshape: ({ operand }, extents, { value }) => ({ ...value(operand), extents }),
  slice: ({ operand, axis, start }, extents, { value }) =>
    gathered(value(operand), extents, (index) => index.map((i, a) => (a === axis ? i + start : i))),
  pad: ({ operand, axis, before }, extents, { value }) =>
    gathered(value(operand), extents, (index) => index.map((i, a) => (a === axis ? i - before : i))),
  concat,
  window: ({ operand, windows }, extents, { value }) =>
    gathered(value(operand), extents, (index) => underWindow(windows, operand.shape.length, index)),
  windowAdjoint,
  stopGradient: ({ operand }, _, { value }) => value(operand),
};

/** The rule of a primitive; TypeScript cannot follow that it takes the node of its own `op` (a correlated union). */
const ruleOf = (op: keyof typeof rules): Rule<Op> => rules[op] as unknown as Rule<Op>;

/** Values by leaf, or by the name of an input or a parameter. */
export type Given = ReadonlyMap<Expr | string, Tensor>;

/** A place where values are known: outside of every loop, or one round of a loop. */
interface Scope {
  readonly known: Map<Expr, Tensor>;
  /** Final values of the variables of loops. */
  readonly loops: Map<Expr, readonly Tensor[]>;
  /** What has to be computed here; everything else belongs to the outer scope. */
  readonly inside: (expr: Expr) => boolean;
  readonly outer: Scope | undefined;
}

/** Membership in what depends on some variables. */
const dependsOn = (variables: readonly Expr[]): ((expr: Expr) => boolean) => {
  const memo = new Map<Expr, boolean>(variables.map((variable) => [variable, true]));
  const depends = (expr: Expr): boolean => {
    const known = memo.get(expr);
    if (known !== undefined) return known;
    const answer = operandsOf(expr.node).some(depends);
    memo.set(expr, answer);
    return answer;
  };
  return depends;
};

/** Evaluates expressions; values once found are kept, so that one reference serves a growing graph. */
export const reference = (given: Given, sizes: Sizes, arithmetic: Arithmetic): ((expr: Expr) => Tensor) => {
  const extent = (dim: Dim): number => (typeof dim === 'number' ? dim : Number(sizes[dim] ?? unbound(dim)));
  const extentsOf = (shape: Shape): readonly number[] => shape.map(extent);

  const loop = (expr: Expr, node: NodeOf<'iterate'>, scope: Scope): readonly Tensor[] => {
    const known = scope.loops.get(expr);
    if (known !== undefined) return known;
    const inside = dependsOn(node.variables);
    let state = node.initial.map((start) => find(start, scope));
    let decided = true;
    for (let round = 0; ; round += 1) {
      if (round === mostRounds) throw new Error('reference: a loop does not end');
      const bound = new Map(node.variables.flatMap((variable, i) => state.slice(i, i + 1).map((x) => [variable, x])));
      const inner: Scope = { known: bound, loops: new Map(), inside, outer: scope };
      const proceed = find(node.proceed, inner);
      const [p, e] = [Number(proceed.values[0]), Number(proceed.errors[0])];
      decided = decided && (e === 0 || Math.abs(p) > e);
      if (p === 0) break;
      state = node.next.map((next) => find(next, inner));
    }
    const results = decided ? state : state.map((x) => ({ ...x, errors: x.errors.map(() => anything) }));
    scope.loops.set(expr, results);
    return results;
  };

  const compute = (expr: Expr, scope: Scope): Tensor => {
    const { node } = expr;
    const value = (operand: Expr): Tensor => find(operand, scope);
    switch (node.op) {
      case 'input':
      case 'parameter':
      case 'variable':
        return given.get(expr) ?? given.get(node.name) ?? unbound(node.name);
      case 'invalid':
        throw new Error(`reference: invalid: ${JSON.stringify(node.error)}`);
      case 'iterate':
        throw new Error('reference: a loop is no value');
      case 'result': {
        const { iterate } = node;
        const results = iterate.node.op === 'iterate' ? loop(iterate, iterate.node, home(iterate, scope)) : [];
        return results[node.index] ?? unbound(`result ${node.index}`);
      }
      default:
        return ruleOf(node.op)(node, extentsOf(expr.shape), { arithmetic, extent, value });
    }
  };

  // the scope that an expression belongs to
  const home = (expr: Expr, scope: Scope): Scope =>
    scope.outer === undefined || scope.inside(expr) ? scope : home(expr, scope.outer);

  const find = (expr: Expr, from: Scope): Tensor => {
    const scope = home(expr, from);
    const known = scope.known.get(expr);
    if (known !== undefined) return known;
    const found = compute(expr, scope);
    scope.known.set(expr, found);
    return found;
  };

  const top: Scope = { known: new Map(), loops: new Map(), inside: () => true, outer: undefined };
  return (expr) => find(expr, top);
};
