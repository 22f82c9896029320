/**
 * A graph as a listing: one line per value with its shape, in sections by stage, loop and lane. In plain text in the
 * manner of a jaxpr, or as mathematics.
 */
import type { InspectedLevel, InspectedValue, Inspection } from '../inspect/data.js';
import { displayWidth, padColumns, type Style } from './name.js';

/** How a listing is laid out. */
export interface ListingOptions {
  /** Longer lines are broken. */
  readonly columns: number;
}

/** A width that terminals and documents have. */
export const listingDefaults: ListingOptions = { columns: 118 };

/** A part of a listing: neighbours of one stage, loop and lane. */
export interface Section {
  readonly stage: number;
  readonly loops: readonly string[];
  readonly lane: InspectedValue['lane'];
  readonly values: readonly InspectedValue[];
}

const sectionKey = ({ stage, loops, lane }: InspectedValue): string => JSON.stringify([stage, loops, lane]);

const groupBySection = (values: readonly InspectedValue[]): ReadonlyMap<string, readonly InspectedValue[]> => {
  const groups = new Map<string, InspectedValue[]>();
  for (const value of values) {
    const group = groups.get(sectionKey(value));
    if (group === undefined) groups.set(sectionKey(value), [value]);
    else group.push(value);
  }
  return groups;
};

/** The values in sections: by stage, what is inside loops before what comes of them, and by lane. */
export const sectionsOf = ({ values }: InspectedLevel): readonly Section[] => {
  const groups = groupBySection(values);
  const sections = [...groups.values()].flatMap((members): readonly Section[] => {
    const [first] = members;
    return first === undefined ? [] : [{ stage: first.stage, loops: first.loops, lane: first.lane, values: members }];
  });
  return sections.toSorted((a, b) => a.stage - b.stage);
};

/** What a section holds, and the loop that it is in. */
export const sectionTitle = ({ lane, loops }: Section, titles: Inspection['titles']): string =>
  `${titles[lane]}${loops.length === 0 ? '' : ` (in ${loops.join(' › ')})`}`;

/** Breaks a text at spaces; further lines start at `indent`. */
export const wrapped = (first: string, text: string, columns: number): readonly string[] => {
  const indent = ' '.repeat(displayWidth(first));
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && displayWidth(line) + 1 + displayWidth(word) > columns) {
      lines.push(line);
      [line, empty] = [indent, true];
    }
    line = empty ? `${line}${word}` : `${line} ${word}`;
    empty = false;
  }
  return [...lines, line];
};

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(displayWidth));

const stageHeading = (level: InspectedLevel, stage: number): string => {
  const found = level.stages[stage];
  if (found === undefined) return '';
  const inputs = found.inputs.length === 0 ? '' : `, from ${found.inputs.join(', ')}`;
  return `${found.name}: ${found.runs}${inputs}`;
};

// as in compiler/print/windows.ts
const correlation =
  '⋆ correlates: (W ⋆ x)[f, p] = Σ W[f, c, k] x[c, p + k]; its transposes are W ⋆ᵀ δ in x and δ ⋆[batch] x in W';

/** The listing of a level in text or mathematics; LaTeX has its own layout. */
export const listLevel = (
  inspection: Inspection,
  level: InspectedLevel,
  style: Exclude<Style, 'latex'>,
  { columns }: ListingOptions = listingDefaults,
): readonly string[] => {
  const names = widest(level.values.map(({ name }) => name[style]));
  const shapes = style === 'text' ? widest(level.values.map(({ shape }) => shape)) : 0;
  const lineOf = ({ name, shape, definition }: InspectedValue): readonly string[] => {
    const shapeColumn = style === 'text' ? `${padColumns(shape, shapes)}  ` : '';
    return wrapped(`    ${padColumns(name[style], names)}  ${shapeColumn}= `, definition[style], columns);
  };
  const sections = sectionsOf(level);
  const body = sections.flatMap((section, i): readonly string[] => {
    const before = sections[i - 1];
    const newStage = before?.stage !== section.stage;
    return [
      ...(newStage ? ['', stageHeading(level, section.stage)] : []),
      `  ${sectionTitle(section, inspection.titles)}`,
      ...section.values.flatMap(lineOf),
    ];
  });
  const results = level.stages.flatMap(({ outputs }) =>
    Object.entries(outputs).map(([name, key]) => (name === key ? key : `${name} = ${key}`)),
  );
  const convolves = style === 'math' && level.values.some(({ definition }) => definition.math.includes('⋆'));
  return [
    `${inspection.model} · ${inspection.graph} · ${level.pass}`,
    inspection.formula,
    ...wrapped('θ = (', `${inspection.parameters.join(', ')}), d = ${inspection.parameterCount}`, columns),
    ...(convolves ? wrapped('', correlation, columns) : []),
    ...body,
    '',
    `→ ${results.join(', ')}`,
  ];
};
