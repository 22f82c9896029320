/** Headless Chromium with a page that carries a bundle of ours. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
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

/** An open page, and how to close it and its browser. */
export interface OpenPage {
  readonly page: Page;
  readonly close: () => Promise<void>;
}

const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    headless: true,
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

/** A page on localhost (a secure context, which WebGPU asks for) that has loaded the bundle of the module `entry`. */
export const openPage = async (entry: string): Promise<OpenPage> => {
  const script = await bundle(entry);
  const server = createServer((request, response) => {
    const isScript = request.url === '/bundle.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><title>sgn.js</title><script type="module" src="/bundle.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launch();
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: 'load' });
  if (failures.length > 0) throw new Error(`the page failed to load: ${failures.join('; ')}`);
  return {
    page,
    close: async () => {
      await browser.close();
      server.close();
    },
  };
};
