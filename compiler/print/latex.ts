/** A graph as LaTeX: one aligned block per section. */
import type { InspectedLevel, Inspection } from '../inspect/data.js';
import { sectionsOf } from './listing.js';

const prose = (text: string): string => text.replace(/[_&%#$]/g, (character) => `\\${character}`);

/** The LaTeX source of a level, for a document with amsmath, under a Unicode engine (LuaLaTeX, XeLaTeX). */
export const latexLevel = (inspection: Inspection, level: InspectedLevel): readonly string[] => [
  `% ${inspection.model}, ${inspection.graph}, after ${level.pass}`,
  ...sectionsOf(level).flatMap(({ stage, lane, values }) => {
    const found = level.stages[stage];
    return [
      `\\paragraph{${prose(`${found?.name ?? ''} (${found?.runs ?? ''}): ${inspection.titles[lane]}`)}}`,
      '\\begin{align*}',
      ...values.map(
        ({ name, definition }, i) => `  ${name.latex} &= ${definition.latex}${i < values.length - 1 ? ' \\\\' : ''}`,
      ),
      '\\end{align*}',
    ];
  }),
];
