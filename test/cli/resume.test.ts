import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { historySchema, keptEpoch, summarySchema } from '../../optim/index.js';
import { sgnCommand } from '../support/command.js';
import { leftOf } from '../support/evaluation.js';

// Imported as the program imports its built-in experiments, so that both share one copy of the language.
const sessionModule = import('../../cli/session.js');

const refusal = async (name: string, options: Readonly<Record<string, unknown>>): Promise<string> => {
  const { runSession } = await sessionModule;
  return leftOf(await runSession(name, { target: 'wasm', ...options })());
};

const sgn = (...args: readonly string[]): Promise<string> =>
  promisify(execFile)(process.execPath, [...sgnCommand, ...args]).then(({ stdout }) => stdout);

describe('sgn run from a checkpoint', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-resume-'));
  });
  after(() => rm(folder, { recursive: true }));

  const boston = ['run', 'boston', '--target', 'wasm', '--gradient-momentum', '0.5'];
  const parameters = (name: string): Promise<Buffer> => readFile(join(folder, name, 'parameters.safetensors'));

  const summary = async (name: string) =>
    summarySchema.parse(JSON.parse(await readFile(join(folder, name, 'summary.json'), 'utf8')));

  it('goes on to the same bits, warm-starts, and refuses what does not fit, by name', async () => {
    const [whole, part] = [join(folder, 'whole'), join(folder, 'part')];
    await sgn(...boston, '--epochs', '5', '--out', whole);
    // Three epochs, a checkpoint after the second only … and after the last.
    await sgn(...boston, '--epochs', '3', '--out', part, '--save-every', '2');
    const out = await sgn(...boston, '--epochs', '5', '--out', part, '--resume', part);
    expect(out)
      .to.include('after epoch 3')
      .and.not.match(/^epoch +3 /m);
    expect(out, 'a plot at the end').to.include('test loss (logarithmic)');
    expect((await parameters('part')).equals(await parameters('whole'))).to.equal(true);

    // A learning rate that moves nothing: the test loss is that of the parameters it started from.
    const still = ['--solver', 'sgd', '--learning-rate', '1e-20', '--epochs', '1', '--out', join(folder, 'warm')];
    await sgn('run', 'boston', '--target', 'wasm', ...still, '--init', join(whole, 'checkpoint.json'));
    expect((await summary('warm')).testLoss).to.equal((await summary('whole')).testLoss);

    const gradientMomentum = 0.5;
    expect(await refusal('boston', { resume: part, gradientMomentum, validation: 50 })).to.match(
      /is of another run: validation is nothing there and 50 here$/,
    );
    expect(await refusal('boston', { resume: part, gradientMomentum, seed: 9 })).to.match(
      /checkpoint\.json: is of another run: seed is 0 there and 9 here$/,
    );
    expect(await refusal('boston', { resume: part })).to.match(/settings\.gradientMomentum is 0\.5 there and 0 here$/);
    expect(await refusal('sine', { init: part })).to.match(/W1 has shape \[13, 100\]; the network's has \[1, 20\]$/);
    expect(await refusal('boston', { resume: part, init: part })).to.match(/exclude each other/);
    expect(await refusal('boston', { saveEvery: 2 })).to.match(/--save-every needs a folder/);
    expect(await refusal('boston', { resume: join(folder, 'nowhere') })).to.match(/^cannot read .*nowhere/);

    expect(await refusal('boston', { overwrite: true })).to.match(/--overwrite needs a folder/);
    expect(await refusal('boston', { out: part })).to.match(
      /part holds a run; go on with it by --resume .*part, replace it by --overwrite, or choose another folder with --out$/,
    );
    expect(await refusal('boston', { out: part, resume: whole, gradientMomentum })).to.match(/part holds a run; /);
    expect(await refusal('boston', { out: part, resume: part, overwrite: true })).to.match(/leave one of them out$/);
    expect(await refusal('boston', { out: join(folder, 'none'), resume: join(folder, 'none') })).to.match(
      /none\/checkpoint\.json: no run in that folder has completed an epoch$/,
    );
    expect((await parameters('part')).equals(await parameters('whole')), 'after the refusals').to.equal(true);

    const damaged = join(folder, 'damaged.json');
    await writeFile(damaged, (await readFile(join(part, 'checkpoint.json'))).subarray(0, 2000));
    expect(await refusal('boston', { resume: damaged })).to.match(/damaged\.json: the checkpoint is damaged/);
    expect(await refusal('boston', { init: 'package.json' })).to.match(/neither a checkpoint nor safetensors/);
  });

  it('replaces a run by another only when that has completed an epoch, and then as a whole', async () => {
    const [old, out] = [join(folder, 'old'), join(folder, 'replaced')];
    await sgn(...boston, '--epochs', '2', '--out', out);
    await sgn(...boston, '--epochs', '2', '--out', old);
    const files = async (): Promise<ReadonlyMap<string, string>> =>
      new Map(
        await Promise.all(
          (await readdir(out)).map(async (name) => [name, await readFile(join(out, name), 'latin1')] as const),
        ),
      );
    const before = await files();
    // a step of such a size that the loss is not finite
    const diverges = { solver: 'sgd', learningRate: 1e30, epochs: 3, out, overwrite: true };
    expect(await refusal('boston', diverges)).to.match(
      /replaced keeps the run that it held, as this one has completed no epoch$/,
    );
    expect(await files()).to.deep.equal(before);

    // ends inside of its first epoch: it has parameters to show, and no checkpoint to go on from
    const short = ['run', 'boston', '--target', 'wasm', '--solver', 'sgd', '--batch', '4', '--seconds', '1e-9'];
    await sgn(...short, '--out', out, '--overwrite');
    expect(await readdir(out)).to.have.members([
      'config.json',
      'history.json',
      'parameters.safetensors',
      'summary.json',
    ]);
    expect((await summary('replaced')).epochs).to.be.lessThan(1);

    // another folder goes on with the checkpoint that it starts from
    const moved = join(folder, 'moved');
    await sgn(...boston, '--epochs', '2', '--out', moved, '--resume', old);
    await sgn(...boston, '--epochs', '5', '--out', moved, '--resume', moved);
    expect((await parameters('moved')).equals(await parameters('whole'))).to.equal(true);
  });

  it('keeps the epoch that is best on held-out samples, also across a checkpoint', async () => {
    // Steps that nothing guards: from epoch to epoch the loss goes up and down.
    const unguarded = ['--line-search', 'off', '--trust-region', 'off'];
    const validated = ['run', 'boston', '--target', 'wasm', '--validation', '100', ...unguarded];
    const [whole, part] = [join(folder, 'whole-kept'), join(folder, 'part-kept')];
    const out = await sgn(...validated, '--epochs', '12', '--out', whole);
    const kept = Number(/kept the parameters after epoch (\d+), the best on the held-out samples/.exec(out)?.[1]);
    const history = historySchema.parse(JSON.parse(await readFile(join(whole, 'history.json'), 'utf8')));
    expect(kept).to.equal(keptEpoch(history)?.epoch);
    expect(await summary('whole-kept')).to.deep.include({ keptEpoch: kept, testLoss: history[kept - 1]?.testLoss });

    await sgn(...validated, '--epochs', `${Math.max(kept - 1, 1)}`, '--out', part);
    await sgn(...validated, '--epochs', `${kept}`, '--out', part, '--resume', part);
    expect((await parameters('part-kept')).equals(await parameters('whole-kept'))).to.equal(true);
    await sgn(...validated, '--epochs', '12', '--out', part, '--resume', part);
    expect((await parameters('part-kept')).equals(await parameters('whole-kept'))).to.equal(true);
  });
});
