import { expect } from 'chai';
import { benchCommand } from '../../cli/bench.js';
import { checkCommand } from '../../cli/check.js';
import { experimentCommand } from '../../cli/experiment.js';
import { examplesHelp } from '../../cli/help.js';
import { inspectCommand } from '../../cli/inspect.js';
import { reportCommand } from '../../cli/report.js';
import { runCommand } from '../../cli/run.js';

// m̂ is two characters and one column
const columns = (line: string): number => line.replaceAll(/\p{Mark}/gu, '').length;

describe('the help of every command', () => {
  for (const make of [runCommand, experimentCommand, reportCommand, inspectCommand, checkCommand, benchCommand])
    it(`fits in 80 columns: ${make().name()}`, () => {
      let help = '';
      const command = make().configureOutput({
        getOutHelpWidth: () => 80,
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      expect(help).to.match(new RegExp(`\nExamples:\n {2}\\$ sgn ${command.name()} .*\\S`));
      for (const line of help.split('\n')) expect(columns(line), line).to.be.at.most(80);
    });

  it('keeps every word of its examples and paragraphs, and a word that fits nowhere on a line of its own', () => {
    const [does, long] = ['what it does, in more words than one line has', 'x'.repeat(90)];
    const text = examplesHelp(
      [
        ['sgn', does],
        ['sgn much', long],
      ],
      `one ${long} two`,
    );
    expect(text.split(/\s+/).join(' ').trim()).to.equal(`Examples: $ sgn ${does} $ sgn much ${long} one ${long} two`);
  });
});
