/**
 * Random expressions over all primitives, for the laws that hold of every expression: simplification keeps values,
 * targets agree with the oracle. Each is grown from a list of steps, so that fast-check shrinks a failure to few nodes.
 * Values stay bounded and away from points where rounding decides (ties of comparisons, poles).
 */
import fc from 'fast-check';
import { make, typed } from '../../dsl/expr.js';
import { iterate } from '../../dsl/iterate.js';
import type { Expr, Op, Reduction } from '../../dsl/node.js';
import * as p from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import type { Dim, Shape, Sizes } from '../../dsl/shape.js';
import { lengthOf } from '../support/evaluation.js';
import { numbers } from '../support/numbers.js';

/** An expression and a bound of its magnitude. */
interface Grown {
  readonly expr: Expr;
  readonly bound: number;
  /** Is it data, whose elements differ? Only these are compared with each other. */
  readonly leaf: boolean;
}

/** What a step may use: random numbers, and what has grown so far. */
interface Growth {
  /** A number in 0 … n − 1. */
  readonly choose: (n: number) => number;
  /** Something that has grown, of a fitting kind if there is one. */
  readonly pick: (fits?: (grown: Grown) => boolean) => Grown;
}

type Grow = (growth: Growth) => Grown;

/** The sizes of the symbolic dimensions of random expressions. */
export const expressionSizes: Sizes = { batch: 3 };

const shapes: readonly Shape[] = [
  [],
  [4],
  ['batch'],
  ['batch', 4],
  [4, 'batch'],
  [2, 4],
  [2, 'batch', 4],
  [1, 4],
  [6, 4],
];

const leaves: readonly Expr[] = shapes.flatMap((shape, i) =>
  [0, 1].map((copy) => make({ op: 'input', name: `x${2 * i + copy}`, shape })),
);

/** The inputs that random expressions read. */
export const expressionInputs: readonly Expr[] = leaves;

/** Values of all inputs of random expressions. */
export const expressionValues = (seed: number): ReadonlyMap<string, Float64Array> =>
  new Map(
    leaves.flatMap(({ node, shape }, i) =>
      node.op === 'input' ? [[node.name, numbers(seed + i, lengthOf(shape, expressionSizes), -1.5, 1.5)] as const] : [],
    ),
  );

const grown = (expr: Expr, bound: number, leaf = false): Grown => ({ expr, bound, leaf });

// Magnitudes above this are squashed, so that no chain of products overflows.
const tooLarge = 200;
const tamed = ({ expr, bound, leaf }: Grown): Grown =>
  bound > tooLarge ? grown(p.map('tanh', p.map('mul', p.literal(0.125), expr)), 1) : grown(expr, bound, leaf);

const rank = ({ expr }: Grown): number => expr.shape.length;
const literalAxes = (shape: Shape, least = 1): readonly number[] =>
  shape.flatMap((dim, axis) => (typeof dim === 'number' && dim >= least ? [axis] : []));
const hasLiteralAxis =
  (least: number) =>
  ({ expr }: Grown): boolean =>
    literalAxes(expr.shape, least).length > 0;
const sameShapeAs =
  (first: Grown) =>
  ({ expr }: Grown): boolean =>
    expr.shape.join() === first.expr.shape.join();

/** Operands of one shape. */
const alike = (growth: Growth, count: number, fits: (grown: Grown) => boolean = () => true): readonly Grown[] => {
  const first = growth.pick(fits);
  const rest = Array.from({ length: count - 1 }, () => growth.pick((g) => sameShapeAs(first)(g) && fits(g)));
  return [first, ...rest].filter(sameShapeAs(first));
};

// x² + ½: where an operand has to be positive
const positive = (expr: Expr): Expr => p.map('add', p.map('mul', expr, expr), p.literal(0.5));

const unary =
  (fn: ScalarFunction, bound: (bound: number) => number, prepare: (expr: Expr) => Expr = (expr) => expr): Grow =>
  ({ pick }) => {
    const x = pick();
    return grown(p.map(fn, prepare(x.expr)), bound(x.bound));
  };

