import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type GraphName, type InspectedModel, inspect } from '../../compiler/index.js';
import { emittedLanguages, emittedSources } from '../../compiler/inspect/sources.js';
import { drawingOf } from '../../compiler/print/dot.js';
import { svgElement } from '../../compiler/print/svg.js';
import { explorerData } from '../../web/collect.js';
import type { ExplorerData } from '../../web/data.js';
import { explorerPage, scriptJson } from '../../web/page.js';
import { chromiumPath, hasChromium } from '../browser/chromium.js';
import { lenetModel, smallModel } from '../compiler/inspect/models.js';

const rightOf = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
};

const exploreModel = async (
  model: InspectedModel,
  graph: GraphName = 'ggn',
): Promise<{ readonly data: ExplorerData; readonly page: string }> => {
  const { inspection, compile } = rightOf(inspect(model, graph));
  const { program, inspected } = rightOf(compile({ batch: 100 }));
  const level = inspection.levels.at(-1);
  if (level === undefined) throw new Error('no level');
  const sources = emittedLanguages.flatMap((language) => emittedSources(program, language).sources);
  const data = explorerData({ inspection, program: inspected, sources, timings: {} });
  const svg = rightOf(await drawingOf(inspection, level)());
  return { data, page: rightOf(await explorerPage(data, svgElement(svg))()) };
};

