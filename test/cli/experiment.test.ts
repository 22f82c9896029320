import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeCheckpoint } from '../../cli/checkpoint.js';
import { reportSession } from '../../cli/reportSession.js';
import { type Selection, summarySchema } from '../../optim/index.js';
import { sgnCommand, sgnFromSources } from '../support/command.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const study = {
  name: 'killed',
  title: 'A study that is killed',
  benchmarks: { boston: { experiment: 'boston', epochs: 30 } },
  solvers: {
    'SGN(2)': { solver: 'sgn', sgn: { maxCgIterations: 2, gradientMomentum: 0.5 } },
    'SGD(0.01)': { solver: 'sgd', sgd: { learningRate: 0.01, momentum: 0.9 } },
  },
  seeds: [3],
  targets: ['wasm'],
};

const nothing = (): void => undefined;

// Mocha loads tests with `require`, the program imports its built-in experiments: imported like these, the session and
// they share one copy of the language, whose expressions are compared by identity.
const sessionModule = import('../../cli/experimentSession.js');

/** Runs a study in this process, its lines into `lines`. */
const session = async (file: string, out: string, selection: Selection = {}, lines: string[] = []) => {
  const { experimentSession } = await sessionModule;
  return experimentSession(
    file,
    { selection, out, data: undefined, saveEvery: 1, command: 'sgn experiment' },
    { line: (text) => lines.push(text), progress: nothing, share: nothing, download: nothing, close: nothing },
  )();
};

const ended = (child: ChildProcess): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));

/** Completed epochs in the checkpoint of a run, which may not exist yet. */
const epochsIn = (checkpoint: string): number =>
  existsSync(checkpoint) ? rightOf(decodeCheckpoint(readFileSync(checkpoint, 'utf8'))).history.length : 0;