const binary =
  (
    fn: ScalarFunction,
    bound: (a: number, b: number) => number,
    prepare: (a: Expr, b: Expr) => readonly [Expr, Expr] = (a, b) => [a, b],
  ): Grow =>
  (growth) => {
    const [a, b = a] = alike(growth, 2);
    return a === undefined || b === undefined
      ? growth.pick()
      : grown(p.map(fn, ...prepare(a.expr, b.expr)), bound(a.bound, b.bound));
  };

// 1 where data compare; data are compared with data, or with a number that they never come close to
const comparison =
  (fn: 'less' | 'equal'): Grow =>
  (growth) => {
    const [a, b] = alike(growth, 2, ({ leaf }) => leaf);
    return a === undefined || b === undefined
      ? growth.pick()
      : grown(p.map(fn, a.expr, growth.choose(2) === 0 ? b.expr : p.literal(0.123456789)), 1);
  };

/** A step that applies each scalar function. */
const growScalar: { readonly [F in ScalarFunction]: Grow } = {
  neg: unary('neg', (x) => x),
  abs: unary('abs', (x) => x),
  exp: unary(
    'exp',
    () => Math.exp(2),
    (x) => p.map('min', x, p.literal(2)),
  ),
  log: unary('log', (x) => x + 1, positive),
  sqrt: unary('sqrt', (x) => x + 1, positive),
  tanh: unary('tanh', () => 1),
  sigmoid: unary('sigmoid', () => 1),
  softplus: unary('softplus', (x) => x + 1),
  isFinite: unary('isFinite', () => 1),
  add: binary('add', (a, b) => a + b),
  sub: binary('sub', (a, b) => a + b),
  mul: binary('mul', (a, b) => a * b),
  div: binary(
    'div',
    (a) => 2 * a,
    (a, b) => [a, positive(b)],
  ),
  max: binary('max', Math.max),
  min: binary('min', Math.max),
  less: comparison('less'),
  equal: comparison('equal'),
  pow: binary(
    'pow',
    () => 4,
    (a, b) => [p.map('add', p.map('sigmoid', a), p.literal(0.5)), p.map('tanh', b)],
  ),
  select: (growth) => {
    const condition = comparison('less')(growth);
    const a = growth.pick(sameShapeAs(condition));
    const b = growth.pick(sameShapeAs(condition));
    const fits = [a, b].every(sameShapeAs(condition)) && condition.expr.node.op === 'map';
    return fits
      ? grown(p.map('select', p.map('equal', condition.expr, p.literal(0)), a.expr, b.expr), Math.max(a.bound, b.bound))
      : a;
  },
};

const someAxes = ({ choose }: Growth, count: number): readonly number[] => {
  const chosen = Array.from({ length: count }, (_, axis) => axis).filter(() => choose(2) === 0);
  return chosen.length > 0 ? chosen : [choose(count)];
};

const countAlong = (shape: Shape, axes: readonly number[]): number =>
  lengthOf(
    axes.map((axis) => shape[axis] ?? 1),
    expressionSizes,
  );

/** A step that folds. */
const growReduction: { readonly [R in Reduction]: Grow } = {
  sum: (growth) => {
    const x = growth.pick((g) => rank(g) > 0);
    if (rank(x) === 0) return x;
    const axes = someAxes(growth, rank(x));
    return grown(p.reduce('sum', x.expr, axes), x.bound * countAlong(x.expr.shape, axes));
  },
  max: (growth) => {
    const x = growth.pick((g) => rank(g) > 0);
    return rank(x) === 0 ? x : grown(p.reduce('max', x.expr, someAxes(growth, rank(x))), x.bound);
  },
  argmax: (growth) => {
    const x = growth.pick((g) => rank(g) > 0 && g.leaf);
    if (rank(x) === 0) return x;
    const axes = someAxes(growth, rank(x));
    return grown(p.reduce('argmax', x.expr, axes), countAlong(x.expr.shape, axes));
  },
};

