/** Headless Chromium with a page that carries a bundle of ours. */
import { existsSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where Debian's package puts it. */
export const chromiumPath = '/usr/bin/chromium';

/** Is Chromium here? */
export const hasChromium = (): boolean => existsSync(chromiumPath);

const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Dawn for Node; a page has its own WebGPU.
    external: ['webgpu'],
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('\n');
};

/** Open pages of one browser, and how to close it. */
export interface OpenPages {
  readonly pages: readonly Page[];
  readonly close: () => Promise<void>;
}

/** An open page, and how to close it and its browser. */
export interface OpenPage extends Pick<OpenPages, 'close'> {
  readonly page: Page;
}

const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    // a busy machine may take its time
    timeout: 0,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--enable-unsafe-webgpu',
      '--enable-unsafe-swiftshader',
      '--use-webgpu-adapter=swiftshader',
      '--use-angle=swiftshader',
    ],
  });

/** Serves page n below `/n/`, with its headers. */
const serve = async (script: string, headers: readonly OutgoingHttpHeaders[]): Promise<Server> => {
  const server = createServer(({ url = '/' }, response) => {
    const [, page, file] = url.split('/');
    const isScript = file === 'bundle.js';
    response.writeHead(200, { ...headers[Number(page)], 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(
      isScript ? script : '<!doctype html><title>sgn.js</title><script type="module" src="bundle.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

/**
 * Pages on localhost (a secure context, which WebGPU asks for) that have loaded the bundle of the module `entry`, one for
 * each set of headers that the page and the bundle are to come with.
 */
export const openPages = async (entry: string, headers: readonly OutgoingHttpHeaders[]): Promise<OpenPages> => {
  const server = await serve(await bundle(entry), headers);
  const { port } = server.address() as AddressInfo;
  const browser = await launch();
  const open = async (index: number): Promise<Page> => {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.message));
    await page.goto(`http://127.0.0.1:${port}/${index}/`, { waitUntil: 'load' });
    if (failures.length > 0) throw new Error(`the page failed to load: ${failures.join('; ')}`);
    return page;
  };
  const close = async (): Promise<void> => {
    await browser.close();
    server.close();
  };
  try {
    return { pages: await Promise.all(headers.map((_, index) => open(index))), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** One such page without further headers. */
export const openPage = async (entry: string): Promise<OpenPage> => {
  const { pages, close } = await openPages(entry, [{}]);
  const [page] = pages;
  if (page === undefined) throw new Error('no page');
  return { page, close };
};
