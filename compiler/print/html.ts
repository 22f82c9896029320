/** A graph as an HTML table, for notebooks and reports. */
import { escapeHtml } from '../../dsl/html.js';
import type { InspectedLevel, Inspection } from '../inspect/data.js';
import { sectionsOf, sectionTitle } from './listing.js';

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;

/** The table of a level: name, shape and definition of every value, under the headings of its sections. */
export const htmlLevel = (inspection: Inspection, level: InspectedLevel): string => {
  const bodies = sectionsOf(level).map((section) => {
    const found = level.stages[section.stage];
    const heading = `${found?.name ?? ''} (${found?.runs ?? ''}): ${sectionTitle(section, inspection.titles)}`;
    const rows = section.values.map(({ name, shape, definition }) => row([name.math, shape, `= ${definition.math}`]));
    return `<tbody><tr><th colspan="3" scope="rowgroup">${escapeHtml(heading)}</th></tr>${rows.join('')}</tbody>`;
  });
  const caption = `${inspection.model} · ${inspection.graph} · ${level.pass}: ${inspection.formula}`;
  return `<table class="sgn-graph"><caption>${escapeHtml(caption)}</caption>${bodies.join('')}</table>`;
};
