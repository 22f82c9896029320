import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { compileProgram, programIn } from './program.js';

describe('docs/experiments.md', () => {
  const text = readFileSync('docs/experiments.md', 'utf8');
  const program = programIn(text);
  let folder: string;

  before(() => {
    // within the package, so that its name is known
    folder = mkdtempSync(resolve('dist', 'spirals-'));
    // the types of the parameters are all that is not JavaScript
    writeFileSync(join(folder, 'spirals.js'), program.replaceAll(/: number\b/g, ''));
    writeFileSync(join(folder, 'spirals.json'), /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
  });
  after(() => rmSync(folder, { recursive: true }));

  const sgn = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [resolve('dist/cli/main.js'), ...args], { cwd: folder, encoding: 'utf8' });

  it('shows an experiment whose types hold against the built package', () => {
    expect(compileProgram(program)).to.equal('');
  });

  it('shows an experiment that learns', () => {
    sgn('run', './spirals.js', '--target', 'wasm', '--out', 'run');
    const { testAccuracy } = JSON.parse(readFileSync(join(folder, 'run', 'summary.json'), 'utf8'));
    expect(testAccuracy).to.be.at.least(0.95);
  });

  it('shows a study that runs and is reported', () => {
    sgn('experiment', 'spirals.json', '--target', 'wasm', '--epochs', '2', '--seeds', '1');
    expect(sgn('report', 'runs/spirals')).to.match(/report\.html/);
  });
});