const table = <K extends string>(rows: { readonly [key in K]: Grow }): Grow => {
  const steps = Object.values<Grow>(rows);
  return (growth) => steps[growth.choose(steps.length)]?.(growth) ?? growth.pick();
};

const shuffled = ({ choose }: Growth, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i).reduce<readonly number[]>((order, i) => {
    const at = choose(i + 1);
    return [...order.slice(0, at), i, ...order.slice(at)];
  }, []);

/** An einsum that matches equal dimensions of two operands at random and sums some of what is shared. */
const growContract: Grow = (growth) => {
  const [left, right] = [growth.pick(), growth.pick()];
  const leftLabels = left.expr.shape.map((_, axis) => axis);
  const free = new Set(leftLabels);
  const rightLabels = right.expr.shape.map((dim, axis) => {
    const partner = [...free].find((label) => left.expr.shape[label] === dim && growth.choose(4) > 0);
    if (partner === undefined) return 10 + axis;
    free.delete(partner);
    return partner;
  });
  const labels = [...new Set([...leftLabels, ...rightLabels])];
  const dimOf = (label: number): Dim =>
    (leftLabels.includes(label) ? left.expr.shape[label] : right.expr.shape[rightLabels.indexOf(label)]) ?? 1;
  const kept = labels.filter(() => growth.choose(5) > 1).slice(0, 3);
  const output = shuffled(growth, kept.length).flatMap((i) => kept[i] ?? []);
  const summed = labels.filter((label) => !kept.includes(label)).map(dimOf);
  return grown(
    p.contract(left.expr, leftLabels, right.expr, rightLabels, output),
    left.bound * right.bound * lengthOf(summed, expressionSizes),
  );
};

const someWindows = (growth: Growth, shape: Shape) => {
  const axes = literalAxes(shape, 2);
  const chosen = axes.filter(() => growth.choose(2) === 0);
  return (chosen.length > 0 ? chosen : axes.slice(0, 1)).map((axis) => {
    const extent = Number(shape[axis]);
    const size = 1 + growth.choose(Math.min(3, extent));
    const widest = size === 1 ? 2 : Math.max(1, Math.floor((extent - 1) / (size - 1)));
    const dilation = (1 + growth.choose(Math.min(2, widest))) * (growth.choose(4) === 0 ? -1 : 1);
    return { axis, size, stride: 1 + growth.choose(3), dilation };
  });
};

const growWindow: Grow = (growth) => {
  const x = growth.pick((g) => hasLiteralAxis(2)(g) && rank(g) <= 2);
  return hasLiteralAxis(2)(x) ? grown(p.windowed(x.expr, someWindows(growth, x.expr.shape)), x.bound) : x;
};

/** The windows of something, changed, and put back by the adjoint. */
const growWindowAdjoint: Grow = (growth) => {
  const x = growth.pick((g) => hasLiteralAxis(2)(g) && rank(g) <= 2);
  if (!hasLiteralAxis(2)(x)) return x;
  const windows = someWindows(growth, x.expr.shape);
  const changed = growth.choose(2) === 0 ? p.windowed(x.expr, windows) : p.map('tanh', p.windowed(x.expr, windows));
  const overlaps = windows.reduce((product, { size }) => product * size, 1);
  return grown(p.windowAdjoint(changed, windows, x.expr.shape), Math.max(1, x.bound) * overlaps);
};

const growBroadcast: Grow = (growth) => {
  const x = growth.pick((g) => rank(g) <= 2);
  const extra: readonly Dim[] = ['batch', 4, 2, 1];
  const at = growth.choose(rank(x) + 1);
  const dim = extra[growth.choose(extra.length)] ?? 1;
  const { shape } = x.expr;
  const axes = shape.map((_, axis) => (axis < at ? axis : axis + 1));
  return grown(p.broadcastTo(x.expr, [...shape.slice(0, at), dim, ...shape.slice(at)], axes), x.bound);
};

