import { expect } from 'chai';
import { compile, type ProgramExpressions } from '../../compiler/compile.js';
import { jvp } from '../../compiler/differentiate/derive.js';
import { shapeError } from '../../dsl/error.js';
import { freshVariable, invalid, make, typed } from '../../dsl/expr.js';
import { iterate } from '../../dsl/iterate.js';
import type { Expr } from '../../dsl/node.js';
import { literal, map, reduce, size } from '../../dsl/primitives.js';
import type { Shape } from '../../dsl/shape.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { machine } from '../support/programs.js';

const input = (name: string, shape: Shape): Expr => make({ op: 'input', name, shape });
const x = input('x', ['n']);
const v = input('v', ['n']);

const program = (
  stages: ProgramExpressions['stages'],
  sizes: ProgramExpressions['sizes'] = { n: 3 },
): ProgramExpressions => ({ name: 'test', sizes, stages });

const one = (output: Expr, inputs: readonly Expr[] = [x]): ProgramExpressions =>
  program([{ name: 'run', inputs, outputs: { y: output } }]);

/** What is refused, and what the error says was expected and found. */
const refused: readonly (readonly [what: string, ProgramExpressions, expected: string, actual: string])[] = [
  [
    'a free parameter',
    one(make({ op: 'parameter', name: 'W1', shape: ['n'] })),
    'parameter W1 bound to a view of θ (bindParameters)',
    'a free parameter',
  ],
  ['a free variable', one(freshVariable<Shape>('t', ['n'])), 'variables bound by a loop only', 'the free variable t'],
  [
    'an input that no stage has',
    one(v),
    'input v among the inputs of stage run or an earlier one',
    'nothing of that name and shape',
  ],
  [
    'an input of another shape than the stage has',
    one(input('x', [3])),
    'input x among the inputs of stage run or an earlier one',
    'nothing of that name and shape',
  ],
  [
    'an input of a later stage in an earlier one',
    program([
      { name: 'first', inputs: [x], outputs: { y: map('add', x, v) } },
      { name: 'second', inputs: [v], outputs: {} },
    ]),
    'input v among the inputs of stage first or an earlier one',
    'nothing of that name and shape',
  ],
  [
    'two stages of one name',
    program([
      { name: 'run', inputs: [x], outputs: { y: x } },
      { name: 'run', inputs: [v], outputs: { z: v } },
    ]),
    'stages of different names',
    'run twice',
  ],
  ['two inputs of one name', one(x, [x, input('x', [7])]), 'inputs of different names', 'x twice'],
  ['an input twice', one(x, [x, x]), 'inputs of different names', 'x twice'],
  ['an input that is no leaf', one(x, [x, map('exp', x)]), 'input leaves as inputs of stages', String(map('exp', x))],
  [
    'a dimension without a size',
    program([{ name: 'run', inputs: [x], outputs: { y: x } }], {}),
    'a size of at least 1 for dimension n',
    'undefined for x [n]',
  ],
  ['a size without a dimension', one(size('m')), 'a size of at least 1 for dimension m', 'undefined for size(m) []'],
  [
    'an empty dimension',
    program([{ name: 'run', inputs: [x], outputs: { y: x } }], { n: 0 }),
    'a size of at least 1 for dimension n',
    '0 for x [n]',
  ],
  [
    'half a dimension',
    program([{ name: 'run', inputs: [x], outputs: { y: x } }], { n: 2.5 }),
    'a size of at least 1 for dimension n',
    '2.5 for x [n]',
  ],
];

describe('compile refuses', () => {
  for (const [what, source, expected, actual] of refused)
    it(what, () => {
      // where it is, test/compiler/print/path.test.ts says
      const { path, ...error } = leftOf(compile(source));
      expect(error).to.deep.equal({ _tag: 'NameError', operation: 'compile', expected, actual });
      expect(path).to.be.an('array');
    });

  it('a mistake anywhere in an output, with the mistake itself', () => {
    const error = shapeError('matmul', 'equal inner sizes', [2, 3], [4, 5]);
    expect(leftOf(compile(one(map('add', x, invalid(error)))))).to.deep.equal({ ...error, path: ['y'] });
  });

  it('a loop variable that is used outside of its loop', () => {
    const leaked: Expr[] = [];
    const { a } = iterate<{ readonly a: Expr }>({
      initial: { a: x },
      step: (variables) => {
        leaked.push(variables.a);
        return { a: map('tanh', variables.a) };
      },
      proceed: (variables) => typed<[]>(map('less', reduce('sum', variables.a, [0]), literal(0))),
    });
    const error = leftOf(compile(one(map('add', a, leaked[0] ?? a))));
    expect(error).to.deep.include({
      _tag: 'NameError',
      operation: 'compile',
      expected: 'variables used inside their loop only',
    });
  });
});

describe('compile gives', () => {
  const twoStages = rightOf(
    compile(
      program([
        { name: 'first', inputs: [x], outputs: { y: map('exp', x), same: x } },
        { name: 'second', inputs: [v], outputs: { z: map('mul', map('exp', x), v), total: reduce('sum', v, [0]) } },
      ]),
    ),
  );

  it('the stages with their ports: names, bound shapes, and buffers of their length', () => {
    expect(twoStages.stages.map(({ name }) => name)).to.deep.equal(['first', 'second']);
    const ports = twoStages.stages.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
    expect(ports.map(({ name, shape }) => [name, shape])).to.deep.equal([
      ['x', [3]],
      ['y', [3]],
      ['same', [3]],
      ['v', [3]],
      ['z', [3]],
      ['total', []],
    ]);
    const kinds = twoStages.stages.flatMap(({ inputs }) => inputs.map(({ buffer }) => twoStages.buffers[buffer]?.kind));
    expect(kinds).to.deep.equal(['input', 'input']);
  });

  it('what a later stage shares with an earlier one only once', () => {
    const exponentials = (stage: number): number =>
      (twoStages.stages[stage]?.steps ?? []).filter((step) => JSON.stringify(step).includes('"fn":"exp"')).length;
    expect([exponentials(0), exponentials(1)]).to.deep.equal([1, 0]);
  });

  it('the same program for the same expressions', () => {
    const again = one(map('mul', map('exp', x), x));
    expect(rightOf(compile(again))).to.deep.equal(rightOf(compile(again)));
  });

  it('a loop together with its derivative, each with variables of its own', () => {
    // a ← a² for as long as Σ a < 10: from x = [1, 2, 1] to [1, 16, 1], whose derivative along v is 4 x³ v
    const { a } = iterate<{ readonly a: Expr }>({
      initial: { a: x },
      step: (variables) => ({ a: map('mul', variables.a, variables.a) }),
      proceed: (variables) => typed<[]>(map('less', reduce('sum', variables.a, [0]), literal(10))),
    });
    const outputs = { y: a, yDot: jvp(a, new Map([[x, v]])) };
    const run = machine(rightOf(compile(program([{ name: 'run', inputs: [x, v], outputs }]))), 'arena');
    const { y = [], yDot = [] } = run('run', { x: [1, 2, 1], v: [1, 1, 2] });
    expect([[...y], [...yDot]]).to.deep.equal([
      [1, 16, 1],
      [4, 32, 8],
    ]);
  });
});
