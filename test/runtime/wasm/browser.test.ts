/** The WebAssembly target in headless Chromium: threads where the page is cross-origin isolated, one where it is not. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import { chromiumPath, hasChromium, type OpenPages, openPages } from '../../browser/chromium.js';
import { outputsOf, type Values } from '../../cases/compare.js';
import { distance } from '../../support/numbers.js';
import { inCi } from '../gpujs/swiftShader.js';
import { bostonCase } from './browser/boston.js';
import type { Fate, Loss, Shares } from './browser/helpers.js';
import type { Report } from './browser/page.js';
import { compileOn } from './run.js';

const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Kinds of pages, by their headers. */
const kinds = {
  isolated: isolation,
  shared: {},
  withoutBlobs: { ...isolation, 'content-security-policy': "worker-src 'self'" },
  sandboxed: { ...isolation, 'content-security-policy': 'sandbox allow-scripts', 'access-control-allow-origin': '*' },
} as const;

const expectClose = (actual: readonly Values[], expected: readonly Values[]): void => {
  for (const [i, values] of expected.entries())
    for (const [name, value] of Object.entries(values))
      expect(distance(actual[i]?.[name] ?? [], value), `run ${i}, ${name}`).to.be.below(1e-5);
};

const tests = (): void => {
  const opened: OpenPages[] = [];
  let expected: readonly Values[] = [];
  let single: Report;

  const evaluate = <A>(kind: keyof typeof kinds, expression: string): Promise<A> => {
    const page: Page | undefined = opened[0]?.pages[Object.keys(kinds).indexOf(kind)];
    if (page === undefined) throw new Error(`no page ${kind}`);
    return page.evaluate<A>(expression);
  };

  before(async () => {
    opened.push(await openPages('../runtime/wasm/browser/page.ts', Object.values(kinds)));
    const interpreter = await compileOn(interpreterTarget, bostonCase.program);
    const results: Values[] = [];
    for (const run of bostonCase.runs) results.push(await outputsOf(interpreter, run));
    expected = results;
    single = await evaluate('isolated', 'run(1)');
  });

  after(async () => {
    for (const { close } of opened) await close();
  });

  it('agrees with the interpreter on one thread', () => {
    expect(single.description).to.equal('WebAssembly SIMD, 1 thread, browser');
    expect(single.threads).to.equal(1);
    expectClose(single.results, expected);
  });

  it('gives the same bits on two threads, called from a page, which may not sleep', async () => {
    const report = await evaluate<Report>('isolated', 'run(2)');
    expect([report.inWorker, report.mayBlock]).to.deep.equal([false, false]);
    expect(report.description).to.equal('WebAssembly SIMD, 2 threads, browser');
    expect(report.threads).to.equal(2);
    expect(report.results).to.deep.equal(single.results);
  });

  it('gives the same bits on two threads, called from a worker, which may sleep', async () => {
    const report = await evaluate<Report>('isolated', 'runInWorker(2)');
    expect([report.inWorker, report.mayBlock]).to.deep.equal([true, true]);
    expect(report.description).to.equal('WebAssembly SIMD, 2 threads, browser');
    expect(report.threads).to.equal(2);
    expect(report.results).to.deep.equal(single.results);
  });

  it('has both threads compute', async () => {
    const { caller, helper, neither } = await evaluate<Shares>('isolated', 'sharesOfWork()');
    expect(caller).to.be.above(0);
    expect(helper).to.be.above(0);
    expect(neither).to.equal(0);
  });

  it('runs on one thread where the page is not isolated, and says so', async () => {
    for (const call of ['run(2)', 'runInWorker(2)']) {
      const report = await evaluate<Report>('shared', call);
      expect(report.description).to.equal(
        'WebAssembly SIMD, 1 thread (no shared memory here: the page is not cross-origin isolated), browser',
      );
      expect(report.threads).to.equal(1);
      expect(report.results).to.deep.equal(single.results);
    }
  });

  it('runs on one thread where lost threads could not be told, and says so', async () => {
    const report = await evaluate<Report>('sandboxed', 'run(2)');
    expect(report.description).to.equal(
      'WebAssembly SIMD, 1 thread (no threads here: a page of an opaque origin cannot watch over them), browser',
    );
    expect(report.threads).to.equal(1);
    expect(report.results).to.deep.equal(single.results);
  });

  // Chromium gives a worker that does not return to its event loop two seconds to end
  const losses: readonly (readonly [Fate, RegExp])[] = [
    ['terminated', /^target wasm failed in stage main: a helper thread was lost: it ended$/],
    ['throws', /^target wasm failed in stage main: a helper thread was lost: .*lost its way$/],
    ['takes a task and keeps it', /^target wasm failed in stage main: a helper thread did not finish its task$/],
  ];
  for (const [fate, error] of losses)
    it(`ends in an error, not a hang, when a helper ${fate === 'terminated' ? 'is terminated' : fate}`, async () => {
      const loss = await evaluate<Loss>('isolated', `lossOf('${fate}')`);
      expect(loss.error).to.match(error);
      expect(loss.later).to.have.length(2);
      for (const text of loss.later) expect(text).to.match(/a helper thread (was lost|did not finish)/);
    });

  it('is not available where helpers may not be started, and says why', async () => {
    expect(await evaluate('withoutBlobs', 'openingError()')).to.equal(
      'target wasm is not available here: a helper thread was lost: its script was not loaded',
    );
    expect(await evaluate('withoutBlobs', 'openingErrorWithoutWorkers()')).to.equal(
      'target wasm is not available here: a helper thread was lost: Error: no more workers',
    );
  });
};

if (hasChromium() || inCi) describe('wasm target in headless Chromium', tests);
else describe.skip(`wasm target in headless Chromium (missing: ${chromiumPath})`, tests);