/** A reshape that joins, splits, adds or drops axes; symbolic dimensions stay whole. */
const growReshape: Grow = (growth) => {
  const x = growth.pick();
  const { shape } = x.expr;
  const literal = shape.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1);
  const names = shape.filter((dim) => typeof dim === 'string');
  const divisors = [1, 2, 3, 4, 6, 8].filter((divisor) => literal % divisor === 0);
  const divisor = divisors[growth.choose(divisors.length)] ?? 1;
  const dims: readonly Dim[] = [...names, divisor, literal / divisor];
  const order = shuffled(growth, dims.length).flatMap((i) => dims[i] ?? []);
  return grown(p.reshape(x.expr, growth.choose(3) === 0 ? [...names, literal] : order), x.bound);
};

const growSlice: Grow = (growth) => {
  const x = growth.pick(hasLiteralAxis(2));
  const axes = literalAxes(x.expr.shape, 2);
  const axis = axes[growth.choose(axes.length)];
  if (axis === undefined) return x;
  const extent = Number(x.expr.shape[axis]);
  const start = growth.choose(extent);
  return grown(p.slice(x.expr, axis, start, start + 1 + growth.choose(extent - start)), x.bound);
};

const growPad: Grow = (growth) => {
  const x = growth.pick(hasLiteralAxis(1));
  const axes = literalAxes(x.expr.shape);
  const axis = axes[growth.choose(axes.length)];
  return axis === undefined ? x : grown(p.pad(x.expr, axis, growth.choose(3), growth.choose(2)), x.bound);
};

const growConcat: Grow = (growth) => {
  const [first, ...others] = alike(growth, 2 + growth.choose(2), hasLiteralAxis(1));
  const axes = first === undefined ? [] : literalAxes(first.expr.shape);
  const axis = axes[growth.choose(axes.length)];
  if (first === undefined || axis === undefined) return growth.pick();
  const pieces = [first, ...others, first].map(({ expr }) => expr);
  return grown(p.concat(pieces, axis), Math.max(first.bound, ...others.map(({ bound }) => bound)));
};

/**
 * A loop over a counter, a value and what it swaps places with; its body has work that does not depend on the
 * variables, and now and then a loop of its own.
 */
const growIterate: Grow = (growth) => {
  const [x, y = x] = alike(growth, 2);
  if (x === undefined || y === undefined) return growth.pick();
  const rounds = growth.choose(4);
  const nested = growth.choose(3) === 0;
  const mixed = (a: Expr, b: Expr): Expr => p.map('tanh', p.map('add', a, p.map('mul', b, p.map('sigmoid', y.expr))));
  const below = (count: Expr, bound: number) => typed<[]>(p.map('less', count, p.literal(bound)));
  const next = (count: Expr): Expr => p.map('add', count, p.literal(1));
  type Variables = Readonly<Record<'count' | 'a' | 'b', Expr>>;
  const inner = (start: Expr, other: Expr): Expr =>
    iterate<Readonly<Record<'count' | 'x', Expr>>>({
      initial: { count: p.literal(0), x: start },
      step: (v) => ({ count: next(v.count), x: mixed(v.x, other) }),
      proceed: ({ count }) => below(count, 2),
    }).x;
  const { a, b } = iterate<Variables>({
    initial: { count: p.literal(0), a: x.expr, b: y.expr },
    step: (v) => ({ count: next(v.count), a: v.b, b: nested ? inner(v.a, v.b) : mixed(v.a, v.b) }),
    proceed: ({ count }) => below(count, rounds),
  });
  return grown(p.map('sub', a, b), 2 * Math.max(1, x.bound, y.bound));
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
  transpose: (growth) => {
    const x = growth.pick((g) => rank(g) > 1);
    return grown(p.transpose(x.expr, shuffled(growth, rank(x))), x.bound);
  },
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
      const pool = leaves.map((expr) => grown(expr, 1.5, true));
      for (const { op, choices } of steps) {
        const step = tamed(growOp[op](growthOf(pool, choices)));
        if (isSmall(step)) pool.push(step);
      }
      return pool.slice(-3).map(({ expr }) => expr);
    });
