import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type { InspectedLevel } from '../../../compiler/inspect/data.js';
import { inspect } from '../../../compiler/inspect/inspect.js';
import { writeNode } from '../../../compiler/print/notation.js';
import {
  averagePool2d,
  type ConvolutionOptions,
  conv2d,
  type Expr,
  input,
  maxPool2d,
  parameterSpace,
  primitives,
  sum,
  tanh,
  typed,
} from '../../../dsl/index.js';

type Options = Omit<ConvolutionOptions, 'name' | 'filters'>;

const image = input('x', ['batch', 3, 11, 11]);

/** The first and the last level of G v of an output, with the sum of its squares for a loss. */
const levelsOf = (output: Expr): readonly InspectedLevel[] => {
  const parameters = parameterSpace([output]);
  if (E.isLeft(parameters)) throw new Error(JSON.stringify(parameters.left));
  const loss = (z: Expr): Expr => sum(primitives.map('mul', typed(z), typed(z)));
  const result = inspect({ name: 'images', output, loss, parameters: parameters.right }, 'ggn');
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  const { levels } = result.right.inspection;
  return [...levels.slice(0, 1), ...levels.slice(-1)];
};

const convolution = (x: Expr, options: ConvolutionOptions): Expr => conv2d(typed(x), options);

const twoConvolutions = (options: Options): Expr => {
  const hidden = tanh(convolution(image, { name: '1', filters: 4, kernel: 3 }));
  return convolution(hidden, { name: '2', filters: 5, ...options });
};

const definition = (level: InspectedLevel, key: string): string => {
  const found = level.values.find((value) => value.key === key);
  if (found === undefined) throw new Error(`no ${key}`);
  return found.definition.math;
};

