/** Expressions built wrongly through the public language: each is `invalid` or a Left that says why, and nothing throws. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { compile, evaluate, grad, jvp } from '../../../compiler/index.js';
import * as language from '../../../dsl/index.js';
import { problem } from '../../../optim/index.js';
import { foreign } from '../../support/foreign.js';
import type { Fuzzer } from '../fuzzer.js';
import { type Choices, choicesOf, type Ending, judge } from './case.js';

const dsl = { ...language };

/** A kind of argument. */
type Kind =
  | 'expr'
  | 'operand'
  | 'exprs'
  | 'axis'
  | 'axes'
  | 'number'
  | 'shape'
  | 'name'
  | 'dim'
  | 'options'
  | 'windows'
  | 'text';

const e = 'expr';
const o = 'operand';

/** What is called, with the kinds of its arguments. */
const calls: readonly (readonly [name: string, build: unknown, kinds: readonly Kind[]])[] = [
  ...(
    ['abs', 'exp', 'finite', 'gelu', 'identity', 'log', 'neg', 'relu', 'sigmoid', 'softplus', 'sqrt', 'square'] as const
  ).map((name) => [name, dsl[name], [e]] as const),
  ...(['stopGradient', 'tanh', 'flatten', 'globalAveragePool', 'logSoftmax', 'logSumExp', 'softmax'] as const).map(
    (name) => [name, dsl[name], [e]] as const,
  ),
  ...(['add', 'sub', 'mul', 'div', 'max', 'min', 'less', 'equal', 'pow'] as const).map(
    (name) => [name, dsl[name], [o, o]] as const,
  ),
  ...(['sum', 'mean', 'maximum'] as const).map((name) => [name, dsl[name], [e, 'axes']] as const),
  ...(['matmul', 'dot', 'outer', 'meanSquaredError', 'softmaxCrossEntropy', 'sigmoidCrossEntropy'] as const).map(
    (name) => [name, dsl[name], [e, e]] as const,
  ),
  ['select', dsl.select, [o, o, o]],
  ['argmax', dsl.argmax, [e, 'axis']],
  ['oneHot', dsl.oneHot, [e, 'number']],
  ['einsum', dsl.einsum, ['text', e, e]],
  ['reshape', dsl.reshape, [e, 'shape']],
  ['broadcast', dsl.broadcast, [e, 'shape']],
  ['transpose', dsl.transpose, [e, 'axes']],
  ['slice', dsl.slice, [e, 'axis', 'number', 'number']],
  ['pad', dsl.pad, [e, 'axis', 'number', 'number']],
  ['concat', dsl.concat, ['exprs', 'axis']],
  ['input', dsl.input, ['name', 'shape']],
  ['parameter', dsl.parameter, ['name', 'shape']],
  ['constant', dsl.constant, ['number']],
  ['size', dsl.size, ['dim']],
  ['iota', dsl.iota, ['dim']],
  ['dense', dsl.dense, [e, 'options']],
  ['mlp', dsl.mlp, [e, 'options']],
  ['conv2d', dsl.conv2d, [e, 'options']],
  ['maxPool2d', dsl.maxPool2d, [e, 'options']],
  ['averagePool2d', dsl.averagePool2d, [e, 'options']],
  ['batchNormalization', dsl.batchNormalization, [e, 'options']],
  ['network', dsl.network, [e, 'options']],
  ['vgg', dsl.vgg, [e, 'options']],
  ['primitives.map', dsl.primitives.map, ['text', e, e]],
  ['primitives.contract', dsl.primitives.contract, [e, 'axes', e, 'axes', 'axes']],
  ['primitives.reduce', dsl.primitives.reduce, ['text', e, 'axes']],
  ['primitives.broadcastTo', dsl.primitives.broadcastTo, [e, 'shape', 'axes']],
  ['primitives.windowed', dsl.primitives.windowed, [e, 'windows']],
  ['primitives.windowAdjoint', dsl.primitives.windowAdjoint, [e, 'windows', 'shape']],
];

const numbers = [-1, 0, 1, 2, 3, 4, 0.5, 2 ** 31, 2 ** 53, 1e308, Number.NaN, Number.POSITIVE_INFINITY, -0] as const;
const dims = [...numbers, 2, 3, 4, 'batch', 'n', '', '1x', 'a b', '__proto__'] as const;
const names = [
  'x',
  'W',
  'theta',
  '',
  '1',
  'a b',
  '__proto__',
  '__metadata__',
  'constructor',
  'x'.repeat(300),
  '\u0000',
] as const;
const texts = [
  'ij,jk->ik',
  'i,i->',
  'ij->',
  ',->',
  '',
  '->',
  'ii,i->i',
  'ij,jk',
  'add',
  'relu',
  'sum',
  'argmax',
  'exp',
  '__proto__',
  'toString',
] as const;
const keys = [
  'name',
  'units',
  'hidden',
  'outputs',
  'activation',
  'filters',
  'kernel',
  'stride',
  'padding',
  'dilation',
  'size',
  'type',
  'layers',
  'blocks',
  'epsilon',
  'bias',
  'share',
] as const;

/** What no type allows. */
const strangers: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Number.NaN,
  () => 'text',
  () => Symbol('s'),
  () => 10n,
  () => ({}),
  () => [],
  () => [null],
  () => () => 1,
  () => Object.create(null),
  () => ({ shape: ['batch', 2], node: { op: 'input' }, id: 3 }),
  () => ({ shape: 3, node: null }),
  () => Promise.resolve(1),
  () => new Float32Array(3),
];