describe('sgn experiment', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-experiment-'));
    file = join(folder, 'study.json');
    await writeFile(file, JSON.stringify(study));
  });
  after(() => rm(folder, { recursive: true }));

  const runPath = (out: string, solver: string, name: string): string =>
    join(out, 'boston', solver, 'wasm', 'seed-3', name);

  it('goes on after kill -9 to the same bits as without', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'cut')];
    // by the count of its changes to files, not by the clock: a few epochs of the first run are kept by then
    const [tsx, main] = [sgnFromSources.slice(0, -1), sgnFromSources.slice(-1)];
    const args = [...tsx, '--import', './test/fuzz/killer.ts', ...main, 'experiment', file, '--out', killed];
    const env = { ...process.env, SGN_TEST_KILL: 'after:100' };
    expect(await ended(spawn(process.execPath, args, { stdio: 'ignore', env }))).to.equal('SIGKILL');
    const checkpoint = runPath(killed, 'SGN(2)', 'checkpoint.json');
    expect(existsSync(runPath(killed, 'SGN(2)', 'summary.json')), 'the run was cut short').to.equal(false);
    expect(epochsIn(checkpoint)).to.be.within(2, 29);

    const lines: string[] = [];
    rightOf(await session(file, killed, {}, lines));
    expect(lines[0]).to.match(/^\[1\/2\] boston SGN\(2\) seed 3 on wasm {2}goes on after epoch \d+$/);
    rightOf(await session(file, whole));
    for (const solver of Object.keys(study.solvers)) {
      const bytes = (out: string) => readFile(runPath(out, solver, 'parameters.safetensors'));
      expect((await bytes(killed)).equals(await bytes(whole)), solver).to.equal(true);
      const summary = summarySchema.parse(JSON.parse(await readFile(runPath(killed, solver, 'summary.json'), 'utf8')));
      expect(summary).to.deep.include({ ending: 'Epochs', epochs: 30, steps: 120 });
    }
  });

  it('ends after the step when it is asked to, by the exit code of the signal, and goes on', async () => {
    const out = join(folder, 'asked');
    const child = spawn(process.execPath, [...sgnCommand, 'experiment', file, '--out', out]);
    const code = new Promise((resolve) => child.on('close', resolve));
    const [text, errors] = [child.stdout, child.stderr].map(async (stream) => {
      let all = '';
      for await (const chunk of stream) all += chunk;
      return all;
    });
    const checkpoint = runPath(out, 'SGN(2)', 'checkpoint.json');
    const watch = setInterval(() => {
      if (epochsIn(checkpoint) < 2) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, 5);
    const exitCode = await code;
    clearInterval(watch);
    expect(exitCode).to.equal(143);
    expect(await errors).to.equal('');
    expect(await text).to.match(/^interrupted: 0 of 2 runs are done; the same command goes on from here$/m);
    const summary = summarySchema.parse(JSON.parse(await readFile(runPath(out, 'SGN(2)', 'summary.json'), 'utf8')));
    expect(summary.ending).to.equal('Interrupted');
    expect(existsSync(join(out, 'sgn.lock'))).to.equal(false);
  });

  it('runs nothing again, continues for a larger budget, and reports', async () => {
    const out = join(folder, 'grown');
    const selection = { solvers: ['SGN(2)'], epochs: 2 };
    rightOf(await session(file, out, selection));
    const first = await readFile(runPath(out, 'SGN(2)', 'summary.json'), 'utf8');
    rightOf(await session(file, out, selection));
    expect(await readFile(runPath(out, 'SGN(2)', 'summary.json'), 'utf8')).to.equal(first);

    rightOf(await session(file, out, { ...selection, epochs: 3 }));
    expect(epochsIn(runPath(out, 'SGN(2)', 'checkpoint.json'))).to.equal(3);
    const [text = '', page = ''] = rightOf(await reportSession(out, undefined, 'sgn report')());
    expect(await readFile(text, 'utf8')).to.match(/\| SGN\(2\) \| 1 \| 3 \| /);
    expect(await readFile(page, 'utf8'))
      .to.include('<svg')
      .and.not.match(/(src|href)="(?!#)/);
  });

  it('refuses folders of other runs and checkpoints that are damaged, by name', async () => {
    const out = join(folder, 'foreign');
    const selection = { solvers: ['SGN(2)'], epochs: 1 };
    rightOf(await session(file, out, selection));
    const changed = join(folder, 'changed.json');
    await writeFile(
      changed,
      JSON.stringify({ ...study, solvers: { 'SGN(2)': { solver: 'sgn', sgn: { maxCgIterations: 3 } } } }),
    );
    const before = await readFile(join(out, 'study.json'), 'utf8');
    expect(leftOf(await session(changed, out, { epochs: 1 }))).to.match(
      /seed-3 holds another run: identity\.settings\.\w+ is .* there and .* here; choose another folder/,
    );
    expect(await readFile(join(out, 'study.json'), 'utf8'), 'after the refusal').to.equal(before);
    const unwritable = join(file, 'report.md');
    expect(leftOf(await reportSession(out, unwritable, 'sgn report')())).to.match(
      /^cannot write .*; name a Markdown file .* --reproduction$/,
    );
    const checkpoint = runPath(out, 'SGN(2)', 'checkpoint.json');
    const content = await readFile(checkpoint, 'utf8');
    await writeFile(checkpoint, content.replace('"seconds"', '"sekunden"'));
    expect(leftOf(await session(file, out, { ...selection, epochs: 2 }))).to.equal(
      `cannot read ${checkpoint}: the checkpoint is damaged: its content has another checksum than its first line says`,
    );
    const run = join(folder, 'of-a-run');
    await mkdir(run);
    await writeFile(join(run, 'config.json'), '{}');
    expect(leftOf(await session(file, run))).to.match(/of-a-run holds a run; choose another folder with --out$/);
    const other = join(folder, 'other.json');
    await writeFile(other, JSON.stringify({ ...study, name: 'other' }));
    expect(leftOf(await session(other, out))).to.match(/holds the study killed; choose another folder/);
  });

  it('refuses in one line what is no study', async () => {
    const bad = join(folder, 'bad.json');
    const message = async (content: string): Promise<string> => {
      await writeFile(bad, content);
      return leftOf(await session(bad, join(folder, 'bad')));
    };
    expect(await message('{')).to.match(/bad\.json: cannot be imported: /);
    expect(await message('{"name": "x"}')).to.match(/bad\.json: title: /);
    const elsewhere = { ...study, benchmarks: { b: { experiment: './missing.js', epochs: 1 } } };
    expect(await message(JSON.stringify(elsewhere))).to.match(/missing\.js: neither a built-in experiment/);
    const { boston } = study.benchmarks;
    const later = { ...study, benchmarks: { boston, ...elsewhere.benchmarks } };
    expect(await message(JSON.stringify(later)), 'before anything is written').to.match(/missing\.js: neither/);
    expect(existsSync(join(folder, 'bad'))).to.equal(false);
    const tooMany = { solver: 'sgn', sgn: { curvatureBatch: 'independent', curvatureSamples: 405 } };
    expect(await message(JSON.stringify({ ...study, solvers: { ...study.solvers, tooMany } }))).to.match(
      /^boston, tooMany: sgn\.curvatureSamples: 405 is more than the 404 training samples/,
    );
    expect(existsSync(join(folder, 'bad', 'boston')), 'before the first run').to.equal(false);
    expect(leftOf(await session('nothing', join(folder, 'bad')))).to.match(
      /neither a built-in study \(paper, options\)/,
    );
    expect(leftOf(await reportSession(join(folder, 'none'), undefined, 'sgn report')())).to.match(
      /study\.json: .*; name the folder of a study/,
    );
  });
});
