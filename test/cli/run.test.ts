import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../../cli/run.js';
import { type RunOptions, runSession } from '../../cli/session.js';
import { decodeSafetensors, sgnHyperparameters, solverSchemas } from '../../optim/index.js';
import { sgnCommand, sgnFromSources } from '../support/command.js';
import { leftOf, rightOf } from '../support/evaluation.js';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs `sgn` as a process of its own; `onOutput` hears what it has printed so far. */
const sgn = (
  args: readonly string[],
  onOutput: (out: string, child: { readonly send: (signal: NodeJS.Signals) => void }) => void = () => undefined,
  command = sgnCommand,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...command, ...args]);
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      onOutput(out, { send: (signal) => child.kill(signal) });
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('close', (code) => resolve({ code, out, errors }));
  });

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
const quick = ['--target', 'wasm', '--seed', '3'];

describe('sgn run', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-run-'));
  });
  after(() => rm(folder, { recursive: true }));

  const json = async (...path: readonly string[]): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, ...path), 'utf8'));

  it('shows a line per epoch and a table, and leaves config, history and parameters', async () => {
    const { code, out, errors } = await sgn(['run', 'boston', '--epochs', '2', ...quick, '--out', join(folder, 'a')]);
    expect([code, errors]).to.deep.equal([0, '']);
    expect(
      linesOf(out).filter((line) => /^epoch +[12] {2}train loss .* test loss .* ρ .* CG 10 /.test(line)),
    ).to.have.length(2);
    expect(out)
      .to.match(/│ epoch │/)
      .and.to.match(/^first step done \d+\.\d\d s after the start of the program \(\d+\.\d\d s reading data\)$/m)
      .and.to.include('all epochs done');
    expect(out, 'no escape sequences where there is no terminal').not.to.include('\u001b');

    expect(await json('a', 'config.json')).to.deep.include({
      experiment: 'boston',
      solver: 'sgn',
      batchSize: 101,
      epochs: 2,
      seed: 3,
      target: 'wasm',
      parameters: 11601,
      sgn: { ...sgnHyperparameters.parse({}), damping: 1e-4 },
    });
    const history = await json('a', 'history.json');
    expect(history).to.be.an('array').of.length(2);
    expect(history).to.have.nested.property('[1].epoch', 2);
    expect(history)
      .to.have.property('1')
      .that.has.all.keys('epoch', 'trainLoss', 'testLoss', 'seconds', 'rho', 'stepSize', 'cgIterations', 'stopReason');
    const tensors = rightOf(decodeSafetensors(await readFile(join(folder, 'a', 'parameters.safetensors'))));
    expect(tensors.map(({ name, shape }) => `${name} ${shape.join('×')}`)).to.have.members([
      'W1 13×100',
      'b1 100',
      'W2 100×100',
      'b2 100',
      'W3 100×1',
      'b3 1',
    ]);
    expect((await readdir(join(folder, 'a'))).filter((name) => name.includes('partial'))).to.deep.equal([]);
  });

  const endings = [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const;
  for (const [signal, exitCode] of endings)
    it(`keeps what was reached when it is asked to end by ${signal}, and exits with ${exitCode}`, async () => {
      const out = join(folder, signal);
      await mkdir(out);
      await writeFile(join(out, 'summary.json'), 'of an earlier run in this folder');
      let sent = false;
      let summarised: boolean | undefined;
      const args = ['run', 'boston', '--epochs', '1000000', ...quick, '--out', out, '--overwrite'];
      const { code, out: text } = await sgn(args, (shown, { send }) => {
        if (sent || !/^epoch +3 /m.test(shown)) return;
        sent = true;
        summarised = existsSync(join(out, 'summary.json'));
        send(signal);
      });
      expect(code).to.equal(exitCode);
      expect(summarised, 'a summary while the run goes on').to.equal(false);
      expect(text)
        .to.include('interrupted; what was reached is kept')
        .and.to.match(/│ epoch │/);
      expect(await json(signal, 'history.json')).to.have.nested.property('[2].epoch', 3);
      expect(await readdir(out)).to.have.members([
        'checkpoint.json',
        'config.json',
        'history.json',
        'parameters.safetensors',
        'summary.json',
      ]);
    });

  it('ends with one line on standard error and exit code 1 where it cannot run', async () => {
    const { code, out, errors } = await sgn(['run', 'boston', '--damping', '-1']);
    expect([code, out]).to.deep.equal([1, '']);
    expect(errors).to.match(/^sgn: sgn\.damping \(--damping\): .*>0\n$/);
  });

  it('says what is possible where an option is none', async () => {
    const { code, errors } = await sgn(['run', 'boston', '--target', 'abacus']);
    expect(code).to.equal(1);
    expect(linesOf(errors)[0]).to.match(/^error: .*abacus.* gpujs:webgpu/);
    expect(errors).not.to.match(/^ +at /m);
  });

  it('says where an option wants a number and has none', async () => {
    for (const text of ['abc', '']) {
      const { code, errors } = await sgn(['run', 'boston', '--epochs', text]);
      expect(code).to.equal(1);
      expect(errors).to.match(/^error: option '--epochs <n>' .* It must be a number\.\n$/);
    }
  });

  const refusals: readonly (readonly [name: string, options: RunOptions, message: RegExp])[] = [
    ['nothing', {}, /^nothing: neither a built-in experiment \(boston, sine, mnist.*path of a module$/],
    [
      'boston',
      { batch: 405 },
      /^batchSize \(--batch\): 405 is more than the 404 training samples; choose at most 404$/,
    ],
    ['boston', { epochs: 1.5 }, /^epochs \(--epochs\): .*int/],
    [
      'boston',
      { validation: 404 },
      /^validation \(--validation\): 404 held out of 404 training samples leaves none; choose at most 403$/,
    ],
    [
      'boston',
      { validation: 304 },
      /^batchSize \(--batch\): 101 is more than the 100 training samples; choose at most 100$/,
    ],
    ['boston', { cg: 0 }, /^sgn\.maxCgIterations \(--cg\): .*>0$/],
    ['boston', { maxCgIterations: 0 }, /^sgn\.maxCgIterations \(--max-cg-iterations\): .*>0$/],
    ['boston', { cg: 3, maxCgIterations: 4 }, /^--cg and --max-cg-iterations are the same setting; /],
    ['boston', { learningRate: 1 }, /^--learning-rate is a setting of sgd, momentum, nesterov, adam, not of sgn; /],
    ['boston', { solver: 'sgd', cg: 3 }, /^--cg is a setting of sgn, not of sgd; /],
    ['mnist', { data: join('no', 'such', 'folder') }, /no such folder.*--data/],
    ['/dev/zero', {}, /^\/dev\/zero: cannot be imported: it is no regular file/],
    ['test', {}, /^test: cannot be imported: it is a folder/],
    ['boston', { init: '/dev/zero' }, /^cannot read \/dev\/zero: it is no regular file/],
    ['boston', { resume: '/dev/zero' }, /^cannot read \/dev\/zero: it is no regular file/],
    ['package.json', {}, /^package\.json: its default export is no experiment/],
  ];
  for (const [name, options, message] of refusals)
    it(`refuses ${name} ${JSON.stringify(options)} in one line`, async () => {
      expect(leftOf(await runSession(name, options)()))
        .to.match(message)
        .and.not.to.include('\n');
    });

  it('refuses a folder that cannot be written, before it trains', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const message = leftOf(await runSession('boston', { target: 'interpreter', out: join(file, 'out') })());
    expect(message).to.match(/^cannot write .*--out$/);
  });

  it('runs an experiment from a module by its path', async () => {
    const path = join(folder, 'own.mjs');
    const here = process.cwd();
    await writeFile(
      path,
      `import { initialisers, input, meanSquaredError, mlp } from '${here}/dist/dsl/index.js';
      import { experiment, problem } from '${here}/dist/optim/index.js';
      import * as TE from '${here}/node_modules/fp-ts/lib/TaskEither.js';
      const x = input('x', ['batch', 1]);
      const split = { count: 4, inputs: Float32Array.of(1, 2, 3, 4), inputShape: [1], targets: Float32Array.of(2, 4, 6, 8), targetShape: [1] };
      export default experiment({
        name: 'own',
        problem: problem({ name: 'own', input: x, target: input('y', ['batch', 1]), output: mlp(x, { hidden: [], outputs: 1 }),
          loss: meanSquaredError, metric: 'loss', initialiser: initialisers.paperMlp }),
        dataset: () => TE.right({ name: 'own data', train: split, test: split }),
        settings: { batchSize: 4, epochs: 2 },
      });`,
    );
    const { code, out, errors } = await sgn(['run', path, '--target', 'interpreter']);
    expect([code, errors]).to.deep.equal([0, '']);
    expect(out).to.match(/^own: 2 parameters, 4 \+ 4 samples of own data/);
  });

  it('says what to do about a TypeScript module that is loaded as CommonJS', async () => {
    const path = join(folder, 'common.ts');
    const here = process.cwd();
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(path, `import own from '${here}/examples/boston.js';\nexport default own;\n`);
    const { code, errors } = await sgn(['run', path, '--target', 'interpreter'], undefined, sgnFromSources);
    expect(code).to.equal(1);
    expect(errors).to.match(/common\.ts: .*another copy.*\.mts.*"type": "module"/);
  });

  it('teaches in its help: every hyperparameter, with examples', () => {
    let help = '';
    const command = runCommand().configureOutput({
      getOutHelpWidth: () => 80,
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    expect(help).to.match(/Examples:\n {2}\$ sgn run mnist /);
    for (const key of Object.values(solverSchemas).flatMap(({ shape }) => Object.keys(shape)))
      expect(help).to.include(`--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <`);
  });
});
