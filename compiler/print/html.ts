/** A graph as an HTML table, for notebooks and reports. */

import { escapeHtml } from '../../dsl/html.js';
import { at } from '../../dsl/internal.js';
import type { InspectedLevel, Inspection } from '../inspect/data.js';
import { sectionsOf, sectionTitle } from './listing.js';

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;

/** The table of a level: name, shape and definition of every value, under the headings of its sections. */
export const htmlLevel = (inspection: Inspection, level: InspectedLevel): string => {
  const bodies = sectionsOf(level).map((section) => {
    const { name, runs } = at(level.stages, section.stage, 'htmlLevel');
    const heading = `${name} (${runs}): ${sectionTitle(section, inspection.titles)}`;
    const rows = section.values.map((value) => row([value.name.math, value.shape, `= ${value.definition.math}`]));
    return `<tbody><tr><th colspan="3" scope="rowgroup">${escapeHtml(heading)}</th></tr>${rows.join('')}</tbody>`;
  });
  const caption = `${inspection.model} · ${inspection.graph} · ${level.pass}: ${inspection.formula}`;
  return `<table class="sgn-graph"><caption>${escapeHtml(caption)}</caption>${bodies.join('')}</table>`;
};