/** Relative luminance of `rgb(r, g, b)`, as WCAG defines it. */
const luminance = (color: string): number => {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrastOf = (ink: string, ground: string): number => {
  const [a, b] = [luminance(ink), luminance(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

/** What of a graph is in sight: the start of its first lane, the end of its last, and how high its texts are, in pixels. */
const inSight = async (page: Page) => {
  const lanes = page.locator('.cluster');
  const elements = [page.locator('#viewport'), lanes.first(), lanes.last(), page.locator('#n0 text').first()];
  const [view, first, last, text] = await Promise.all(elements.map((element) => element.boundingBox()));
  if (!view || !first || !last || !text) throw new Error('nothing is drawn');
  const [right, bottom] = [view.x + view.width, view.y + view.height];
  return {
    text: text.height,
    start: first.x >= view.x && first.x < right && first.y >= view.y && first.y < bottom,
    end: last.x + last.width <= right && last.y + last.height <= bottom,
  };
};

describe('scriptJson', () => {
  it('cannot end the script that it stands in, and is the same data', () => {
    const value = { text: '</script><!--<script>' };
    expect(scriptJson(value)).to.not.include('<');
    expect(JSON.parse(scriptJson(value))).to.deep.equal(value);
  });
});

describe('the derivative explorer of LeNet’s GGN', () => {
  let folder: string;
  let url: string;
  let data: ExplorerData;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const requests: string[] = [];

  before(async function () {
    if (!hasChromium()) {
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'sgn-explorer-'));
    const made = await exploreModel(lenetModel);
    data = made.data;
    const file = join(folder, 'lenet.html');
    await writeFile(file, made.page);
    url = pathToFileURL(file).href;
    browser = await chromium.launch({
      executablePath: chromiumPath,
      headless: true,
      args: ['--no-sandbox'],
      timeout: 0,
    });
    page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
    page.setDefaultTimeout(0);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('request', (request) => requests.push(request.url()));
  });

  after(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('opens from a file, by itself, and is light: what the time to open it goes by', async () => {
    await page.goto(url);
    await page.locator('#n0').waitFor();
    expect((await stat(fileURLToPath(url))).size).to.be.below(1_000_000);
    expect(await page.locator('*').count()).to.be.below(5000);
    expect(new Set(requests)).to.deep.equal(new Set([url]));
    expect(problems).to.deep.equal([]);
  });

  it('opens at the start of the first lane, close enough to be read; Fit shows the whole', async () => {
    for (const viewport of [
      { width: 800, height: 900 },
      { width: 1400, height: 850 },
    ]) {
      await page.setViewportSize(viewport);
      await page.goto(url);
      const sees = await inSight(page);
      expect(sees.text).to.be.above(11);
      expect([sees.start, sees.end]).to.deep.equal([true, false]);
      await page.getByRole('button', { name: 'Fit' }).click();
      const fitted = await inSight(page);
      expect(fitted.text).to.be.below(8);
      expect([fitted.start, fitted.end]).to.deep.equal([true, true]);
    }
  });

  it('opens a small graph as a whole', async () => {
    const file = join(folder, 'small.html');
    await writeFile(file, (await exploreModel(smallModel('tanh'), 'forward')).page);
    const small = await browser.newPage({ viewport: { width: 1400, height: 850 } });
    small.setDefaultTimeout(0);
    await small.goto(pathToFileURL(file).href);
    const opened = await small.locator('#viewport svg').getAttribute('viewBox');
    const sees = await inSight(small);
    expect(sees.text).to.be.above(8);
    expect([sees.start, sees.end]).to.deep.equal([true, true]);
    await small.getByRole('button', { name: 'Fit' }).click();
    expect(await small.locator('#viewport svg').getAttribute('viewBox')).to.equal(opened);
    await small.close();
  });

  it('opens with the sums of every stage', async () => {
    const sums = await page.locator('#details dd').allTextContents();
    expect(sums).to.have.length(data.stages.length);
    const counted = data.kernels.filter(({ stage }) => stage === 'product').length;
    expect(sums[1]).to.match(new RegExp(`^${counted} kernels, .*FLOP, .*B$`));
  });

  it('shows for every value its shape, its rule and the source of its kernel', async () => {
    expect(await page.locator('.node.value').count()).to.equal(data.values.length);
    for (const [i, value] of data.values.entries()) {
      await page.locator(`#n${i}`).dispatchEvent('pointerdown', { clientX: 5, clientY: 5 });
      await page.locator(`#n${i}`).dispatchEvent('pointerup', { clientX: 5, clientY: 5 });
      const details = page.locator('#details');
      expect(await details.locator('h2').textContent()).to.equal(value.name);
      const text = (await details.textContent()) ?? '';
      expect(text).to.include(value.shape).and.to.include(value.rule);
      const named = [...value.uses.map((use) => data.values[use]?.name), ...value.reads];
      const madeOf = details.locator('dt', { hasText: 'made of' }).locator('xpath=following-sibling::dd[1]');
      expect(await madeOf.locator('.links > *').allTextContents()).to.deep.equal(named);
      expect(named.length, value.key).to.be.above(0);
      const shown = await details.locator('.source pre').allTextContents();
      const expected = value.kernels.flatMap((kernel) => data.kernels[kernel]?.sources ?? []);
      expect(expected.length, value.key).to.be.above(0);
      expect(shown, value.key).to.deep.equal(expected.map((source) => source.text));
    }
    expect(problems).to.deep.equal([]);
  });

  it('has its lanes side by side, from the forward pass on the left to the cotangents on the right', async () => {
    await page.getByRole('button', { name: 'Fit' }).click();
    const places = await Promise.all(
      data.lanes.map(({ lane }) =>
        page
          .locator('.cluster')
          .filter({ has: page.locator(`title`, { hasText: `cluster_${lane}` }) })
          .boundingBox(),
      ),
    );
    expect(places).to.have.length(4);
    for (const [i, place] of places.entries()) {
      const next = places[i + 1];
      if (place === null || next === null) throw new Error('no lane');
      if (next !== undefined) expect(place.x + place.width).to.be.below(next.x);
    }
  });

  it('takes a click of the mouse on a box', async () => {
    await page.getByRole('button', { name: 'Fit' }).click();
    await page.locator('#n2').click();
    expect(await page.locator('#details h2').textContent()).to.equal(data.values[2]?.name);
    expect(await page.locator('#n2').getAttribute('class')).to.include('chosen');
  });

  it('finds by name and by what a value is made of', async () => {
    await page.keyboard.press('/');
    await page.locator('#query').fill('W2');
    const using = data.values.filter(
      ({ mentions, key }) => mentions.some((name) => name.includes('W2')) || key.includes('W2'),
    );
    expect(await page.locator('#matches').textContent()).to.equal(`${using.length} found`);
    expect(await page.locator('.node.match').count()).to.equal(using.length);
    expect(await page.locator('#index .match').count()).to.equal(using.length);
    await page.locator('#query').fill('pool1');
    await page.keyboard.press('Enter');
    expect(await page.locator('#details h2').textContent()).to.equal('pool₁');
    await page.locator('#query').fill('');
  });

  it('is walked by keys: down the list, to what a value is made of, to what uses it', async () => {
    const heading = () => page.locator('#details h2').textContent();
    await page.locator('#index [data-value="0"]').press('Enter');
    expect(await heading()).to.equal('z₁');
    await page.locator('#viewport').focus();
    await page.keyboard.press('ArrowDown');
    expect(await heading()).to.equal(data.values[1]?.name);
    await page.keyboard.press('ArrowLeft');
    expect(await heading()).to.equal('z₁');
    await page.keyboard.press('ArrowRight');
    expect(await heading()).to.equal('a₁');
    expect(await page.locator('#index [aria-current="true"]').textContent()).to.equal('a₁');
  });

  it('zooms and pans', async () => {
    const box = () => page.locator('#viewport svg').getAttribute('viewBox');
    await page.keyboard.press('0');
    const whole = (await box())?.split(' ').map(Number) ?? [];
    await page.keyboard.press('+');
    const closer = (await box())?.split(' ').map(Number) ?? [];
    expect(closer[2]).to.be.closeTo(0.8 * (whole[2] ?? 0), 1);
    const area = await page.locator('#viewport').boundingBox();
    await page.mouse.move((area?.x ?? 0) + 20, (area?.y ?? 0) + 200);
    await page.mouse.down();
    await page.mouse.move((area?.x ?? 0) + 120, (area?.y ?? 0) + 200, { steps: 4 });
    await page.mouse.up();
    const moved = (await box())?.split(' ').map(Number) ?? [];
    expect(moved[0]).to.be.below(closer[0] ?? 0);
    expect(moved[2]).to.equal(closer[2]);
  });

  it('keeps list, graph and details in sight on a narrow screen', async () => {
    const wide = page.viewportSize();
    await page.setViewportSize({ width: 800, height: 900 });
    await page.locator('#index [data-value="3"]').click();
    const size = await page.locator('#n3 text').first().boundingBox();
    expect(size?.height, 'text after it was chosen').to.be.above(11);
    for (const part of ['#index', '#viewport', '#details']) {
      const place = await page.locator(part).boundingBox();
      if (place === null) throw new Error(`no ${part}`);
      expect(place.height, part).to.be.above(80);
      expect(place.y + place.height, part).to.be.at.most(900);
    }
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).to.equal(900);
    await page.setViewportSize({ width: 360, height: 900 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'width on a phone').to.equal(360);
    if (wide !== null) await page.setViewportSize(wide);
  });

  it('keeps texts within their boxes', async () => {
    await page.getByRole('button', { name: 'Fit' }).click();
    const overhang = await page.locator('.node.value').evaluateAll((nodes) =>
      nodes.map((node) => {
        const box = node.querySelector('path')?.getBoundingClientRect();
        const texts = [...node.querySelectorAll('text')].map((line) => line.getBoundingClientRect());
        return Math.max(
          ...texts.map(({ left, right }) => Math.max((box?.left ?? 0) - left, right - (box?.right ?? 0))),
        );
      }),
    );
    for (const beyond of overhang) expect(beyond).to.be.below(0);
  });

  it('names its parts for screen readers', async () => {
    for (const name of ['Values, by lane', 'Details', 'Graph'])
      expect(await page.locator(`[aria-label="${name}"]`).count(), name).to.equal(1);
    expect(await page.locator('#n0').getAttribute('aria-label')).to.equal(`z₁, ${data.values[0]?.shape}, add`);
    expect(await page.locator('#details').getAttribute('aria-live')).to.equal('polite');
  });

  it('is readable in both colour schemes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const colors = await page.evaluate(() =>
        [
          ['#n0 text', 'fill', '#n0 path', 'fill'],
          ['body', 'color', 'body', 'background-color'],
          ['.formula', 'color', 'header', 'background-color'],
        ].map(([ink = '', inkProperty = '', ground = '', groundProperty = '']) => [
          getComputedStyle(document.querySelector(ink) ?? document.body).getPropertyValue(inkProperty),
          getComputedStyle(document.querySelector(ground) ?? document.body).getPropertyValue(groundProperty),
        ]),
      );
      const contrast = colors.map(([ink = '', ground = '']) => contrastOf(ink, ground));
      for (const ratio of contrast) expect(ratio, colorScheme).to.be.above(4.5);
    }
  });
});

describe('the page', () => {
  it('carries no address of the network', async () => {
    const style = await readFile(new URL('../../web/explorer.css', import.meta.url), 'utf8');
    expect(style).to.not.match(/url\(|@import|https?:/);
  });
});
