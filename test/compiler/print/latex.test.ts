import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type { Inspection } from '../../../compiler/inspect/data.js';
import { graphNames, type InspectedModel } from '../../../compiler/inspect/graphs.js';
import { inspect } from '../../../compiler/inspect/inspect.js';
import { latexLevel } from '../../../compiler/print/latex.js';
import { writeNode } from '../../../compiler/print/notation.js';
import { atom } from '../../../compiler/print/scalars.js';
import { add, dense, type Expr, input, parameter, parameterSpace, primitives, sum } from '../../../dsl/index.js';
import { inspectProblem, parseRunSettings } from '../../../optim/index.js';
import { smallMlp } from '../../optim/problems.js';
import { lenetModel, mnistModel, smallModel } from '../inspect/models.js';

/** What LaTeX would stop at, or would not set as it is meant: nothing for a document that compiles. */
const mistakes = (source: string): readonly string[] => {
  const found: string[] = [];
  const report = (what: string, pattern: RegExp, text: string): void => {
    const match = pattern.exec(text);
    if (match !== null) found.push(`${what}: ${text.slice(Math.max(0, match.index - 20), match.index + 30)}`);
  };
  report('not ASCII', /[^\n -~]/, source);
  // a line break takes a bracket after it as an argument
  report('an argument of a line break', /\\\\\s*\[/, source);
  // an escaped character is a character
  const plain = source.replace(/\\\\/g, '\\newline ').replace(/\\[_&%#${}]/g, 'x');
  const [comment = '', ...body] = plain.split('\n');
  if (!comment.startsWith('% ')) found.push(`no comment: ${comment}`);
  const text = body.join('\n');
  report('a character that is no text', /[%#~]/, text);
  const environments: string[] = [];
  for (const [, side, name = ''] of text.matchAll(/\\(begin|end)\{(\w+\*?)\}/g))
    if (side === 'begin') environments.push(name);
    else if (environments.pop() !== name) found.push(`\\end{${name}}`);
  if (environments.length > 0) found.push(`open: ${environments}`);
  let depth = 0;
  for (const [, side] of text.matchAll(/\\(left|right)(?![a-z])/g)) {
    depth += side === 'left' ? 1 : -1;
    if (depth < 0) found.push('\\right without \\left');
  }
  if (depth > 0) found.push('\\left without \\right');
  // groups from the inside out
  let outer = text;
  for (let before = ''; before !== outer; ) {
    report('two superscripts', /\^(G|\\top|.)(_(G|.))?\^/, outer);
    report('two subscripts', /_(G|.)(\^(G|\\top|.))?_/, outer);
    before = outer;
    outer = outer.replace(/\{[^{}]*\}/g, 'G');
  }
  report('an open group', /[{}]/, outer);
  return found;
};

const sourcesOf = ({ levels, ...inspection }: Inspection): readonly string[] =>
  levels.map((level) => latexLevel({ ...inspection, levels }, level).join('\n'));

const inspected = (model: InspectedModel, graph: (typeof graphNames)[number]): Inspection => {
  const result = inspect(model, graph);
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right.inspection;
};

/** A model whose names are all special in LaTeX, as far as the language lets them. */
const specialModel = (): InspectedModel => {
  const x = input('all_rows', ['batch_size', 3]);
  const hidden = dense(x, { name: '_1.a_b', units: 4 });
  const output: Expr = add(hidden, parameter('b_out_', [4]));
  const parameters = parameterSpace([output]);
  if (E.isLeft(parameters)) throw new Error(JSON.stringify(parameters.left));
  const loss = (z: Expr): Expr => sum(primitives.map('mul', z, z));
  return { name: '50%\n\\end{document}', output, loss, parameters: parameters.right };
};

describe('LaTeX', () => {
  it('is judged by what it would stop at', () => {
    const refused = ['{', 'a^b^c', '{a}^{b}^\\top', 'a_1_2', 'x \\\\ [y]', '\\left(', '\\begin{cases}', '50%', '2×2'];
    for (const text of refused) expect(mistakes(`% \n${text}`), text).to.have.length(1);
    expect(mistakes('% \n{a^{b}}^\\top_{c} \\\\ x\\_y')).to.deep.equal([]);
  });

  for (const model of [mnistModel, lenetModel, smallModel('relu'), smallModel('softplus'), specialModel()])
    it(`compiles, for every graph of ${JSON.stringify(model.name)} after every pass`, () => {
      for (const graph of graphNames)
        for (const source of sourcesOf(inspected(model, graph))) expect(mistakes(source)).to.deep.equal([]);
    });

  it('compiles for a whole step, and tells what is in its loop', () => {
    const settings = parseRunSettings({ batchSize: 8, epochs: 1 });
    if (E.isLeft(smallMlp) || E.isLeft(settings)) throw new Error('no problem');
    const result = inspectProblem(smallMlp.right, settings.right, 'step');
    if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
    const sources = sourcesOf(result.right.inspection);
    for (const source of sources) expect(mistakes(source)).to.deep.equal([]);
    const [last = ''] = sources.slice(-1);
    expect(last).to.match(/^\\paragraph\{solve .*: J v: .* \(in loop1\)\}$/m);
    expect(last).to.include(
      '\\begin{aligned}[t]&\\text{while } [\\mathrm{status} = 0]\\text{:} \\\\ &\\mathrm{solution}',
    );
    expect(last).to.include('{z_{1}^{+}} &= \\mathrm{rows}\\,{W_{1}^{+}} + {b_{1}^{+}}');
  });

  it('writes names as they are spelled', () => {
    const [last = ''] = sourcesOf(inspected(specialModel(), 'ggn')).slice(-1);
    expect(last.split('\n')[0]).to.match(/^% 50\\% \\textbackslash\{\}end\\\{document\\\}, ggn/);
    expect(last).to.include('\\text{all\\_rows}');
    expect(last).to.include('\\dot{W}_{1.a\\_b}');
    expect(last).to.include('\\dot{\\text{b\\_out\\_}}');
    expect(last).to.include('batch\\_size');
  });

  it('writes numbers, positions and transposes of transposes as mathematics', () => {
    const latex = (expr: Expr): string => {
      const of = (operand: Expr) => (operand.node.op === 'input' ? atom('x') : writeNode(operand, 'latex', of, no));
      const no = (): boolean => false;
      return writeNode(expr, 'latex', of, no).text;
    };
    const x: Expr = input('x', [3, 3]);
    const literals = [1e-30, -2.5e-7, 0.5].map((value): Expr => primitives.literal(value));
    expect(literals.map(latex)).to.deep.equal(['10^{-30}', '-2.5 \\cdot 10^{-7}', '0.5']);
    expect(latex(primitives.iota(3))).to.equal('(0, \\ldots, 2)');
    expect(latex(primitives.iota('batch_size'))).to.equal('(0, \\ldots, |\\text{batch\\_size}| - 1)');
    const flipped = primitives.transpose(x, [1, 0]);
    expect(latex(primitives.contract(flipped, [0, 1], x, [0, 2], [1, 2]))).to.equal('(x^\\top)^\\top\\,x');
  });
});
