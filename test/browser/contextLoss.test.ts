/** A WebGL context that the browser takes away, in headless Chromium. */
import { expect } from 'chai';
import { inCi } from '../runtime/gpujs/swiftShader.js';
import { chromiumPath, hasChromium, type OpenPage, openPage } from './chromium.js';
import type { LossReport } from './contextLossPage.js';

const tests = (): void => {
  const pages: OpenPage[] = [];

  before(async () => {
    pages.push(await openPage('./contextLossPage.ts'));
  });

  after(async () => {
    for (const { close } of pages) await close();
  });

  for (const mode of ['webgl2', 'webgl'] as const)
    it(`gpujs:${mode} says so instead of reading zeros, and runs again once it is opened anew`, async function () {
      this.timeout(240_000);
      const [open] = pages;
      const report = await open?.page.evaluate<LossReport>(`loseContext('${mode}')`);
      const lost = {
        tag: 'TargetLost',
        text:
          `target gpujs:${mode} is lost: the browser took the WebGL context away (the GPU process crashed or was ` +
          'reset, or pages hold too many contexts); open it anew and go on from what was saved',
      };
      const values = [1, 4, 9];
      expect(report).to.deep.equal({ before: { values }, after: lost, read: lost, anew: { values } });
    });
};

if (hasChromium() || inCi) describe('a lost WebGL context', tests);
else describe.skip(`a lost WebGL context (missing: ${chromiumPath})`, tests);
