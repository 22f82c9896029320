import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { trainKept } from '../../cli/training.js';
import { historySchema, parseRunSettings, type Run } from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { twoParameterProblem } from '../optim/problems.js';
import { rightOf } from '../support/evaluation.js';

const split = (count: number) => ({
  count,
  inputs: Float32Array.from({ length: count }, (_, i) => i / count),
  inputShape: [],
  targets: Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
  targetShape: [],
});

const made: Run = {
  problem: rightOf(twoParameterProblem),
  settings: rightOf(parseRunSettings({ batchSize: 4, epochs: 4 })),
  dataset: { name: 'numbers', train: split(8), test: split(4) },
  target: interpreterTarget,
};

describe('a run that is to replace another', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-replacing-'));
  });
  after(() => rm(folder, { recursive: true }));

  const replaced = async (interruptedAt: number, seconds?: number) => {
    writeFileSync(join(folder, 'history.json'), 'the other');
    writeFileSync(join(folder, 'checkpoint.json'), 'the other');
    let steps = 0;
    const kept = await trainKept(
      { ...made, settings: { ...made.settings, batchSize: 2, ...(seconds === undefined ? {} : { seconds }) } },
      {
        folder: { path: folder, config: {}, replaces: true },
        start: { _tag: 'Seed' },
        saveEvery: 1,
        interrupted: () => steps >= interruptedAt,
        onStep: () => () => {
          steps += 1;
        },
        onEpoch: () => undefined,
        onUnwritten: () => undefined,
      },
    )();
    const stays = existsSync(join(folder, 'checkpoint.json')) && readFileSync(join(folder, 'history.json'), 'utf8');
    return { ...rightOf(kept), stays: stays === 'the other' };
  };

  it('leaves it alone where it is interrupted within its first epoch, and replaces it after that', async () => {
    for (const steps of [0, 1, 3]) {
      const { result, spared, stays } = await replaced(steps);
      expect([result.ending._tag, spared, stays], `${steps} of 4 steps`).to.deep.equal(['Interrupted', true, true]);
    }
    const { result, spared, stays } = await replaced(5);
    expect([result.ending._tag, spared, stays]).to.deep.equal(['Interrupted', false, false]);
  });

  it('replaces it where its time was up within its first epoch', async () => {
    const { result, spared, stays } = await replaced(99, 1e-9);
    expect([result.ending._tag, spared, stays]).to.deep.equal(['Seconds', false, false]);
    expect(result.progress.history.at(-1)?.epoch).to.be.below(1);
  });
});

describe('a run whose folder goes away', () => {
  let parent: string;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sgn-training-'));
  });
  after(() => rm(parent, { recursive: true }));

  /** Four epochs; at the end of those that are `writable`, the folder is there. */
  const trained = async (name: string, writable: (epoch: number) => boolean) => {
    const folder = join(parent, name);
    const problems: string[] = [];
    const kept = await trainKept(made, {
      folder: { path: folder, config: { name }, replaces: false },
      start: { _tag: 'Seed' },
      saveEvery: 1,
      interrupted: () => false,
      onStep: () => () => undefined,
      onEpoch: ({ epoch }) => {
        rmSync(folder, { recursive: true, force: true });
        if (writable(epoch)) mkdirSync(folder);
      },
      onUnwritten: (problem) => problems.push(problem),
    })();
    return { folder, problems, ...rightOf(kept) };
  };

  it('goes on, says so once, and writes everything when it can', async () => {
    const { folder, problems, result, unwritten } = await trained('back', (epoch) => epoch === 1 || epoch === 4);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/^cannot write .*back/);
    expect(unwritten).to.equal(undefined);
    const history = historySchema.parse(JSON.parse(readFileSync(join(folder, 'history.json'), 'utf8')));
    expect(history).to.deep.equal(result.progress.history).and.to.have.length(4);
    expect(readdirSync(folder)).to.have.members([
      'checkpoint.json',
      'config.json',
      'history.json',
      'parameters.safetensors',
      'summary.json',
    ]);
  });

  it('has its result all the same, with what could not be written beside it', async () => {
    const { problems, result, unwritten } = await trained('gone', (epoch) => epoch < 3);
    expect(result.progress.history).to.have.length(4);
    expect(result.ending).to.deep.equal({ _tag: 'Epochs' });
    expect(problems).to.have.length(1);
    expect(unwritten).to.match(/^cannot write .*--out$/);
  });
});
