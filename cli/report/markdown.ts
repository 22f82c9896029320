/** Reports as Markdown (GitHub's tables). */
import { visible, visibleLine } from '../../dsl/index.js';
import type { Block, Report, TableBlock } from './document.js';

/** Text in which nothing is markup. */
const plain = (text: string): string => visibleLine(text).replaceAll(/[\\`*_[\]<>|#~]/g, (sign) => `\\${sign}`);

const row = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;

const tableText = ({ caption, head, rows }: TableBlock): string =>
  [
    `**${plain(caption)}**`,
    '',
    row(head),
    `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(row),
  ].join('\n');

const blockText = (block: Block, figures: string): string => {
  switch (block._tag) {
    case 'Heading':
      return `${'#'.repeat(block.level)} ${plain(block.text)}`;
    case 'Paragraph':
      return plain(block.text);
    case 'List':
      return block.items.map((item) => `- ${plain(item)}`).join('\n');
    case 'Code':
      return `\`\`\`sh\n${visible(block.text)}\n\`\`\``;
    case 'Table':
      return tableText(block);
    case 'Figure':
      return `![${plain(block.caption)}](${encodeURI(`${figures}/${block.name}.svg`)})`;
  }
};

/** The report as Markdown; `figures` is the folder of its images, as seen from the file. */
export const markdown = ({ title, blocks }: Report, figures: string): string =>
  `${[`# ${plain(title)}`, ...blocks.map((block) => blockText(block, figures))].join('\n\n')}\n`;
