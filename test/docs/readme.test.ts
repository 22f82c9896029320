import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

describe('the README', () => {
  const readme = readFileSync('README.md', 'utf8');
  const example = readFileSync('examples/curvature.ts', 'utf8');

  it('shows the example as it is', () => {
    const imported = example
      .replace('../compiler/index.js', 'sgn.js/compiler')
      .replace('../dsl/index.js', 'sgn.js/dsl');
    expect(readme).to.include(imported.trim());
  });

  it('shows what the example prints', () => {
    const printed = execFileSync(process.execPath, ['--import', 'tsx', 'examples/curvature.ts'], { encoding: 'utf8' });
    expect(printed).to.include('Jᵀ H J v');
    expect(readme).to.include(printed.trim());
  });
});
