/** gpu.js in headless Chromium: the case table inside a page, on WebGPU, WebGL 2 and WebGL (all on SwiftShader). */
import { expect } from 'chai';
import { isSoftwareRenderer } from '../../runtime/gpujs/adapter.js';
import { programCases } from '../cases/programs.js';
import { inCi } from '../runtime/gpujs/swiftShader.js';
import { chromiumPath, hasChromium, type OpenPage, openPage } from './chromium.js';
import type { PageReport, ShaderDifference } from './page.js';

const tests = (): void => {
  const pages: OpenPage[] = [];

  before(async () => {
    pages.push(await openPage('./page.ts'));
  });

  after(async () => {
    for (const { close } of pages) await close();
  });

  for (const [mode, language] of [
    ['webgpu', 'wgsl'],
    ['webgl2', 'glsl'],
    ['webgl', 'glsl'],
  ] as const)
    it(`gpujs:${mode} agrees with the interpreter on every program`, async () => {
      // Shader compilation on SwiftShader takes its time where the machine is busy.
      const [open] = pages;
      const report = await open?.page.evaluate<PageReport>(`runTable('${mode}')`);
      expect(report?.target).to.equal(`gpujs:${mode}`);
      expect(report?.languages).to.deep.equal(['gpujs', language]);
      // The browser's GPU is software here, and its name says so.
      expect(isSoftwareRenderer(report?.renderer ?? '')).to.equal(true);
      expect(report?.cases.map(({ name }) => name)).to.deep.equal(programCases.map(({ name }) => name));
      const differences = report?.cases.flatMap((one) =>
        one.differences.map((difference) => `${one.name}, ${difference}`),
      );
      expect(differences).to.deep.equal([]);
    });

  for (const [mode, language] of [
    ['webgpu', 'wgsl'],
    ['webgl2', 'glsl'],
  ] as const)
    it(`gpujs:${mode} gets the ${language} that there is without a device`, async () => {
      const [open] = pages;
      const report = await open?.page.evaluate<{ compared: number; differences: readonly ShaderDifference[] }>(
        `compareShaders('${mode}', '${language}')`,
      );
      expect(report?.compared).to.be.greaterThan(100);
      expect(report?.differences).to.deep.equal([]);
    });
};

if (hasChromium() || inCi) describe('gpu.js in headless Chromium', tests);
else describe.skip(`gpu.js in headless Chromium (missing: ${chromiumPath})`, tests);
