import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { inspect } from '../../../compiler/inspect/inspect.js';
import { dotOf, drawingOf } from '../../../compiler/print/dot.js';
import { htmlLevel } from '../../../compiler/print/html.js';
import { latexLevel } from '../../../compiler/print/latex.js';
import { svgElement, svgOf } from '../../../compiler/print/svg.js';
import { mnistModel } from '../inspect/models.js';

const inspected = inspect(mnistModel, 'ggn');
if (E.isLeft(inspected)) throw new Error('not inspected');
const { inspection } = inspected.right;
const level = inspection.levels.at(-1);
if (level === undefined) throw new Error('no level');

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

describe('renderers of a graph', () => {
  it('LaTeX has one line per value, and the factors of eq. (13)', () => {
    const text = latexLevel(inspection, level).join('\n');
    expect(count(text, / &= /g)).to.equal(level.values.length);
    expect(text).to.include("\\dot{a}_{1} &= \\sigma'(z_{1}) \\odot \\dot{z}_{1}");
    expect(text).to.include("\\dot{\\delta}_{2} &= \\sigma'(z_{2}) \\odot (\\dot{\\delta}_{3}\\,W_{3}^\\top)");
  });

  it('DOT has a node per value and only edges between nodes', () => {
    const dot = dotOf(inspection, level);
    const nodes = new Set([...dot.matchAll(/^ {4}(\w+) \[/gm)].map(([, id]) => id));
    expect([...nodes].filter((id) => /^n\d+$/.test(id ?? ''))).to.have.length(level.values.length);
    for (const [, from, to] of dot.matchAll(/^ {2}(\w+) -> (\w+) \[id/gm)) {
      expect(nodes.has(from)).to.equal(true);
      expect(nodes.has(to)).to.equal(true);
    }
  });

  it('SVG shows every value, and is an element', async () => {
    const svg = await drawingOf(inspection, level)();
    if (E.isLeft(svg)) throw new Error(svg.left.reason);
    const element = svgElement(svg.right);
    expect(element)
      .to.match(/^<svg[\s\S]*<\/svg>\s*$/)
      .and.to.not.include('<!--');
    for (const { name } of level.values) expect(element).to.include(name.math);
  });

  it('a text that is no graph is an error', async () => {
    expect(E.isLeft(await svgOf('digraph {')())).to.equal(true);
  });

  it('HTML has a row per value, escaped', () => {
    const html = htmlLevel({ ...inspection, formula: '<script>' }, level);
    expect(count(html, /<td>= /g)).to.equal(level.values.length);
    expect(html).to.not.include('<script>');
  });
});
