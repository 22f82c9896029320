import { expect } from 'chai';
import { compile } from '../../../compiler/compile.js';
import { kernelsOf } from '../../../compiler/cost.js';
import type { Program } from '../../../compiler/program.js';
import { make, typed } from '../../../dsl/expr.js';
import { iterate } from '../../../dsl/iterate.js';
import type { Expr } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import type { Shape } from '../../../dsl/shape.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import { rightOf } from '../../support/evaluation.js';
import { numbers } from '../../support/numbers.js';
import { allSteps, machine } from '../../support/programs.js';
import { compiledDistance, inputsOf, programDistance, programOf } from '../../support/staging.js';

const { map } = p;
const sizes = { n: 3 };
const input = (name: string, shape: Shape): Expr => make({ op: 'input', name, shape });
const x = input('x', ['n', 4]);
const y = input('y', ['n', 4]);
const s = input('s', []);
const image = input('image', ['n', 7, 9]);
const values = new Map([
  ['x', numbers(1, 12)],
  ['y', numbers(2, 12)],
  ['s', numbers(3, 1)],
  ['image', numbers(4, 189)],
]);

type Counted<N extends string> = Readonly<Record<N | 'count', Expr>>;
const below = (count: Expr, bound: Expr | number): Expr<[]> =>
  typed(map('less', count, typeof bound === 'number' ? p.literal(bound) : bound));
const next = (count: Expr): Expr => map('add', count, p.literal(1));
const zero = p.literal(0);

const agrees = (...outputs: readonly Expr[]): void => {
  expect(compiledDistance(outputs, values, sizes)).to.be.below(1e-13);
};
const kernelCount = (program: Program): number => program.stages.flatMap(({ steps }) => kernelsOf(steps)).length;