describe('convolutions as mathematics', () => {
  const cases: readonly (readonly [string, Options, string, string, string])[] = [
    ['plain', { kernel: 3 }, '⋆', '⋆ᵀ', '⋆[batch]'],
    ['strides that leave a rest', { kernel: 2, stride: 3 }, '⋆[stride 3]', '', '⋆[batch, stride 3]'],
    ['strides', { kernel: 3, stride: 2 }, '⋆[stride 2]', '⋆ᵀ[stride 2]', '⋆[batch, stride 2]'],
    ['dilation', { kernel: 3, dilation: 2 }, '⋆[dilation 2]', '⋆ᵀ[dilation 2]', '⋆[batch, dilation 2]'],
    [
      'stride and dilation',
      { kernel: 3, stride: 2, dilation: 2 },
      '⋆[stride 2, dilation 2]',
      '⋆ᵀ[stride 2, dilation 2]',
      '⋆[batch, stride 2, dilation 2]',
    ],
  ];
  for (const [what, options, forward, transpose, gradient] of cases)
    it(`are a correlation and its two transposes, as derived and after every pass: ${what}`, () => {
      for (const level of levelsOf(twoConvolutions(options))) {
        expect(definition(level, 'z1')).to.equal('W₁ ⋆ x + b₁');
        expect(definition(level, 'ż2')).to.equal(`W₂ ${forward} ȧ₁ + Ẇ₂ ${forward} a₁ + ḃ₂`);
        const [weights = '', ...product] = definition(level, 'Gv.W2').split(' ');
        expect([weights[0], product.join(' ')]).to.deep.equal(['δ', `${gradient} a₁`]);
        // the transpose of windows that do not overlap becomes a reshape
        if (transpose !== '') expect(definition(level, 'δ̇1'), level.pass).to.include(`(W₂ ${transpose} `);
      }
    });

  it('name the zeros around an image', () => {
    for (const level of levelsOf(convolution(image, { name: '1', filters: 4, kernel: 3, padding: 1 }))) {
      expect(definition(level, 'Gv.W1')).to.match(/^\S+ ⋆\[batch, padding 1\] x$/);
      expect(level.values.map(({ definition: { math } }) => math).join('\n')).to.include('Ẇ₁ ⋆[padding 1] x');
    }
  });

  it('are einsums as text', () => {
    const [level] = levelsOf(twoConvolutions({ kernel: 3 })).slice(-1);
    expect(level?.values.find(({ key }) => key === 'z1')?.definition.text).to.equal(
      'einsum[abcdef,gbef→agcd](windows[3×3](x), W1) + b1',
    );
  });

  it('stay einsums where they are another product of windows', () => {
    const of = (operand: Expr) => ({ text: operand.node.op, binds: 5 });
    const math = (expr: Expr): string => writeNode(expr, 'math', of, () => false).text;
    const windows = (x: Expr, dilation = 1): Expr =>
      primitives.windowed(
        x,
        [2, 3].map((axis) => ({ axis, size: 3, stride: 1, dilation })),
      );
    const weights: Expr = input('w', [4, 3, 3, 3]);
    const product = (x: Expr, labels: readonly number[], output: readonly number[]): Expr =>
      primitives.contract(x, [0, 1, 2, 3, 4, 5], weights, labels, output);
    expect(math(product(windows(image), [6, 1, 4, 5], [0, 6, 2, 3]))).to.equal('input ⋆ input');
    // taps the other way round, filters last, a convolution that is not zero-padded far enough
    expect(math(product(windows(image), [6, 1, 5, 4], [0, 6, 2, 3]))).to.match(/^einsum/);
    expect(math(product(windows(image), [6, 1, 4, 5], [0, 2, 3, 6]))).to.match(/^einsum/);
    const transposed = (margin: number): Expr => {
      const delta: Expr = input('d', ['batch', 4, 9, 9]);
      const padded = [2, 3].reduce((x, axis) => primitives.pad(x, axis, margin, margin), delta);
      return primitives.contract(windows(padded, -1), [0, 1, 2, 3, 4, 5], weights, [1, 6, 4, 5], [0, 6, 2, 3]);
    };
    expect(math(transposed(2))).to.equal('input ⋆ᵀ input');
    expect(math(transposed(1))).to.match(/^einsum/);
    // what has a name is written by it
    const named = windows(image);
    const inside = product(named, [6, 1, 4, 5], [0, 6, 2, 3]);
    expect(writeNode(inside, 'math', of, (e) => e === named).text).to.match(/^einsum.*\(window, input\)$/);
  });

  it('of 1 × 1 elements are transposed as others are, and their part of the result has its name', () => {
    const pooledFirst = (x: Expr): Expr => averagePool2d(typed<['batch', 4, 9, 9]>(x), { size: 2 });
    const hidden = pooledFirst(tanh(convolution(image, { name: '1', filters: 4, kernel: 3 })));
    for (const level of levelsOf(tanh(convolution(hidden, { name: '2', filters: 5, kernel: 1 })))) {
      expect(definition(level, 'δ̇1')).to.match(/^tanh′\(z₁\) ⊙ sumpool₂ᵀ\(\(W₂ ⋆ᵀ δ̇₂\) \/ /);
      expect(definition(level, 'Gv.W2'), level.pass).to.include('δ̇₂').and.to.include('pool₁');
    }
  });

  it('with groups are einsums', () => {
    const grouped = convolution(input('x', ['batch', 4, 5, 5]), { name: '1', filters: 4, kernel: 3, groups: 2 });
    for (const level of levelsOf(grouped)) {
      const all = level.values.map(({ definition: { math } }) => math).join('\n');
      expect(all).to.include('einsum').and.to.not.include('⋆');
    }
  });
});

describe('pools as mathematics', () => {
  type Pooling = (x: Expr<['batch', 4, 9, 9]>) => Expr;
  const levels = (pool: Pooling, options: Options = { kernel: 2 }): readonly InspectedLevel[] =>
    levelsOf(
      convolution(pool(typed(tanh(convolution(image, { name: '1', filters: 4, kernel: 3 })))), {
        name: '2',
        filters: 5,
        ...options,
      }),
    );
  const pooled = (pool: Pooling): readonly string[] => levels(pool).map((level) => definition(level, 'pool1'));

  it('tell the size of their windows, and their stride where they overlap', () => {
    // a row and a column of 9 × 9 fill no window of 2 × 2
    expect(pooled((x) => maxPool2d(x, { size: 2 }))).to.deep.equal(['maxpool₂(a₁)', 'maxpool₂(a₁)']);
    expect(pooled((x) => maxPool2d(x, { size: 3, stride: 2 }))).to.deep.equal([
      'maxpool[3, stride 2](a₁)',
      'maxpool[3, stride 2](a₁)',
    ]);
    for (const text of pooled((x) => averagePool2d(x, { size: 3 }))) expect(text).to.match(/^sumpool₃\(a₁\) \/ /);
  });

  it('have transposes: of a mean, its share for every element; of a maximum, windows added up', () => {
    const back = (pool: Pooling, options?: Options): readonly string[] =>
      levels(pool, options).map((level) => definition(level, 'δ̇1').replace('tanh′(z₁) ⊙ ', ''));
    expect(back((x) => averagePool2d(x, { size: 2 }))).to.deep.equal([
      'sumpool₂ᵀ((W₂ ⋆ᵀ δ̇₂) / (2 ⊙ 2))',
      'sumpool₂ᵀ((W₂ ⋆ᵀ δ̇₂) / 4)',
    ]);
    expect(back((x) => averagePool2d(x, { size: 3 }))).to.deep.equal([
      'sumpool₃ᵀ((W₂ ⋆ᵀ δ̇₂) / (3 ⊙ 3))',
      'sumpool₃ᵀ(t₁)',
    ]);
    expect(back((x) => averagePool2d(x, { size: 3, stride: 2 }))).to.deep.equal([
      'sumpoolᵀ[3, stride 2]((W₂ ⋆ᵀ δ̇₂) / (3 ⊙ 3))',
      'sumpoolᵀ[3, stride 2]((W₂ ⋆ᵀ δ̇₂) / 9)',
    ]);
    const maximum = ['overlapAdd[2×2/2×2](t₁ ⊙ (W₂ ⋆ᵀ δ̇₂))', 'overlapAdd[2×2/2×2](t₁ ⊙ (W₂ ⋆ᵀ δ̇₂))'];
    expect(back((x) => maxPool2d(x, { size: 2 }))).to.deep.equal(maximum);
    expect(back((x) => maxPool2d(x, { size: 3, stride: 2 }))).to.deep.equal(
      maximum.map((text) => text.replace('2×2/', '3×3/')),
    );
  });
});
