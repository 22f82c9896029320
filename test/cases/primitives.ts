/**
 * One case or more for every primitive, scalar function and fold: what the laws of differentiation are checked on. The
 * tables are mapped types over the unions, so that a new primitive without a case does not compile.
 */
import { unsupportedError } from '../../dsl/error.js';
import { freshVariable, invalid, make, typed } from '../../dsl/expr.js';
import { iterate } from '../../dsl/iterate.js';
import type { Expr, Op, Reduction } from '../../dsl/node.js';
import * as p from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import type { Shape } from '../../dsl/shape.js';
import { numbers } from '../support/numbers.js';

/** Values of an operand of `length` elements that follow from a seed, away from kinks and poles. */
export type Sampler = (seed: number, length: number) => Float64Array;

/** A function of some operands. */
export interface PrimitiveCase {
  readonly name: string;
  readonly operands: readonly { readonly shape: Shape; readonly sample: Sampler }[];
  readonly build: (...operands: readonly Expr[]) => Expr;
  /**
   * What finite differences are taken of, where that is not the function itself: `at` stands for the operands' values
   * at the point of differentiation, which do not move.
   */
  readonly reference?: (operands: readonly Expr[], at: readonly Expr[]) => Expr;
  /** Is it linear in all operands together? */
  readonly linear: boolean;
  /** Has it an adjoint? Loops with a condition have none. */
  readonly transposable: boolean;
}

/** Numbers in (low, high). */
export const between =
  (low: number, high: number): Sampler =>
  (seed, length) =>
    numbers(seed, length, low, high);

/** Numbers of magnitude in (low, high), of either sign. */
export const awayFromZero =
  (low: number, high: number): Sampler =>
  (seed, length) => {
    const signs = numbers(seed + 1, length);
    return numbers(seed, length, low, high).map((x, i) => ((signs[i] ?? 0) < 0 ? -x : x));
  };

/** Numbers no two of which are closer than 0.2, in an order that follows from the seed. */
export const apart: Sampler = (seed, length) => {
  const keys = numbers(seed, length);
  const jitter = numbers(seed + 1, length, 0, 0.1);
  return keys.map((key, i) => 0.3 * keys.filter((other) => other < key).length - 1 + (jitter[i] ?? 0));
};

const anything = between(-2, 2);

interface Options {
  readonly sample?: Sampler;
  readonly samples?: readonly Sampler[];
  readonly reference?: PrimitiveCase['reference'];
  readonly linear?: boolean;
  readonly transposable?: boolean;
}

const of = (
  name: string,
  shapes: readonly Shape[],
  build: PrimitiveCase['build'],
  { sample = anything, samples = [], reference, linear = false, transposable = true }: Options = {},
): PrimitiveCase => ({
  name,
  operands: shapes.map((shape, i) => ({ shape, sample: samples[i] ?? sample })),
  build,
  ...(reference === undefined ? {} : { reference }),
  linear,
  transposable,
});

const vector: Shape = ['n'];

const scalar = (fn: ScalarFunction, arity: 1 | 2 | 3, options: Options = {}): PrimitiveCase =>
  of(
    fn,
    Array.from({ length: arity }, () => vector),
    (...operands) => p.map(fn, ...operands),
    options,
  );

// the second operand is the first, moved by 0.3 to 1 in either direction: far from where the two are equal
const nearby = (base: Sampler): Options => ({
  samples: [
    base,
    (seed, length) => {
      const steps = awayFromZero(0.3, 1)(seed + 7, length);
      return base(seed - 1, length).map((x, i) => x + (steps[i] ?? 0));
    },
  ],
});

/** Every scalar function, on a domain where it is smooth. */
export const scalarCases: { readonly [F in ScalarFunction]: PrimitiveCase } = {
  neg: scalar('neg', 1, { linear: true }),
  abs: scalar('abs', 1, { sample: awayFromZero(0.1, 2) }),
  exp: scalar('exp', 1),
  log: scalar('log', 1, { sample: between(0.3, 3) }),
  sqrt: scalar('sqrt', 1, { sample: between(0.3, 3) }),
  tanh: scalar('tanh', 1),
  sigmoid: scalar('sigmoid', 1),
  softplus: scalar('softplus', 1),
  isFinite: scalar('isFinite', 1),
  add: scalar('add', 2, { linear: true }),
  sub: scalar('sub', 2, { linear: true }),
  mul: scalar('mul', 2),
  div: scalar('div', 2, { samples: [anything, awayFromZero(0.5, 2)] }),
  max: scalar('max', 2, nearby(anything)),
  min: scalar('min', 2, nearby(anything)),
  less: scalar('less', 2, nearby(anything)),
  equal: scalar('equal', 2, nearby(anything)),
  pow: scalar('pow', 2, { samples: [between(0.4, 2), between(-2, 3)] }),
  select: scalar('select', 3, { samples: [awayFromZero(0.2, 1), anything, anything] }),
};

/** Every fold. The derivative of a maximum is taken where no two elements are close. */
export const reductionCases: { readonly [R in Reduction]: PrimitiveCase } = {
  sum: of('sum', [[3, 'n', 2]], (x = p.literal(0)) => p.reduce('sum', x, [0, 2]), { linear: true }),
  max: of('max', [[3, 'n', 2]], (x = p.literal(0)) => p.reduce('max', x, [0, 2]), { sample: apart }),
  argmax: of('argmax', [[3, 'n', 2]], (x = p.literal(0)) => p.reduce('argmax', x, [0, 2]), { sample: apart }),
};

