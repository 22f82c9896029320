/** A graph as LaTeX: one aligned block per section. */
import { at } from '../../dsl/internal.js';
import type { InspectedLevel, Inspection } from '../inspect/data.js';
import { latexText } from './escape.js';
import { sectionsOf, sectionTitle } from './listing.js';

/** The LaTeX source of a level, for a document with amsmath. */
export const latexLevel = (inspection: Inspection, level: InspectedLevel): readonly string[] => [
  `% ${latexText(`${inspection.model}, ${inspection.graph}, after ${level.pass}`)}`,
  ...sectionsOf(level).flatMap((section) => {
    const { name, runs } = at(level.stages, section.stage, 'latexLevel');
    return [
      `\\paragraph{${latexText(`${name} (${runs}): ${sectionTitle(section, inspection.titles)}`)}}`,
      '\\begin{align*}',
      ...section.values.map(
        ({ name: value, definition }, i) =>
          `  ${value.latex} &= ${definition.latex}${i < section.values.length - 1 ? ' \\\\' : ''}`,
      ),
      '\\end{align*}',
    ];
  }),
];
