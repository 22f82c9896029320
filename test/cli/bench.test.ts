import { spawnSync } from 'node:child_process';
import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const sgn = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'bench', ...args], { encoding: 'utf8' });

describe('sgn bench', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-bench-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('replaces its file as a whole', async () => {
    const [file, other] = [join(folder, 'bench.json'), join(folder, 'other')];
    await writeFile(file, 'old');
    await link(file, other);
    const { status } = sgn('sine', '--threads', '1', '--json', file);
    expect(status).to.equal(0);
    expect(JSON.parse(await readFile(file, 'utf8'))).to.include({ threads: 1 });
    expect(await readFile(other, 'utf8'), 'what was there before').to.equal('old');
    expect(await readdir(folder)).to.have.members(['bench.json', 'other']);
  });

  it('shows what it measured where it cannot keep it', () => {
    const file = join(folder, 'missing', 'bench.json');
    const { status, stdout, stderr } = sgn('sine', '--threads', '1', '--json', file);
    expect(status).to.equal(1);
    expect(stdout).to.match(/^sine +\d/m);
    expect(stderr).to.match(/\nsgn: cannot write .*bench\.json: .*; name a file that can be written with --json\n$/);
  });

  it('knows no models of names that every object has', () => {
    for (const name of ['constructor', '__proto__'])
      expect(sgn(name).stderr).to.match(new RegExp(`^sgn: ${name} is no model of the benchmark; there are boston, `));
  });
});