describe('lowering', () => {
  it('an output that is an input, a reshape of one, or given twice, needs no kernel', () => {
    const outputs = [x, p.reshape(x, [4, 'n']), x, s];
    agrees(...outputs);
    expect(kernelCount(programOf(outputs, sizes))).to.equal(0);
  });

  it('views of an input that are outputs are copied out', () => {
    agrees(
      p.transpose(x, [1, 0]),
      p.slice(x, 1, 1, 3),
      p.reshape(p.transpose(x, [1, 0]), [2, 2, 'n']),
      p.reshape(p.slice(x, 1, 1, 3), [2, 'n']),
    );
  });

  it('outputs that are constants', () => {
    const outputs = [
      p.literal(2.5),
      p.size('n'),
      p.iota(5),
      p.broadcastTo(p.literal(-1), [2, 'n'], []),
      p.literal(2.5),
    ];
    agrees(...outputs, x, p.reshape(p.iota(6), [2, 3]));
  });

  it('constants that JSON cannot tell apart', () => {
    const spread = (value: number): Expr => map('mul', s, p.literal(value));
    const clamp = (low: number, high: number): Expr => map('min', map('max', x, p.literal(low)), p.literal(high));
    agrees(clamp(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
    agrees(
      map('div', p.literal(1), map('mul', map('add', s, p.literal(-0)), p.literal(0.5))),
      spread(Number.POSITIVE_INFINITY),
    );
    agrees(map('select', map('isFinite', x), p.literal(Number.NaN), p.literal(Number.POSITIVE_INFINITY)));
  });

  it('concatenations along every axis, of slices, pads, inputs and constants', () => {
    const pieces = [
      x,
      map('exp', y),
      p.slice(x, 1, 1, 2),
      p.pad(y, 1, 1, 2),
      p.broadcastTo(p.literal(7), ['n', 2], []),
    ];
    agrees(
      p.concat(pieces, 1),
      p.concat(
        pieces.map((e) => p.transpose(e, [1, 0])),
        0,
      ),
    );
    agrees(p.concat([p.iota(3), p.slice(p.iota(5), 0, 2, 4), p.reshape(s, [1])], 0));
    agrees(map('mul', p.concat([x, y], 1), p.concat([y, x], 1)), p.reduce('max', p.concat([x, y], 1), [1]));
  });

  it('windows and their adjoints for all strides, sizes and dilations that fit', () => {
    for (const stride of [1, 2, 3])
      for (const size of [1, 2, 3])
        for (const dilation of [-2, -1, 1, 2]) {
          const windows = [
            { axis: 2, size, stride, dilation },
            { axis: 1, size: 2, stride: 2, dilation: 1 },
          ];
          const slid = p.windowed(image, windows);
          const back = p.windowAdjoint(map('tanh', slid), windows, ['n', 7, 9]);
          agrees(slid, back, map('mul', back, image), p.reduce('max', slid, [3, 4]), p.reduce('argmax', slid, [3, 4]));
        }
  });

  it('pads are zeros, whatever is computed from what is padded', () => {
    // exp(0) = 1 and 1 / 0 = ∞ must not show outside
    const padded = p.pad(map('exp', x), 1, 2, 1);
    agrees(
      padded,
      p.reduce('sum', padded, [1]),
      map('add', p.literal(1), padded),
      p.pad(map('div', p.literal(1), y), 0, 0, 0),
    );
    agrees(
      p.pad(p.pad(x, 1, 1, 1), 1, 1, 0),
      p.slice(p.pad(x, 1, 3, 3), 1, 1, 6),
      p.windowed(padded, [{ axis: 1, size: 3, stride: 2, dilation: 1 }]),
    );
  });

  it('folds of folds, of their own results, and several in one expression', () => {
    const row = p.reduce('sum', x, [1]);
    const peak = p.reduce('max', x, [1]);
    agrees(map('div', row, map('add', peak, p.literal(5))), p.reduce('max', map('mul', row, peak), [0]));
    agrees(p.contract(p.contract(x, [0, 1], y, [2, 1], [0, 2]), [0, 1], x, [1, 2], [0, 2]));
    agrees(p.contract(p.pad(map('tanh', x), 1, 1, 0), [0, 1], p.pad(map('tanh', x), 1, 0, 1), [2, 1], [0, 2]));
  });
});

describe('loops', () => {
  it('variables that swap, and rotate', () => {
    const swap = iterate<Counted<'a' | 'b'>>({
      initial: { count: zero, a: x, b: y },
      step: ({ count, a, b }) => ({ count: next(count), a: b, b: a }),
      proceed: ({ count }) => below(count, 3),
    });
    const rotate = iterate<Counted<'a' | 'b' | 'c'>>({
      initial: { count: zero, a: x, b: y, c: map('mul', x, y) },
      step: ({ count, a, b, c }) => ({ count: next(count), a: b, b: c, c: map('tanh', a) }),
      proceed: ({ count }) => below(count, 4),
    });
    agrees(swap.a, swap.b, rotate.a, rotate.b, rotate.c);
  });

  it('variables that shift: the old value of one is the new one of the next', () => {
    const fibonacci = iterate<Counted<'a' | 'b'>>({
      initial: { count: zero, a: zero, b: p.literal(1) },
      step: ({ count, a, b }) => ({ count: next(count), a: b, b: map('add', a, b) }),
      proceed: ({ count }) => below(count, 10),
    });
    const run = machine(programOf([fibonacci.a, fibonacci.b], sizes));
    expect(run('run', {})).to.deep.equal({ y0: Float64Array.of(55), y1: Float64Array.of(89) });
  });

  it('variables that become constants, inputs, or stay; conditions that are data', () => {
    const { a, b, c, open } = iterate<Readonly<Record<'open' | 'a' | 'b' | 'c', Expr>>>({
      initial: { open: p.literal(1), a: x, b: x, c: y },
      step: (v) => ({ open: zero, a: y, b: p.broadcastTo(p.literal(3), ['n', 4], []), c: v.c }),
      proceed: (v) => typed<[]>(v.open),
    });
    agrees(a, b, c, open);
    expect([...(machine(programOf([open], sizes))('run', {}).y0 ?? [])]).to.deep.equal([0]);
  });

  it('that never run give what they started from; a data-dependent condition stops them', () => {
    const times = (bound: Expr | number) =>
      iterate<Counted<'a'>>({
        initial: { count: zero, a: x },
        step: ({ count, a }) => ({ count: next(count), a: map('mul', a, p.literal(2)) }),
        proceed: ({ count, a }) =>
          typed<[]>(map('mul', below(count, bound), map('less', p.reduce('max', a, [0, 1]), p.literal(10)))),
      });
    agrees(times(0).a, times(0).count, times(100).a, times(100).count, times(map('add', s, p.literal(3))).count);
  });

  it('nested, with the inner one started anew every round', () => {
    const { total, seen } = iterate<Counted<'total' | 'seen'>>({
      initial: { count: zero, total: map('mul', zero, x), seen: zero },
      step: ({ count, total: sum, seen: rounds }) => {
        const inner = iterate<Counted<'z'>>({
          initial: { count: zero, z: map('add', x, sum) },
          step: (v) => ({ count: next(v.count), z: map('tanh', map('add', v.z, map('mul', count, y))) }),
          proceed: (v) => below(v.count, next(count)),
        });
        return { count: next(count), total: map('add', sum, inner.z), seen: map('add', rounds, inner.count) };
      },
      proceed: ({ count }) => below(count, 4),
    });
    agrees(total, seen);
    // 1 + 2 + 3 + 4 rounds
    expect([...(machine(programOf([seen], sizes))('run', {}).y0 ?? [])]).to.deep.equal([10]);
  });

  it('work that does not depend on the variables is done once, before', () => {
    const invariant = p.contract(map('exp', x), [0, 1], map('exp', y), [2, 1], [0, 2]);
    const { a } = iterate<Counted<'a'>>({
      initial: { count: zero, a: p.reduce('sum', x, [1]) },
      step: ({ count, a: v }) => ({ count: next(count), a: map('tanh', p.contract(invariant, [0, 1], v, [1], [0])) }),
      proceed: ({ count }) => below(count, 3),
    });
    agrees(a);
    const program = programOf([a], sizes);
    const loop = program.stages.flatMap(({ steps }) => steps).find(({ kind }) => kind === 'loop');
    const inside = JSON.stringify(allSteps(loop === undefined ? [] : [loop]));
    expect(inside).to.include('"fn":"tanh"');
    expect(inside).not.to.include('"fn":"exp"');
  });

  it('in a later stage use what an earlier stage computed', () => {
    const step = map('exp', x);
    const { a } = iterate<Counted<'a'>>({
      initial: { count: zero, a: y },
      step: ({ count, a: v }) => ({ count: next(count), a: map('mul', map('tanh', v), step) }),
      proceed: ({ count }) => below(count, 3),
    });
    const program = rightOf(
      compile({
        name: 'staged',
        sizes,
        stages: [
          { name: 'first', inputs: [x], outputs: {} },
          { name: 'second', inputs: [y], outputs: { y0: a } },
        ],
      }),
    );
    expect(programDistance(program, [a], values, sizes)).to.be.below(1e-13);
    expect(JSON.stringify(program.stages[0]?.steps)).to.include('"fn":"exp"');
    expect(JSON.stringify(program.stages[1]?.steps)).not.to.include('"fn":"exp"');
  });
});

describe('the interpreter as a target', () => {
  const program = programOf([map('tanh', x), p.reduce('sum', x, [0, 1])], sizes);
  const given = { x: Float32Array.from(values.get('x') ?? []) };

  it('gives scalars as numbers and arrays as handles', async () => {
    const executable = rightOf(await interpreterTarget.compile(program)());
    const { scalars, arrays } = rightOf(await executable.run('run', given)());
    expect(scalars).to.have.all.keys('y1');
    expect(scalars.y1).to.be.closeTo(
      given.x.reduce((a, b) => a + b, 0),
      1e-6,
    );
    const handle = arrays.y0;
    if (handle === undefined) throw new Error('no handle of y0');
    const read = rightOf(await handle.read());
    expect([...read]).to.deep.equal([...given.x.map(Math.tanh)]);
  });

  it('runs no kernel of a program that only passes its inputs on', () => {
    expect(inputsOf([x, y]).map(String)).to.deep.equal([String(x), String(y)]);
    expect(kernelCount(programOf([x, y], sizes))).to.equal(0);
  });
});