const several = <A>(choices: Choices, most: number, one: () => A): readonly A[] =>
  Array.from({ length: choices.below(most + 1) }, one);

/** One wrong network: random calls, each over what earlier ones made. */
const built = (choices: Choices): { readonly exprs: readonly unknown[]; readonly how: string } => {
  const { below, of } = choices;
  const exprs: unknown[] = [
    dsl.input('x', ['batch', 4]),
    dsl.input('image', ['batch', 2, 5, 5]),
    dsl.parameter('W', [4, 3]),
    dsl.parameter('b', [3]),
    dsl.constant(2),
  ];
  // half of the cases hold the types of TypeScript, which cannot know sizes that are computed
  const lawless = below(2) === 0;
  const option = (): unknown =>
    of([...numbers, 2, 3, 'relu', 'tanh', 'same', 'valid', '', [2], [2, 2], ['a'], [0], [-1, 2], true, undefined, {}]);
  const whole = (): readonly unknown[] => exprs.filter((expr) => dsl.isExpr(expr) && expr.node.op !== 'invalid');
  // a mistake hides what comes after it: most operands carry none
  const operand = (): unknown => of(below(6) === 0 ? exprs : whole());
  const given = (kind: Kind): unknown => {
    if (lawless && below(5) === 0) return of(strangers)();
    switch (kind) {
      case 'expr':
        return operand();
      case 'operand':
        return below(3) === 0 ? of(numbers) : operand();
      case 'exprs':
        return several(choices, 3, operand);
      case 'axis':
        return of([0, 1, 2, ...numbers]);
      case 'axes':
        return below(4) === 0 ? undefined : several(choices, 3, () => of([0, 1, 2, 0, 1, ...numbers]));
      case 'number':
        return of(numbers);
      case 'shape':
        return several(choices, 4, () => of(dims));
      case 'name':
        return of(names);
      case 'dim':
        return of(dims);
      case 'text':
        return of(texts);
      case 'options':
        return Object.fromEntries(several(choices, 6, () => [of(keys), option()] as const));
      case 'windows':
        return several(choices, 2, () => ({
          axis: of(numbers),
          size: of(numbers),
          stride: of(numbers),
          dilation: of(numbers),
        }));
    }
  };
  const done: string[] = [];
  for (let turn = 1 + below(5); turn > 0; turn -= 1) {
    const [name, build, kinds] = of(calls);
    const values = kinds.map(given);
    done.push(
      `${name}(${values.map((value) => (dsl.isExpr(value) ? String(value).slice(0, 80) : dsl.showValue(value))).join(', ')})`,
    );
    try {
      exprs.push(foreign<(...all: readonly unknown[]) => unknown>(build)(...values));
    } catch (thrown) {
      throw new Error(`${done.join('; ')} threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    }
  }
  return { exprs, how: done.join('; ') };
};

/** What becomes of an expression: the first mistake on its way through the compiler. */
const ending = async (made: unknown): Promise<Ending> => {
  if (!dsl.isExpr(made)) throw new Error(`no expression was made, but ${dsl.showValue(made)}`);
  if (made.node.op !== 'invalid') String(made);
  const sizes: Readonly<Record<string, number>> = { batch: 3, n: 2 };
  const theta = dsl.input('t', []);
  const derived = jvp(made, new Map([[dsl.parameter('W', [4, 3]), dsl.parameter('V', [4, 3])]]));
  const gradient = grad(dsl.typed<[]>(dsl.sum(made)), [dsl.parameter('W', [4, 3])]);
  // refused or taken, it must not throw
  problem({
    name: 'p',
    input: dsl.input('x', ['batch', 4]),
    target: dsl.input('y', ['batch']),
    output: made,
    loss: (z) => dsl.typed<[]>(dsl.mean(z)),
    metric: 'loss',
    initialiser: dsl.initialisers.paperMlp,
  });
  // what is too large for a memory is not run, but must still be refused or compiled
  const elements = dsl
    .postorder([made])
    .map(({ shape }) => shape.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : 3), 1));
  const lengthOf = ({ shape }: language.Expr): number =>
    shape.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : (sizes[dim] ?? 1)), 1);
  const small = Math.max(...elements) <= 1e5;
  const leaves = dsl.postorder([made]).filter(({ node }) => small && (node.op === 'input' || node.op === 'parameter'));
  const environment = new Map(leaves.map((leaf) => [leaf, new Float64Array(lengthOf(leaf)).fill(1)]));
  const inputs = dsl.postorder([made, derived, ...gradient]).filter(({ node }) => node.op === 'input');
  return pipe(
    dsl.check(made),
    E.flatMap(() =>
      compile({ name: 'all', sizes, stages: [{ name: 's', inputs: [...inputs, theta], outputs: { made, derived } }] }),
    ),
    E.flatMap(() => (!small ? E.right([]) : evaluate([made], environment, sizes))),
    E.mapLeft(dsl.showDslError),
  );
};

/** The fuzzer of networks. */
export const networks: Fuzzer = {
  name: 'malformed-networks',
  run: async (seed) => {
    const choices = choicesOf(seed);
    try {
      const { exprs, how } = built(choices);
      return await judge(how, true, () => ending(exprs.at(-1)));
    } catch (thrown) {
      return E.left(thrown instanceof Error ? thrown.message : 'threw');
    }
  },
};
