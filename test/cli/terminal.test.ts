import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { curveSvg } from '../../cli/report/figure.js';
import { html } from '../../cli/report/html.js';
import { markdown } from '../../cli/report/markdown.js';
import { escapeHtml, visible, visibleLine } from '../../dsl/index.js';
import { sgnCommand } from '../support/command.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const nasty = 'a\u001b[2Jb\u0007\u009b31m\u0000\u202e"<i>\'&';

const sgn = (...args: readonly string[]) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...sgnCommand, ...args], {
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
};

describe('text for people', () => {
  it('holds nothing that a terminal obeys, and stays what it is otherwise', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.to.match(acting);
        expect(visibleLine(text)).not.to.match(/[\n\r\t]/);
        if (/^[ -~]*$/.test(text)) expect(visible(text)).to.equal(text);
      }),
    );
    expect(visible('ρ ∂ 𝑥 \n\t')).to.equal('ρ ∂ 𝑥 \n\t');
    expect(visible('a\ud800b')).to.equal('a\\ud800b');
  });

  it('leaves JSON the same value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(visible(JSON.stringify(text)))).to.equal(text);
      }),
    );
  });

  it('is text in HTML, in quoted attributes of either kind, and in SVG', () => {
    const { document } = parseHTML(`<p a="${escapeHtml(nasty)}" b='${escapeHtml(nasty)}'>${escapeHtml(nasty)}</p>`);
    const element = document.querySelector('p');
    for (const read of [element?.getAttribute('a'), element?.getAttribute('b'), element?.textContent])
      expect(read).to.equal(visible(nasty));
    const figure = { title: nasty, xLabel: nasty, yLabel: nasty, counted: true, logarithmic: false };
    const points = [{ x: 1, y: 1, low: 0, high: 2 }];
    expect(curveSvg({ ...figure, curves: [{ label: nasty, points }] })).not.to.match(acting);
    const report = { title: nasty, blocks: [{ _tag: 'Paragraph' as const, text: nasty }] };
    expect(html(report)).not.to.match(acting);
    expect(markdown(report, 'figures')).not.to.match(acting);
  });

  describe('of the command', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sgn-text-'));
    });
    after(() => rm(folder, { recursive: true }));

    it('shows arguments as text, in its own refusals and in those of the options', () => {
      const unknown = sgn('run', 'no\u001b[31m\nthing');
      expect([unknown.stdout, unknown.status]).to.deep.equal(['', 1]);
      expect(unknown.stderr).to.match(/^sgn: no\\u001b\[31m\\u000athing: neither a built-in experiment .*\n$/);
      expect(sgn('run', 'boston', '--epochs', '\u001b[31m').stderr)
        .to.include('\\u001b[31m')
        .and.not.match(acting);
    });

    it('shows names of a module as text, on the screen and in files', async () => {
      const path = join(folder, 'named.mjs');
      const here = process.cwd();
      await writeFile(
        path,
        `import { initialisers, input, meanSquaredError, dense } from '${here}/dist/dsl/index.js';
        import { problem } from '${here}/dist/optim/index.js';
        const x = input('x', ['batch', 1]);
        export default problem({ name: 'n\\u001b[31m\\u009b', input: x, target: input('y', ['batch', 1]),
          output: dense(x, { name: 'l', units: 1 }), loss: meanSquaredError, metric: 'loss', initialiser: initialisers.paperMlp });`,
      );
      for (const format of ['text', 'json', 'dot', 'svg']) {
        const { stdout, stderr, status } = sgn('inspect', path, '--format', format);
        expect([stderr, status], format).to.deep.equal(['', 0]);
        expect(stdout, format).to.include('u001b').and.not.match(acting);
      }
    });
  });
});
