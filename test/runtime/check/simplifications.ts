/** Mistakes in the rules of simplification. */
import { compilerRules } from '../../../compiler/compile.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import { mapRules, type ScalarIdentities, scalarIdentities } from '../../../compiler/simplify/pointwise.js';
import { type SimplifyRules, simplifyRules } from '../../../compiler/simplify/simplify.js';
import { uniform, uniformValue } from '../../../compiler/simplify/uniform.js';
import { type Expr, primitives } from '../../../dsl/index.js';
import type { Mutation } from './mutation.js';
import { classifier, convolution, movementModel, powerModel, scalarModel } from './subjects.js';

const { broadcastTo, concat, map, pad, reduce, reshape, slice, transpose, windowed } = primitives;

/** The shipped rules, with a wrong one tried before those of its primitive. */
const withRules = (wrong: SimplifyRules): SimplifyRules => ({
  ...simplifyRules,
  ...Object.fromEntries(
    Object.entries(wrong).map(([op, rules]) => [
      op,
      [...rules, ...(Object.entries(simplifyRules).find(([own]) => own === op)?.[1] ?? [])],
    ]),
  ),
});

const withIdentities = (wrong: ScalarIdentities): SimplifyRules =>
  withRules({ map: mapRules({ ...scalarIdentities, ...wrong }) });

/** What is wrong, where it shows, and the operation that is translated wrongly. */
const wrong: readonly (readonly [string, InspectedModel, SimplifyRules, string?])[] = [
  [
    'a + b = a, where b is a negation',
    scalarModel('sub'),
    withIdentities({ add: ([a, b]) => (b?.node.op === 'map' && b.node.fn === 'neg' ? a : undefined) }),
  ],
  [
    '1 − x = −x',
    scalarModel('tanh'),
    withIdentities({ sub: ([a, b]) => (a && b && uniformValue(a) === 1 ? map('neg', b) : undefined) }),
    'sub',
  ],
  [
    'c x = x',
    scalarModel('tanh'),
    withIdentities({ mul: ([a, b]) => (a && uniformValue(a) !== undefined ? b : undefined) }),
  ],
  ['a / b = a b', scalarModel('div'), withIdentities({ div: ([a, b]) => a && b && map('mul', a, b) }), 'div'],
  ['−x = x', scalarModel('neg'), withIdentities({ neg: ([a]) => a }), 'neg'],
  ['(c ? a : b) = a', scalarModel('select'), withIdentities({ select: ([, a]) => a }), 'select'],
  [
    'constants fold to 0',
    powerModel(),
    withRules({
      map: [
        ({ operands }, self) =>
          operands.every((e) => uniformValue(e) !== undefined) ? uniform(0, self.shape) : undefined,
      ],
    }),
  ],
  [
    'f(repeat x, y) is f(x, x), repeated',
    classifier(),
    withRules({
      map: [
        ({ fn, operands }, self) => {
          const [a, b] = operands;
          return a && b && fn === 'sub' && b.node.op === 'broadcast' && uniformValue(b) === undefined
            ? broadcastTo(map(fn, b.node.operand, b.node.operand), self.shape, b.node.axes)
            : undefined;
        },
      ],
    }),
    'sub',
  ],
  [
    'Σ a b = Σ a Σ b',
    scalarModel('tanh'),
    withRules({
      reduce: [
        ({ kind, operand, axes }) => {
          const [a, b] = operand.node.op === 'map' && operand.node.fn === 'mul' ? operand.node.operands : [];
          return kind === 'sum' && a && b ? map('mul', reduce('sum', a, axes), reduce('sum', b, axes)) : undefined;
        },
      ],
    }),
    'sum',
  ],
  [
    'a sum of negations forgets their sign',
    scalarModel('sub'),
    withRules({
      reduce: [
        ({ kind, operand, axes }) => {
          const [a] = operand.node.op === 'map' && operand.node.fn === 'neg' ? operand.node.operands : [];
          return kind === 'sum' && a ? reduce('sum', a, axes) : undefined;
        },
      ],
    }),
  ],
  [
    'products over the batch are 0',
    classifier(),
    withRules({
      contract: [
        ({ output }, self) =>
          self.shape.includes('batch') || output.length === 0 ? undefined : uniform(0, self.shape),
      ],
    }),
    'contract',
  ],
  [
    'what is repeated is not what was computed',
    movementModel(),
    withRules({
      broadcast: [
        ({ operand, shape, axes }) =>
          operand.node.op === 'map' && operand.node.fn === 'tanh'
            ? broadcastTo(operand.node.operands[0] ?? operand, shape, axes)
            : undefined,
      ],
    }),
    'broadcast',
  ],
  [
    'axes of one length are the same',
    movementModel(),
    withRules({
      transpose: [
        ({ operand, permutation }) => (permutation.join() === '2,0,1' ? transpose(operand, [1, 0, 2]) : undefined),
      ],
    }),
    'transpose',
  ],
  [
    'a reshaped part begins at the beginning',
    classifier(),
    withRules({
      reshape: [
        ({ operand, shape }) => {
          const { node } = operand;
          return node.op === 'slice' && node.start > 0
            ? reshape(slice(node.operand, node.axis, 0, node.stop - node.start), shape)
            : undefined;
        },
      ],
    }),
    'reshape',
  ],
  [
    'a part of an inner axis begins at the beginning',
    movementModel(),
    withRules({
      slice: [
        ({ operand, axis, start, stop }) => (axis > 0 && start > 0 ? slice(operand, axis, 0, stop - start) : undefined),
      ],
    }),
    'slice',
  ],
  [
    'zeros go before',
    movementModel(),
    withRules({
      pad: [({ operand, axis, before, after }) => (after > 0 ? pad(operand, axis, before + after, 0) : undefined)],
    }),
    'pad',
  ],
  [
    'a concatenation repeats its first piece',
    scalarModel('mul'),
    withRules({
      concat: [
        ({ operands, axis }) => {
          const [a, b] = operands;
          return a && b && a !== b && a.shape.join() === b.shape.join()
            ? concat(
                operands.map((): Expr => a),
                axis,
              )
            : undefined;
        },
      ],
    }),
    'concat',
  ],
  [
    'windows are read forwards',
    convolution(),
    withRules({
      window: [
        ({ operand, windows }) =>
          windows.some(({ dilation }) => dilation < 0)
            ? windowed(
                operand,
                windows.map((w) => ({ ...w, dilation: Math.abs(w.dilation) })),
              )
            : undefined,
      ],
    }),
  ],
  [
    'windows that overlap are put back as if they did not',
    convolution(),
    withRules({
      windowAdjoint: [
        ({ operand, shape }) => {
          const folded = reduce('sum', operand, [operand.shape.length - 1]);
          const missing = Number(shape[1]) - Number(folded.shape[1]);
          return shape.length === 2 ? pad(folded, 1, 0, missing) : undefined;
        },
      ],
    }),
  ],
];

/** The mistakes. */
export const simplificationMutations: readonly Mutation[] = wrong.map(([what, model, simplify, operation]) => ({
  name: `simplification: ${what}`,
  model,
  options: { compiler: { ...compilerRules, simplify } },
  law: 'every pass keeps the values',
  ...(operation === undefined ? {} : { operation }),
}));
