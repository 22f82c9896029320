/** Mistakes in the rules of derivatives, each through the door by which the shipped rule comes in. */
import { type Derivations, derivationsOf, derivativeRules } from '../../../compiler/differentiate/derive.js';
import { type JvpRules, jvpRules } from '../../../compiler/differentiate/jvp.js';
import { type TangentRules, tangentRules } from '../../../compiler/differentiate/tangents.js';
import {
  type ReverseRules,
  reverseRules,
  type ScalarTransposes,
  scalarTransposes,
  type TransposeRules,
  transposeRules,
} from '../../../compiler/differentiate/transpose.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import type { Expr, ScalarFunction } from '../../../dsl/index.js';
import { primitives } from '../../../dsl/index.js';
import { adjoint, type Mutation, negative, operand, through, twice } from './mutation.js';
import { loop, movementModel, scalarModel } from './subjects.js';

const { concat, contract, literal, map, pad, reduce, slice, windowAdjoint, windowed, zeros } = primitives;

const forward = (scalar: Partial<TangentRules>, primitive: Partial<JvpRules> = {}): Derivations =>
  derivationsOf({
    ...derivativeRules,
    forward: { scalar: { ...tangentRules, ...scalar }, primitive: { ...jvpRules, ...primitive } },
  });

const reverse = (
  scalar: ScalarTransposes,
  primitive: Partial<TransposeRules> = {},
  accumulate: ReverseRules['accumulate'] = reverseRules.accumulate,
): Derivations =>
  derivationsOf({
    ...derivativeRules,
    reverse: {
      scalar: { ...scalarTransposes, ...scalar },
      primitive: { ...transposeRules, ...primitive },
      accumulate,
    },
  });

/** Wrong tangents of scalar functions. */
const wrongTangents: { readonly [F in ScalarFunction]?: readonly [string, TangentRules[F]][] } = {
  neg: [['loses its sign', (_, __, [dx]) => dx]],
  abs: [['takes no sign', (_, __, [dx]) => dx]],
  exp: [['x instead of eˣ', ([x], y, [dx]) => through(dx, (t) => map('mul', x ?? y, t))]],
  log: [['divides by ln x', (_, y, [dx]) => through(dx, (t) => map('div', t, map('add', literal(2), y)))]],
  sqrt: [['lacks the half', (_, y, [dx]) => through(dx, (t) => map('div', t, y))]],
  tanh: [['1 − y', (_, y, [dx]) => through(dx, (t) => map('mul', map('sub', literal(1), y), t))]],
  sigmoid: [['y alone', (_, y, [dx]) => through(dx, (t) => map('mul', y, t))]],
  softplus: [['y instead of σ(x)', (_, y, [dx]) => through(dx, (t) => map('mul', y, t))]],
  add: [['forgets the second', (_, __, [da]) => da]],
  sub: [['adds', (_, __, [da, db]) => (da && db ? map('add', da, db) : (da ?? db))]],
  mul: [
    [
      'squares',
      (operands, _, [da, db]) =>
        da && db && map('add', map('mul', operand(operands, 0), da), map('mul', operand(operands, 1), db)),
    ],
  ],
  div: [['forgets the divisor', (operands, _, [da]) => through(da, (t) => map('div', t, operand(operands, 1)))]],
  max: [['that of the first', (_, __, [da]) => da]],
  min: [['that of the maximum', (operands, y, dots) => tangentRules.max(operands, y, dots)]],
  pow: [
    ['p xᵖ', (operands, y, [dx]) => through(dx, (t) => map('mul', map('mul', operand(operands, 1), y), t))],
    [
      'xᵖ without ln x in p',
      (operands, y, [dx, dp]) =>
        dp === undefined
          ? tangentRules.pow(operands, y, [dx, undefined])
          : map('add', tangentRules.pow(operands, y, [dx, undefined]) ?? zeros(y.shape), map('mul', y, dp)),
    ],
  ],
  select: [['takes the other branch', (operands, y, [dc, dx, dy]) => tangentRules.select(operands, y, [dc, dy, dx])]],
};

/** Of tangents of scalar functions. */
export const tangentMutations: readonly Mutation[] = Object.entries(wrongTangents).flatMap(([fn, rules]) =>
  rules.map(([what, rule]) => ({
    name: `tangent of ${fn}: ${what}`,
    model: scalarModel(fn as ScalarFunction),
    options: { derivations: forward({ [fn]: rule }) },
    law: 'J v is the finite difference of z' as const,
    operation: fn,
  })),
);

/** Wrong JVP rules of primitives. */
const wrongForward: Partial<JvpRules> = {
  // the second factor's part is missing
  contract: (node, _, { tangents }) =>
    through(tangents.get(node.left), (t) => contract(t, node.leftLabels, node.right, node.rightLabels, node.output)),
  // a maximum like a sum
  reduce: ({ operand: from, axes }, _, { tangents }) => through(tangents.get(from), (t) => reduce('sum', t, axes)),
  broadcast: (node, y, walk) => through(jvpRules.broadcast(node, y, walk), twice),
  transpose: (node, y, walk) => through(jvpRules.transpose(node, y, walk), negative),
  reshape: (node, y, walk) => through(jvpRules.reshape(node, y, walk), twice),
  // the first elements instead of those from `start`
  slice: ({ operand: from, axis, start, stop }, _, { tangents }) =>
    through(tangents.get(from), (t) => slice(t, axis, 0, stop - start)),
  // all zeros before
  pad: ({ operand: from, axis, before, after }, _, { tangents }) =>
    through(tangents.get(from), (t) => pad(t, axis, before + after, 0)),
  // the first piece only
  concat: ({ operands, axis }, _, { tangents }) =>
    concat(
      operands.map((piece, i) => (i === 0 ? (tangents.get(piece) ?? zeros(piece.shape)) : zeros(piece.shape))),
      axis,
    ),
  window: ({ operand: from, windows }, _, { tangents }) =>
    through(tangents.get(from), (t) =>
      windowed(
        t,
        windows.map((w) => ({ ...w, dilation: -w.dilation })),
      ),
    ),
  windowAdjoint: ({ operand: from, windows, shape }, _, { tangents }) =>
    through(tangents.get(from), (t) => twice(windowAdjoint(t, windows, shape))),
};

