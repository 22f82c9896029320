/**
 * What a user's editor shows and costs. That every operator gives its exact type, and refuses what it must, is stated
 * in the other files of this folder, which `npm run typecheck` compiles.
 */
import { expect } from 'chai';
import { random } from '../../dsl/index.js';
import { arithmetic, compile, language } from './typescript.js';

const header = `import * as d from ${JSON.stringify(language)};\nconst x = d.input('x', ['batch', 784]);\n`;

describe('types in an editor', () => {
  it('a mistake’s message names the operation and both shapes', () => {
    const mistakes = {
      "d.matmul(x, d.parameter('W', [20, 10]))":
        'matmul: the inner dimensions 784 and 20 of [batch, 784] and [20, 10] differ',
      "d.add(x, d.input('y', ['batch', 10]))": 'add: the dimensions 784 and 10 of [batch, 784] and [batch, 10] differ',
      "d.dot(x, d.input('y', [3]))": 'dot: the shapes [batch, 784] and [3] differ',
      "d.reshape(x, ['batch', 28, 27])": 'reshape: [batch, 784] and [batch, 28, 27] hold different numbers of elements',
      'd.sum(x, 2)': 'sum: [batch, 784] has no axis 2',
      "d.softmaxCrossEntropy(x, d.input('y', ['time']))":
        'softmaxCrossEntropy: the batches of the logits [batch, 784] and the labels [time] differ',
      "d.conv2d(d.input('i', ['batch', 1, 4, 4]), { name: '1', filters: 6, kernel: 5 })":
        'conv2d: a window of 5 is larger than the image [batch, 1, 4, 4]',
      "d.maxPool2d(d.input('i', ['batch', 1, 4, 4]), { size: 6 })":
        'maxPool2d: a window of 6 is larger than the image [batch, 1, 4, 4]',
    };
    const { output } = compile(header + Object.keys(mistakes).join(';\n'));
    const errors = output.split('\n').filter((line) => line.includes('error TS'));
    const messages = Object.values(mistakes);
    expect(errors).to.have.length(messages.length);
    for (const [i, message] of messages.entries()) expect(errors[i]).to.contain(message);
  });

  it('results show as plain shapes', () => {
    const shown = {
      'd.mlp(x, { hidden: [20], outputs: 10 })': 'Expr<["batch", 10]>',
      "d.add(d.matmul(x, d.parameter('W', [784, 20])), d.parameter('b', [20]))": 'Expr<["batch", 20]>',
      'd.softmaxCrossEntropy(x, d.input("y", ["batch"]))': 'Expr<[]>',
      'd.mean(x, 0)': 'Expr<[784]>',
      'd.transpose(x)': 'Expr<[784, "batch"]>',
      'd.tanh(x)': 'Expr<["batch", 784]>',
      "d.flatten(d.maxPool2d(d.conv2d(d.input('i', ['batch', 1, 28, 28]), { name: '1', filters: 6, kernel: 5 }), { size: 2 }))":
        'Expr<["batch", 864]>',
      'd.iterate({ initial: { x }, step: ({ x }) => ({ x: d.mul(x, 2) }), proceed: () => d.constant(0) }).x':
        'Expr<["batch", 784]>',
    };
    const sources = Object.keys(shown).map((source, i) => `export const e${i}: null = ${source};`);
    const { output } = compile(header + sources.join('\n'));
    const errors = output.split('\n').filter((line) => line.includes('error TS'));
    for (const [i, text] of Object.values(shown).entries())
      expect(errors[i]).to.contain(`Type '${text}' is not assignable to type 'null'`);
  });

  it('sums, differences, products and quotients of literal sizes are those of arithmetic', () => {
    const { values } = random.uniform(random.generator(1), 120, 0, 10);
    // operands of all lengths from one digit to five
    const pairs = Array.from({ length: 60 }, (_, i) => {
      const [a = 0, b = 0] = values.subarray(2 * i, 2 * i + 2);
      return [Math.floor(a * 10 ** (i % 5)), Math.floor(b * 10 ** (i % 3))] as const;
    });
    const cases = pairs.flatMap(([a, b]) => [
      [`Sum<${a}, ${b}>`, `${a + b}`],
      [`Difference<${a}, ${b}>`, a < b ? 'never' : `${a - b}`],
      [`Product<${a}, ${b}>`, `${a * b}`],
      [`Quotient<${a}, ${b}>`, b === 0 ? 'number' : `${Math.floor(a / b)}`],
    ]);
    const special = [
      ['Sum<number, 1>', 'number'],
      ['Sum<-1, 1>', 'number'],
      ['Product<1.5, 2>', 'number'],
      ['Difference<7, 7>', '0'],
    ];
    const all = [...cases, ...special];
    const types = (column: 0 | 1): string => all.map((row) => row[column]).join(', ');
    const equal =
      'type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;';
    const source = `import type { Difference, Product, Quotient, Sum } from ${JSON.stringify(arithmetic)};
      ${equal}\nexport const equal: Equal<[${types(0)}], [${types(1)}]> = true;`;
    expect(compile(source).output).to.equal('');
    expect(compile(source.replace(' = true;', ' = false;')).output).to.contain('error TS');
  });

  it('the paper’s five networks cost at most 20 000 instantiations', () => {
    const alone = compile(`export * from ${JSON.stringify(language)};`);
    const networks = compile({ file: 'networks.ts' });
    expect(alone.output + networks.output).to.equal('');
    expect(networks.instantiations - alone.instantiations).to.be.within(1, 20_000);
  });
});
