import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { contradiction, formatNames, type InspectOptions, stageNames } from '../../cli/inspectOptions.js';
import { laws } from '../../runtime/check/certificate.js';
import { sourceLanguages } from '../../runtime/index.js';
import { sgnCommand } from '../support/command.js';

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly errors: string;
}

const sgn = (...args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...sgnCommand, ...args], (error, out, errors) =>
      resolve({ code: error === null ? 0 : error.code, out, errors }),
    );
  });

/** What `sgn inspect` prints; it must succeed. */
const inspected = async (...args: readonly string[]): Promise<string> => {
  const { code, out, errors } = await sgn('inspect', ...args);
  expect([code, errors]).to.deep.equal([0, '']);
  return out;
};

/** The line in which `sgn inspect` refuses. */
const refusal = async (...args: readonly string[]): Promise<string> => {
  const { code, out, errors } = await sgn('inspect', ...args);
  expect([code, out]).to.deep.equal([1, '']);
  return errors;
};

describe('sgn inspect', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-inspect-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('shows eq. (13) of the MNIST network, as recorded', async () => {
    const recorded = await readFile(
      new URL('../compiler/inspect/snapshots/mnist-ggn.text.txt', import.meta.url),
      'utf8',
    );
    expect(await inspected('mnist', '--graph', 'ggn')).to.equal(recorded);
  });

  it('shows the whole step: the GGN product inside of the loop of CG', async () => {
    const text = await inspected('mnist', '--graph', 'step', '--format', 'math');
    expect(text).to.match(/solve: once per step, its loop once per direction/);
    expect(text).to.match(/J v: tangents.*\(in loop1\)/);
    expect(text).to.match(/δ̇₁ += σ′\(z₁\) ⊙ \(δ̇₂ W₂ᵀ\)/);
    expect(text).to.match(/= while \[status = 0\]: solution ← /);
    expect(await inspected('mnist', '--graph', 'cg')).to.not.include('trialLoss');
  });

  it('shows what a pass changed', async () => {
    const lines = (await inspected('mnist', '--pass', 'derived..dropStopGradient')).split('\n');
    const changed = lines.filter((line) => /^[-+] {5}/.test(line));
    expect(changed).to.deep.equal([
      '-     e1      [batch, 10]  = exp(z4 − stopGradient(max[axis 1](z4)))',
      '+     e1      [batch, 10]  = exp(z4 − max[axis 1](z4))',
    ]);
  });

  it('shows kernels, memory, costs and sources', async () => {
    expect(await inspected('sine', '--stage', 'fused')).to.match(/→ a1 {3}.*FLOP, .*B, .* FLOP\/B/);
    expect(await inspected('sine', '--stage', 'memory')).to.match(/theta .* input/);
    expect(await inspected('sine', '--cost')).to.match(/jvp .* 2 \(16\)/);
    expect(await inspected('sine', '--source', 'wat', '--kernel', 'k4_')).to.match(/^\n\/\/ k4_.*\n\(func /);
    expect(await inspected('sine', '--source', 'gpujs', '--kernel', 'k4_')).to.match(/this\.thread\.x/);
  });

  it('measures kernels on a target', async () => {
    const profiled = ['--profile', '--batch', '20', '--target', 'wasm'];
    expect(await inspected('sine', '--stage', 'fused', ...profiled)).to.match(
      /^sine · ggn · fused, measured on wasm\n[\s\S]*FLOP\/B, \d+\.\d+ ms/,
    );
    expect(await inspected('sine', '--format', 'html', ...profiled)).to.match(/"milliseconds":.*"target":"wasm"/);
  });

  it('draws: DOT, SVG, LaTeX, JSON and the explorer', async () => {
    expect(await inspected('sine', '--format', 'dot')).to.match(/^digraph "sine ggn" \{/);
    expect(await inspected('sine', '--format', 'svg')).to.match(/<svg[\s\S]*ż₁/);
    expect(await inspected('sine', '--format', 'latex')).to.match(/\\dot\{z\}_\{1\} &= /);
    expect(JSON.parse(await inspected('sine', '--format', 'json'))).to.have.property('formula');
    const file = join(folder, 'sine.html');
    expect((await sgn('inspect', 'sine', '--format', 'html', '--out', file)).code).to.equal(0);
    expect(await readFile(file, 'utf8')).to.match(/^<!doctype html>[\s\S]*this\.thread\.x/);
  });

  it('looks into a model of one’s own, without data and settings', async () => {
    const sgnUrl = new URL('../../dist/index.js', import.meta.url).href;
    const file = join(folder, 'own.mjs');
    const source = (target: string) => `
      import { initialisers, input, meanSquaredError, mlp, problem } from ${JSON.stringify(sgnUrl)};
      const x = input('x', ['batch', 3]);
      export default problem({
        name: 'own', input: x, target: input('y', ['batch', ${target}]), output: mlp(x, { hidden: [4], outputs: 2 }),
        loss: meanSquaredError, metric: 'loss', initialiser: initialisers.paperMlp,
      });`;
    await writeFile(file, source('2'));
    expect(await inspected(file, '--stage', 'fused')).to.match(/^own · ggn · fused[\s\S]*i < 100/);
    expect((await sgn('check', file, '--float64-only')).code).to.equal(0);
    expect((await sgn('run', file)).errors).to.match(/its default export is no experiment/);
    await writeFile(file, source('5'));
    expect(await refusal(file)).to.match(/^sgn: meanSquaredError: .* and y \[batch, 5\] \(in own › loss\)\n$/);
    await writeFile(file, 'export default 1;');
    expect(await refusal(file)).to.match(/neither a model nor an experiment; write `export default problem/);
  });

  it('refuses by name', async () => {
    expect(await refusal('nothing')).to.match(/nothing: neither a built-in experiment/);
    expect(await refusal('sine', '--pass', 'derived..magic')).to.match(/--pass: magic is no pass; they are derived, /);
    expect(await refusal('sine', '--pass', 'derived..')).to.match(
      /--pass: give two passes as a\.\.b; they are derived, /,
    );
    expect(await refusal('sine', '--batch', '0')).to.match(/--batch <n>.* It must be a whole number from 1 on/);
    expect(await refusal('sine', '--source', 'wat', '--kernel', 'zzz')).to.match(/no kernel has zzz in its name; /);
    expect(await refusal('sine', '--graph', 'hessian')).to.match(
      /Allowed choices are forward, loss, gradient, jvp, vjp, ggn, cg, step/,
    );
  });
});

const asked: InspectOptions = { graph: 'ggn', format: 'text', target: 'auto' };

describe('contradiction', () => {
  it('lets everything through that is shown', () => {
    for (const format of formatNames) expect(contradiction({ ...asked, format })).to.equal(undefined);
    for (const stage of stageNames) expect(contradiction({ ...asked, stage })).to.equal(undefined);
    for (const source of sourceLanguages)
      expect(contradiction({ ...asked, source, stage: 'fused', kernel: 'k1' })).to.equal(undefined);
    expect(contradiction({ ...asked, cost: true, profile: true, target: 'wasm' })).to.equal(undefined);
    expect(contradiction({ ...asked, format: 'html', profile: true })).to.equal(undefined);
    expect(contradiction({ ...asked, stage: 'fused', format: 'json', profile: true, kernel: 'k1' })).to.equal(
      undefined,
    );
  });

  it('says of what would be ignored what to do instead', () => {
    const refused = (options: Partial<InspectOptions>): string | undefined => contradiction({ ...asked, ...options });
    expect(refused({ format: 'dot', stage: 'fused' })).to.match(
      /^--stage fused is not shown as dot, but as text, json/,
    );
    expect(refused({ format: 'html', stage: 'derived' })).to.match(/^--stage derived is not shown as html, but as /);
    expect(refused({ format: 'latex', pass: 'a..b' })).to.match(/^--pass is not shown as latex, but as text, math/);
    expect(refused({ cost: true, source: 'wat' })).to.match(/^--cost and --source show different things/);
    expect(refused({ pass: 'a..b', stage: 'derived' })).to.match(/^--pass and --stage derived show different things/);
    expect(refused({ kernel: 'k1' })).to.match(/add --stage fused or --source$/);
    expect(refused({ profile: true })).to.match(/add --stage fused, --cost or --format html$/);
    expect(refused({ source: 'glsl', target: 'wasm' })).to.match(
      /^--target wasm has no glsl: .* gpujs:webgl2 or gpujs:webgl$/,
    );
  });
});

describe('sgn check', () => {
  it('refuses numbers that are none', async () => {
    for (const option of ['--seed', '--batch']) {
      const { code, errors } = await sgn('check', 'sine', option, 'three');
      expect([code, errors.split('\n')[0]]).to.deep.equal([
        1,
        `error: option '${option} <n>' argument 'three' is invalid. It must be a number.`,
      ]);
    }
  });

  it('certifies a built-in experiment on a target', async () => {
    const { code, out, errors } = await sgn('check', 'sine', '--target', 'wasm');
    expect([code, errors]).to.deep.equal([0, '']);
    expect(out.split('\n').filter((line) => line.includes('held'))).to.have.length(107);
    expect(out).to.not.include('FAILED');
    // laws and their certificates: the progress bar is for terminals
    for (const line of out.trimEnd().split('\n'))
      expect(laws.some((law) => line.startsWith(law)) || line.startsWith('  '), line).to.equal(true);
    expect(out).to.match(/^the target agrees with float64: wasm \(WebAssembly SIMD, .*; as asked for\)$/m);
  });
});