// xₖ₊₁ = tanh(xₖ + a), three times
const threeRounds = (x: Expr, a: Expr): Expr =>
  iterate<{ readonly round: Expr; readonly x: Expr }>({
    initial: { round: p.literal(0), x },
    step: (v) => ({ round: p.map('add', v.round, p.literal(1)), x: p.map('tanh', p.map('add', v.x, a)) }),
    proceed: ({ round }) => typed(p.map('less', round, p.literal(3))),
  }).x;

const windows = [
  { axis: 2, size: 2, stride: 2, dilation: 2 },
  { axis: 1, size: 3, stride: 1, dilation: -1 },
];
const windowedShape: Shape = ['n', 3, 3, 2, 3];

const unary = (
  name: string,
  shape: Shape,
  apply: (x: Expr) => Expr,
  options: Options = { linear: true },
): PrimitiveCase => of(name, [shape], (x) => (x === undefined ? p.literal(0) : apply(x)), options);

const binary = (
  name: string,
  shapes: readonly [Shape, Shape],
  apply: (x: Expr, y: Expr) => Expr,
  options: Options = {},
): PrimitiveCase =>
  of(name, shapes, (x, y) => (x === undefined || y === undefined ? p.literal(0) : apply(x, y)), options);

// A leaf has no operands: what is differentiated is x + leaf, whose derivative is that of x.
const besides = (name: string, leaf: Expr): PrimitiveCase =>
  unary(name, leaf.shape, (x) => p.map('add', x, leaf), { linear: false });

/** Every primitive. */
export const primitiveCases: { readonly [O in Op]: readonly PrimitiveCase[] } = {
  literal: [besides('literal', p.literal(1.5))],
  size: [besides('size', p.size('n'))],
  iota: [besides('iota', p.iota('n'))],
  input: [besides('input', make({ op: 'input', name: 'given', shape: vector }))],
  parameter: [besides('parameter', make({ op: 'parameter', name: 'given', shape: vector }))],
  variable: [besides('variable', freshVariable<Shape>('given', vector))],
  map: Object.values(scalarCases),
  contract: [
    binary(
      'contract: x Wᵀ',
      [
        ['n', 3],
        [2, 3],
      ],
      (x, w) => p.contract(x, [0, 1], w, [2, 1], [0, 2]),
    ),
    binary(
      'contract: batched, permuted',
      [
        [2, 'n', 3],
        [3, 2],
      ],
      (x, w) => p.contract(x, [0, 1, 2], w, [2, 0], [1, 0]),
    ),
    binary('contract: outer', [['n'], [3]], (x, y) => p.contract(x, [0], y, [1], [1, 0])),
    binary(
      'contract: dot',
      [
        ['n', 2],
        ['n', 2],
      ],
      (x, y) => p.contract(x, [0, 1], y, [0, 1], []),
    ),
    unary('contract: with itself', [2, 'n'], (x) => p.contract(x, [0, 1], x, [2, 1], [0, 2]), {}),
  ],
  reduce: Object.values(reductionCases),
  broadcast: [unary('broadcast', ['n', 2], (x) => p.broadcastTo(x, [3, 'n', 4, 2], [1, 3]))],
  transpose: [unary('transpose', [2, 'n', 3], (x) => p.transpose(x, [2, 0, 1]))],
  reshape: [unary('reshape', ['n', 4, 3], (x) => p.reshape(x, [2, 6, 'n']))],
  slice: [unary('slice', ['n', 5], (x) => p.slice(x, 1, 1, 4))],
  pad: [unary('pad', [3, 'n'], (x) => p.pad(x, 0, 2, 1))],
  concat: [
    binary(
      'concat',
      [
        ['n', 2],
        ['n', 3],
      ],
      (x, y) => p.concat([x, y, x], 1),
      { linear: true },
    ),
    unary('concat: with what does not depend', [2], (x) => p.concat([x, p.iota(3)], 0), {}),
  ],
  window: [unary('window', ['n', 5, 7], (x) => p.windowed(x, windows))],
  windowAdjoint: [unary('windowAdjoint', windowedShape, (x) => p.windowAdjoint(x, windows, ['n', 5, 7]))],
  stopGradient: [
    unary('stopGradient', vector, (x) => p.map('mul', p.stopGradient(x), p.map('tanh', x)), {
      reference: ([x = p.literal(0)], [at = p.literal(0)]) => p.map('mul', at, p.map('tanh', x)),
    }),
  ],
  iterate: [binary('iterate', [vector, vector], threeRounds, { transposable: false })],
  result: [
    unary('result', vector, (x) => p.map('mul', threeRounds(p.map('sigmoid', x), x), x), { transposable: false }),
  ],
  invalid: [],
};

/** Every case of every primitive. */
export const allCases: readonly PrimitiveCase[] = Object.values(primitiveCases).flat();

/** An expression that carries a mistake, for the one primitive that has no value. */
export const mistake: Expr = invalid(unsupportedError('test', 'nothing', 'a mistake'));
