/** Mistakes to plant, each through the door by which the shipped rule comes in. */
import { type CompilerRules, compilerRules } from '../../../compiler/compile.js';
import {
  type Derivations,
  derivations,
  derivationsOf,
  derivativeRules,
} from '../../../compiler/differentiate/derive.js';
import { type JvpRules, jvpRules } from '../../../compiler/differentiate/jvp.js';
import { type Tangent, type TangentRules, tangentRules } from '../../../compiler/differentiate/tangents.js';
import {
  type ReverseRules,
  reverseRules,
  type ScalarTransposes,
  scalarTransposes,
  type TransposeRules,
  transposeRules,
} from '../../../compiler/differentiate/transpose.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import type { StageRule } from '../../../compiler/lower/analysis.js';
import type { Expr, ScalarFunction } from '../../../dsl/index.js';
import { primitives } from '../../../dsl/index.js';
import { alike } from '../../../dsl/tuple.js';
import type { Law } from '../../../runtime/check/certificate.js';
import type { CheckOptions } from '../../../runtime/check/model.js';
import { classifier, loop, movementModel, scalarModel } from './subjects.js';

/** One mistake, and how it has to be reported. */
export interface Mutation {
  readonly name: string;
  /** A model that uses what is wrong. */
  readonly model: InspectedModel;
  readonly options: CheckOptions;
  /** A law that has to fail. */
  readonly law: Law;
  /** The operation that has to be named, where the mistake is one of an operation. */
  readonly operation?: string;
}

const { concat, contract, literal, map, pad, reduce, slice, windowAdjoint, windowed, zeros } = primitives;

const through = (t: Tangent, apply: (t: Expr) => Expr): Tangent => (t === undefined ? undefined : apply(t));
const twice = (expr: Expr): Expr => map('mul', literal(2), expr);
const negative = (expr: Expr): Expr => map('neg', expr);
const operand = (operands: readonly Expr[], i: number): Expr => {
  const found = operands[i];
  if (found === undefined) throw new Error(`no operand ${i}`);
  return found;
};

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

