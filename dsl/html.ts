/** Expressions as HTML, for notebooks. */
import type { Expr } from './node.js';
import { showExpr } from './print.js';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text as it stands in HTML, in elements and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => entities[character] ?? character);

/** One line of code: the expression and its shape. */
export const htmlExpr = (expr: Expr): string => `<code class="sgn-expr">${escapeHtml(showExpr(expr))}</code>`;
