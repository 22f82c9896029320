/** The derivative explorer, as one page for any browser. */
export { type Explored, explorerData } from './collect.js';
export type { ExplorerData } from './data.js';
export { explorerPage, type PageError } from './page.js';
