/** Expressions as HTML, for notebooks. */
import type { Expr } from './node.js';
import { showExpr } from './print.js';
import { visible } from './visible.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in HTML and in SVG, in elements and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** One line of code: the expression and its shape. */
export const htmlExpr = (expr: Expr): string => `<code class="sgn-expr">${escapeHtml(showExpr(expr))}</code>`;
