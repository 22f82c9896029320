import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

type Stream = 'pipe' | number;

/** Runs `sgn` as a process of its own; what reads its output stops after the first line that matches. */
const sgn = (
  args: readonly string[],
  { stdout = 'pipe', stderr = 'pipe', until }: { stdout?: Stream; stderr?: Stream; until?: RegExp } = {},
): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', ...args], {
      stdio: ['ignore', stdout, stderr],
    });
    let [out, errors] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (until?.test(out) === true) child.stdout?.destroy();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('close', (code) => resolve({ code, out, errors }));
  });

const fullDisk = '/dev/full';

describe('the process of sgn', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-process-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** A module of a small experiment, some of whose parts are changed. */
  const moduleOf = async (name: string, changed: string, before = ''): Promise<string> => {
    const here = process.cwd();
    const path = join(folder, `${name}.mts`);
    await writeFile(
      path,
      `import * as TE from '${here}/node_modules/fp-ts/lib/TaskEither.js';
      import { initialisers, input, meanSquaredError, mlp } from '${here}/dsl/index.js';
      import { experiment, problem } from '${here}/optim/index.js';
      ${before}
      const x = input('x', ['batch', 1]);
      const split = { count: 4, inputs: Float32Array.of(1, 2, 3, 4), inputShape: [1], targets: Float32Array.of(2, 4, 6, 8), targetShape: [1] };
      const data = { name: 'own data', train: split, test: split };
      const definition = { name: 'own', input: x, target: input('y', ['batch', 1]), output: mlp(x, { hidden: [], outputs: 1 }),
        loss: meanSquaredError, metric: 'loss', initialiser: initialisers.paperMlp };
      export default experiment({ name: 'own', problem: problem(definition), dataset: () => TE.right(data),
        settings: { batchSize: 4, epochs: 2, target: 'interpreter' }, ${changed} });`,
    );
    return path;
  };

  const ends: readonly (readonly [name: string, changed: string, before: string, line: RegExp])[] = [
    [
      'a loader that never ends',
      'dataset: () => () => new Promise(() => {})',
      '',
      /^the dataset of .*\.mts never came: /,
    ],
    ['an import that never ends', '', 'await new Promise(() => {});', /^the module .*\.mts never came: /],
    [
      'a rejection that nobody takes',
      "dataset: () => { Promise.reject(Symbol('why')); return TE.right(data); }",
      '',
      /^a promise was rejected, and nobody took it: Symbol\(why\) \(--debug shows where\)$/,
    ],
    [
      'what is thrown from a timer and has no text',
      'dataset: () => { setTimeout(() => { throw Object.create(null); }); return () => new Promise(() => {}); }',
      '',
      /^an error that nobody expected: a value without a text \(object\) \(--debug shows where\)$/,
    ],
    [
      'a module that ends the process',
      '',
      'process.exit(0);',
      /^the module .*\.mts ended the process, with 0, before the command was done$/,
    ],
    [
      'an initialiser that throws',
      "problem: problem({ ...definition, initialiser: () => { throw new Error('no idea'); } })",
      '',
      /^initialiser: expected .*, got a throw: no idea \(in W1\)$/,
    ],
    [
      'a loss whose promise is rejected',
      "problem: problem({ ...definition, loss: async () => { throw new Error('later'); } })",
      '',
      /^(own: the loss of own: expected an expression, got \[object Promise\]|a promise was rejected, .*later)/,
    ],
  ];
  for (const [name, changed, before, line] of ends)
    it(`ends in one line and with 1 for ${name}`, async () => {
      const path = await moduleOf(name.replaceAll(' ', '-'), changed, before);
      const { code, errors } = await sgn(['run', path]);
      expect(errors).to.match(/^sgn: [^\n]*\n$/);
      expect(errors.slice('sgn: '.length).trimEnd()).to.match(line);
      expect(code).to.equal(1);
    });

  it('shows the trace of what nobody expected with --debug, and says so in its help', async () => {
    const path = await moduleOf(
      'traced',
      "dataset: () => { setTimeout(() => { throw new Error('late'); }); return () => new Promise(() => {}); }",
    );
    const { code, errors } = await sgn(['run', path, '--debug']);
    expect(code).to.equal(1);
    expect(errors).to.match(/^sgn: an error that nobody expected: late\nError: late\n {4}at .*traced\.mts/);
    const help = await sgn(['run', '--help']);
    expect([help.code, help.errors]).to.deep.equal([0, '']);
    expect(help.out).to.match(/--debug +show the trace/);
  });

  it('ends when the command has ended, whatever a module left open', async () => {
    const path = await moduleOf('open', '', 'setInterval(() => {}, 1000);');
    const { code, out, errors } = await sgn(['run', path]);
    expect([code, errors]).to.deep.equal([0, '']);
    expect(out).to.include('all epochs done');
  });

  it('refuses a batch that no memory holds', async () => {
    const { code, errors } = await sgn(['check', 'sine', '--float64-only', '--batch', '1e15']);
    expect(code).to.equal(1);
    expect(errors).to.match(
      /^sgn: check: expected values of \d+ numbers at most, got .*; choose a smaller batch \(--batch\)[^\n]*\n$/,
    );
  });

  const keeps = async (out: string): Promise<void> => {
    expect(await readdir(out)).to.include.members(['parameters.safetensors', 'summary.json']);
    expect(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'))).to.include({ ending: 'Epochs', epochs: 5 });
  };

  it('goes on where nobody reads on, if files are kept, and says nothing', async () => {
    const path = await moduleOf('unread', '');
    const out = join(folder, 'unread');
    const { code, errors } = await sgn(['run', path, '--epochs', '5', '--out', out], { until: /\n/ });
    expect([code, errors]).to.deep.equal([0, '']);
    await keeps(out);
  });

  it('ends quietly where nobody reads on and nothing is kept', async () => {
    const path = await moduleOf('unkept', '');
    const { code, errors } = await sgn(['run', path, '--epochs', '9000000'], { until: /^epoch +2 /m });
    expect([code, errors]).to.deep.equal([0, '']);
  });

  it('goes on where output finds no place, if files are kept, says so once, and ends with 1', async function () {
    if (!existsSync(fullDisk)) this.skip();
    const path = await moduleOf('full', '');
    const out = join(folder, 'full');
    const { code, errors } = await sgn(['run', path, '--epochs', '5', '--out', out], {
      stdout: openSync(fullDisk, 'w'),
    });
    expect(errors).to.match(
      /^sgn: standard output cannot be written: ENOSPC[^\n]*; the command goes on, and its files are kept\n$/,
    );
    expect(code).to.equal(1);
    await keeps(out);
    const unkept = await sgn(['run', path, '--epochs', '9000000'], { stdout: openSync(fullDisk, 'w') });
    expect(unkept.errors).to.match(/^sgn: standard output cannot be written: ENOSPC[^\n]*\n$/);
    expect(unkept.code).to.equal(1);
  });

  it('ends with 1 where even errors find no place', async function () {
    if (!existsSync(fullDisk)) this.skip();
    expect((await sgn(['run', 'nothing'], { stderr: openSync(fullDisk, 'w') })).code).to.equal(1);
  });
});