/** Of JVP rules of primitives. */
export const forwardMutations: readonly Mutation[] = [
  ...Object.entries(wrongForward).map(([op, rule]) => ({
    name: `JVP of ${op}`,
    model: movementModel(),
    options: { derivations: forward({}, { [op]: rule }) },
    law: 'J v is the finite difference of z' as const,
    operation: op === 'reduce' ? 'max' : op,
  })),
  {
    name: 'JVP of iterate: the loop has no tangent',
    model: loop(),
    options: { derivations: forward({}, { iterate: () => undefined }) },
    law: 'J v is the finite difference of z',
  },
  {
    name: 'JVP of result: the value instead of its tangent',
    model: loop(),
    options: { derivations: forward({}, { result: (_, y) => y }) },
    law: 'J v is the finite difference of z',
  },
];

/** Wrong transposes of scalar functions, with a model whose derivative uses them. */
const wrongScalarTransposes: readonly (readonly [ScalarFunction, InspectedModel, ScalarTransposes])[] = [
  ['neg', scalarModel('neg'), { neg: (_, ct) => [ct] }],
  ['add', scalarModel('pow'), { add: (_, ct, [left]) => [left ? ct : undefined, undefined] }],
  ['sub', scalarModel('sub'), { sub: (_, ct, [left, right]) => [left ? ct : undefined, right ? ct : undefined] }],
  [
    'mul',
    scalarModel('tanh'),
    {
      mul: (operands, ct, [left, right]) => [
        left ? twice(map('mul', operand(operands, 1), ct)) : undefined,
        right ? twice(map('mul', operand(operands, 0), ct)) : undefined,
      ],
    },
  ],
  ['div', scalarModel('log'), { div: (operands, ct) => [map('mul', ct, operand(operands, 1)), undefined] }],
  [
    'select',
    scalarModel('select'),
    {
      select: (operands, ct, [, left, right]) => [
        undefined,
        left ? map('select', operand(operands, 0), zeros(ct.shape), ct) : undefined,
        right ? map('select', operand(operands, 0), ct, zeros(ct.shape)) : undefined,
      ],
    },
  ],
];

/** Wrong transposes of primitives. */
const wrongReverse: Partial<TransposeRules> = {
  contract: (node, ct, depends, rules) =>
    transposeRules.contract(node, ct, depends, rules)?.map((part) => part && twice(part)),
  // a mean instead of a sum
  reduce: (node, ct, depends, rules) =>
    transposeRules.reduce(node, ct, depends, rules)?.map((part) => part && map('mul', literal(0.5), part)),
  // a maximum instead of a sum
  broadcast: ({ shape, axes }, ct) => [
    reduce(
      'max',
      ct,
      [...shape.keys()].filter((axis) => !axes.includes(axis)),
    ),
  ],
  transpose: (node, ct, depends, rules) =>
    transposeRules.transpose(node, ct, depends, rules)?.map((part) => part && negative(part)),
  reshape: (node, ct, depends, rules) =>
    transposeRules.reshape(node, ct, depends, rules)?.map((part) => part && twice(part)),
  // zeros on the other side
  slice: ({ operand: from, axis, start, stop }, ct) => [pad(ct, axis, Number(from.shape[axis]) - stop, start)],
  // from the beginning, zeros included
  pad: ({ operand: from, axis }, ct) => [slice(ct, axis, 0, Number(from.shape[axis]))],
  // every piece from the beginning
  concat: ({ operands, axis }, ct, depends) =>
    operands.map((piece, i) => (depends[i] ? slice(ct, axis, 0, Number(piece.shape[axis])) : undefined)),
  window: ({ operand: from, windows }, ct) => [
    windowAdjoint(
      ct,
      windows.map((w) => ({ ...w, dilation: -w.dilation })),
      from.shape,
    ),
  ],
  windowAdjoint: ({ windows }, ct) => [
    windowed(
      ct,
      windows.map((w) => ({ ...w, dilation: -w.dilation })),
    ),
  ],
};

/** Of transposes. */
export const reverseMutations: readonly Mutation[] = [
  ...wrongScalarTransposes.map(([fn, model, rules]) => ({
    name: `transpose of ${fn}`,
    model,
    options: { derivations: reverse(rules) },
    law: adjoint,
    operation: fn,
  })),
  ...Object.entries(wrongReverse).map(([op, rule]) => ({
    name: `transpose of ${op}`,
    model: movementModel(),
    options: { derivations: reverse({}, { [op]: rule }) },
    law: adjoint,
    operation: op === 'reduce' ? 'sum' : op,
  })),
  ...(
    [
      ['the first use counts', (sum: Expr) => sum],
      ['the last use counts', (_: Expr, contribution: Expr) => contribution],
      ['uses are subtracted', (sum: Expr, contribution: Expr) => map('sub', sum, contribution)],
    ] as const
  ).map(([what, accumulate]) => ({
    name: `transposition: ${what}`,
    model: scalarModel('log'),
    options: { derivations: reverse({}, {}, accumulate) },
    law: adjoint,
  })),
];
