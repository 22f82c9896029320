/** Reports as one HTML page that needs nothing else: style and figures are inside. */
import { escapeHtml } from '../../dsl/index.js';
import { colourRules } from './colours.js';
import type { Block, Report, TableBlock } from './document.js';

const cells = (tag: 'th' | 'td', texts: readonly string[]): string =>
  `<tr>${texts.map((text) => `<${tag}${tag === 'th' ? ' scope="col"' : ''}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`;

const tableText = ({ caption, head, rows }: TableBlock): string =>
  `<div class="scroll"><table><caption>${escapeHtml(caption)}</caption><thead>${cells('th', head)}</thead>` +
  `<tbody>${rows.map((texts) => cells('td', texts)).join('')}</tbody></table></div>`;

const blockText = (block: Block): string => {
  switch (block._tag) {
    case 'Heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case 'Paragraph':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'List':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
    case 'Code':
      return `<pre><code>${escapeHtml(block.text)}</code></pre>`;
    case 'Table':
      return tableText(block);
    case 'Figure':
      return `<figure>${block.svg}<figcaption>${escapeHtml(block.caption)}</figcaption></figure>`;
  }
};

const style = `
${colourRules(':root')}
:root{color-scheme:light dark}
body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem 4rem;font:16px/1.55 system-ui,sans-serif;color:var(--text);background:var(--background)}
h1{font-size:1.9rem;line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
p{max-width:48rem}li{max-width:48rem}
pre{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;overflow-x:auto}
.scroll{overflow-x:auto;margin:1.5rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;white-space:nowrap;font-weight:600;padding-bottom:.5rem}
th,td{padding:.35rem .8rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
thead th{background:var(--raised);color:var(--muted);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1.5rem}
figure{margin:0}figure svg{width:100%;height:auto}
figcaption{color:var(--muted);font-size:.9rem}`;

/** Figures that follow each other stand side by side where there is room. */
const grouped = (blocks: readonly Block[]): string =>
  blocks
    .map((block, i) => {
      const figure = block._tag === 'Figure';
      const opens = figure && blocks[i - 1]?._tag !== 'Figure' ? '<div class="figures">' : '';
      const closes = figure && blocks[i + 1]?._tag !== 'Figure' ? '</div>' : '';
      return `${opens}${blockText(block)}${closes}`;
    })
    .join('\n');

/** The report as a page. */
export const html = ({ title, blocks }: Report): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${grouped(blocks)}
</body>
</html>
`;
