import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compileProgram, programIn } from './program.js';

describe('docs/browser.md', () => {
  const program = programIn(readFileSync('docs/browser.md', 'utf8'));

  it('shows a program whose types hold against the built package', () => {
    expect(program).to.include('wasmTarget');
    expect(compileProgram(program)).to.equal('');
  });

  it('shows a program that trains against the built package', () => {
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    const lines = printed.trimEnd().split('\n');
    expect(lines).to.have.length(22);
    expect(lines[0]).to.match(/^WebAssembly SIMD, /);
    expect(Number(lines[20]?.split(' ')[1])).to.be.below(0.1);
    expect(lines[21]).to.equal('trained for 20 epochs, 200 steps');
  });
});
