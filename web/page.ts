/** The derivative explorer as one self-contained page. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showCount } from '../compiler/print/program.js';
import { escapeHtml } from '../dsl/html.js';
import type { ExplorerData, ExplorerKernel } from './data.js';

/** The page's script or style could not be read: the package is not complete, or its sources have not been built. */
export interface PageError {
  readonly _tag: 'PageError';
  readonly reason: string;
}

/** JSON that is safe inside a script element: nothing in it can end the element or start a comment. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replace(/</g, '\\u003c');

// The package's own folder, found by the package's own name from sources and from a build alike.
const folder = dirname(createRequire(import.meta.url).resolve('sgn.js/package.json'));

const asset = (path: string): TE.TaskEither<PageError, string> =>
  TE.tryCatch(
    () => readFile(join(folder, path), 'utf8'),
    (): PageError => ({ _tag: 'PageError', reason: `${path} is missing: run npm run build` }),
  );

const index = ({ lanes, values }: ExplorerData): string =>
  lanes
    .map(({ lane, title }) => {
      const items = values.flatMap((value, i) =>
        value.lane === lane
          ? [
              `<li><button type="button" class="stage${value.stage}" data-value="${i}">${escapeHtml(value.name)}</button></li>`,
            ]
          : [],
      );
      return `<h2>${escapeHtml(title)}</h2><ul>${items.join('')}</ul>`;
    })
    .join('');

const legend = ({ stages }: ExplorerData): string =>
  stages
    .map(
      ({ name, runs }, i) => `<li><span class="swatch stage${i}"></span>${escapeHtml(name)}: ${escapeHtml(runs)}</li>`,
    )
    .join('');

/** What every stage costs in sum, shown until a value is chosen. */
const summary = ({ stages, kernels }: ExplorerData): string =>
  stages
    .map(({ name }) => {
      const own = kernels.filter(({ stage }) => stage === name);
      const sum = (count: (kernel: ExplorerKernel) => number) =>
        own.reduce((total, kernel) => total + count(kernel), 0);
      const cost = `${own.length} kernels, ${showCount(sum(({ flops }) => flops))}FLOP, ${showCount(sum(({ bytes }) => bytes))}B`;
      const times = own.flatMap(({ milliseconds }) => milliseconds ?? []);
      const time = times.length === 0 ? '' : `, ${times.reduce((total, ms) => total + ms, 0).toFixed(3)} ms`;
      return `<dt>${escapeHtml(name)}</dt><dd>${cost}${time}</dd>`;
    })
    .join('');

const page = (data: ExplorerData, svg: string, style: string, script: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${data.model} · ${data.graph}`)}</title>
<style>
${style}
</style>
</head>
<body>
<header>
<div><h1>${escapeHtml(data.model)} · ${escapeHtml(data.graph)}</h1><p class="formula">${escapeHtml(data.formula)}</p></div>
<ul class="legend" aria-label="Colours by stage">${legend(data)}</ul>
<form role="search" id="search"><label for="query">Find</label>
<input id="query" type="search" autocomplete="off" placeholder="name, operation, parameter  ( / )" aria-describedby="matches">
<output id="matches" for="query"></output></form>
</header>
<main>
<nav id="index" aria-label="Values, by lane">${index(data)}</nav>
<section id="drawing" aria-label="Graph">
<div class="tools" role="toolbar" aria-label="Zoom">
<button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in ( + )">+</button>
<button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out ( − )">−</button>
<button type="button" data-zoom="fit" title="Fit the graph ( 0 )">Fit</button>
</div>
<div id="viewport" tabindex="0" role="application" aria-label="Graph. Up and down step through the values, left goes to what a value is made of, right to what uses it. Plus, minus and 0 zoom.">
${svg}
</div>
</section>
<aside id="details" aria-live="polite" aria-label="Details" tabindex="-1"><p class="hint">Choose a value: in the list, in the graph, or by name.</p><dl>${summary(data)}</dl></aside>
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script type="module">
${script}
</script>
</body>
</html>
`;

/** The page of a graph: data, drawing (an SVG element), style and script in one file. */
export const explorerPage = (data: ExplorerData, svg: string): TE.TaskEither<PageError, string> =>
  TE.flatMap((style: string) =>
    TE.map((script: string) => page(data, svg, style, script))(asset('dist/web/explorer.js')),
  )(asset('web/explorer.css'));
