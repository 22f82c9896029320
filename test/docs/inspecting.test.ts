import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { defaultStage, formatNames, stageNames } from '../../cli/inspectOptions.js';
import { inspectableGraphs } from '../../optim/index.js';
import { sourceLanguages } from '../../runtime/index.js';
import { compileProgram, programIn } from './program.js';

describe('docs/inspecting.md', () => {
  const text = readFileSync('docs/inspecting.md', 'utf8');

  it('names every graph, stage, format and source', () => {
    for (const name of [...inspectableGraphs, ...stageNames, ...sourceLanguages])
      expect(text, name).to.match(new RegExp(`\\b${name}\``));
    for (const name of formatNames) expect(text, name).to.match(new RegExp(`\\b${name}\\b`));
    expect(text).to.include(`\`--stage ${defaultStage}\` (default)`);
  });

  const program = programIn(text);

  it('shows a program whose types hold against the built package', () => {
    expect(program).to.include('explorerPage');
    expect(compileProgram(program)).to.equal('');
  });

  it('shows a program that runs against the built package', () => {
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(printed).to.match(/linearize: \d+ kernels/);
    expect(printed).to.match(/_tag: 'Right'[\s\S]*<!doctype html>/);
  });
});