const tangentMutations: readonly Mutation[] = Object.entries(wrongTangents).flatMap(([fn, rules]) =>
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

const forwardMutations: readonly Mutation[] = [
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

const adjoint: Law = '⟨u, J v⟩ = ⟨Jᵀ u, v⟩';

const reverseMutations: readonly Mutation[] = [
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

/** Wrong functions of derivatives. */
const wrongFunctions: readonly (readonly [string, Partial<Derivations>, Law])[] = [
  [
    'jvpAll: twice',
    { jvpAll: (outputs, seeds) => alike(outputs, derivations.jvpAll(outputs, seeds).map(twice)) },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'jvp: twice',
    { jvp: (output, seeds) => twice(derivations.jvp(output, seeds)) },
    'J v is the finite difference of z',
  ],
  [
    'jvp: along the first of the parameters',
    { jvp: (output, seeds) => derivations.jvp(output, new Map([...seeds].slice(0, 1))) },
    'J v is the finite difference of z',
  ],
  [
    'transpose: the negative',
    {
      transpose: (outputs, cotangents, variables) =>
        alike(variables, derivations.transpose(outputs, cotangents, variables).map(negative)),
    },
    'its transpose takes u to Jᵀ u',
  ],
  [
    'linearize: half the map',
    {
      linearize: (output, wrt) => {
        const { variables, tangent } = derivations.linearize(output, wrt);
        return { variables, tangent: map('mul', literal(0.5), tangent) };
      },
    },
    'the map that linearize gives takes v to J v',
  ],
  [
    'vjp: the negative',
    { vjp: (output, wrt, ct) => alike(wrt, derivations.vjp(output, wrt, ct).map(negative)) },
    adjoint,
  ],
  [
    'vjp: 0 for the first',
    {
      vjp: (output, wrt, ct) =>
        alike(
          wrt,
          derivations.vjp(output, wrt, ct).map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    adjoint,
  ],
  [
    'grad: twice',
    { grad: (output, wrt) => alike(wrt, derivations.grad(output, wrt).map(twice)) },
    '⟨g, v⟩ is the finite difference of the loss',
  ],
  [
    'grad: 0 for the first',
    {
      grad: (output, wrt) =>
        alike(
          wrt,
          derivations.grad(output, wrt).map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    '⟨g, v⟩ is the finite difference of the loss',
  ],
  [
    'hessianVectorProduct: the gradient',
    { hessianVectorProduct: (output, wrt) => derivations.grad(output, wrt) },
    'H u is the finite difference of ∂loss/∂z',
  ],
  [
    'hessianVectorProduct: half of it',
    {
      hessianVectorProduct: (output, wrt, tangents) =>
        alike(
          wrt,
          derivations.hessianVectorProduct(output, wrt, tangents).map((part) => map('mul', literal(0.5), part)),
        ),
    },
    '∇²L v is the finite difference of g',
  ],
  [
    'hessianVectorProduct: the blocks of the diagonal',
    {
      hessianVectorProduct: (output, wrt, tangents) =>
        alike(
          wrt,
          wrt.flatMap((x, i) => derivations.hessianVectorProduct(output, [x], [operand(tangents, i)])),
        ),
    },
    '∇²L v is the finite difference of g',
  ],
  [
    'ggnVectorProduct: H is left out',
    {
      ggnVectorProduct:
        ({ output, parameters }) =>
        (tangents) =>
          derivations.vjp(
            output,
            parameters,
            derivations.jvp(output, new Map(parameters.map((x, i) => [x, operand(tangents, i)]))),
          ),
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: H twice',
    {
      ggnVectorProduct:
        ({ output, parameters }, loss) =>
        (tangents) => {
          const zDot = derivations.jvp(output, new Map(parameters.map((x, i) => [x, operand(tangents, i)])));
          const [once] = derivations.hessianVectorProduct(loss(output), [output], [zDot]);
          const [again] = derivations.hessianVectorProduct(loss(output), [output], [once]);
          return derivations.vjp(output, parameters, again);
        },
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: the Hessian of the loss in θ',
    {
      ggnVectorProduct:
        ({ output, parameters }, loss) =>
        (tangents) =>
          derivations.hessianVectorProduct(loss(output), parameters, tangents),
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: the negative',
    {
      ggnVectorProduct: (model, loss) => (tangents) =>
        alike(model.parameters, derivations.ggnVectorProduct(model, loss)(tangents).map(negative)),
    },
    '⟨v, G v⟩ ≥ 0',
  ],
  [
    'ggnVectorProduct: 0 for the first',
    {
      ggnVectorProduct: (model, loss) => (tangents) =>
        alike(
          model.parameters,
          derivations
            .ggnVectorProduct(
              model,
              loss,
            )(tangents)
            .map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    '⟨w, G v⟩ = ⟨v, G w⟩',
  ],
];

const functionMutations: readonly Mutation[] = wrongFunctions.map(([name, wrong, law]) => ({
  name,
  model: classifier(),
  options: { derivations: { ...derivations, ...wrong } },
  law,
}));

/** Wrong rules of stages. */
const wrongStages: readonly (readonly [string, StageRule, Law])[] = [
  ['everything is known at once', (own) => own, 'the program agrees with the expressions'],
  [
    'the stage of the operand that is known first',
    (own, operands) => Math.max(own, Math.min(...operands, own || 1)),
    'the program agrees with the expressions',
  ],
  [
    'operations wait for the last stage',
    (own, operands) => Math.max(own, ...operands, operands.length > 0 ? 1 : 0),
    'the program agrees with the expressions',
  ],
  [
    'conditions wait for the last stage',
    (own, operands) => Math.max(own, ...operands, operands.length > 2 ? 1 : 0),
    'what is known in a stage is computed there',
  ],
];

const stageMutations: readonly Mutation[] = wrongStages.map(([what, stage, law]) => ({
  name: `stages: ${what}`,
  model: law === 'what is known in a stage is computed there' ? scalarModel('select') : classifier(),
  options: { compiler: { ...compilerRules, stage } satisfies CompilerRules },
  law,
}));

/** Mistakes in derivatives and stages; those of simplification have a page of their own. */
export const mutations: readonly Mutation[] = [
  ...tangentMutations,
  ...forwardMutations,
  ...reverseMutations,
  ...functionMutations,
  ...stageMutations,
];
