/** From what inspection found to what the explorer's page carries. */
import type { InspectedKernel, InspectedProgram, InspectedValue, Inspection } from '../compiler/inspect/data.js';
import { mentionsOf } from '../compiler/inspect/links.js';
import { lanes } from '../compiler/inspect/origins.js';
import { type EmittedSource, isSourceOf } from '../compiler/inspect/sources.js';
import type { ExplorerData, ExplorerKernel, ExplorerValue } from './data.js';

/** What is known of a graph. */
export interface Explored {
  readonly inspection: Inspection;
  readonly program: InspectedProgram;
  readonly sources: readonly EmittedSource[];
  /** Milliseconds by kernel, where they were measured. */
  readonly timings: Readonly<Record<string, number>>;
  /** Where they were measured. */
  readonly target?: string;
}

/** The data of the page: the values of the last level, with the kernels that they ended in. */
export const explorerData = ({ inspection, program, sources, timings, target }: Explored): ExplorerData => {
  const level = inspection.levels.at(-1);
  const values = level?.values ?? [];
  const mentions = level === undefined ? [] : mentionsOf(level);
  const kernelPositions = new Map(program.kernels.map(({ name }, i) => [name, i] as const));
  const names = new Map([...values, ...(level?.leaves ?? [])].map(({ key, name }) => [key, name.math] as const));
  const nameOf = (key: string): string => names.get(key) ?? key;
  const present = new Set(values.map(({ lane }) => lane));
  const value = (inspected: InspectedValue, position: number): ExplorerValue => ({
    key: inspected.key,
    name: inspected.name.math,
    shape: inspected.shape,
    lane: inspected.lane,
    stage: inspected.stage,
    operation: inspected.operation,
    rule: inspected.rule,
    derived: inspected.derived.math,
    definition: inspected.definition.math,
    uses: mentions[position]?.values ?? [],
    reads: (mentions[position]?.leaves ?? []).flatMap((leaf) => level?.leaves[leaf]?.name.math ?? []),
    mentions: inspected.uses,
    kernels: (program.kernelsOf[inspected.key] ?? []).flatMap((kernel) => kernelPositions.get(kernel) ?? []),
  });
  const kernel = ({
    name,
    stage,
    stores,
    fused,
    reads,
    expression,
    cost,
    intensity,
  }: InspectedKernel): ExplorerKernel => ({
    name,
    stage,
    stores: nameOf(stores),
    fused: fused.map(nameOf),
    reads: reads.map(nameOf),
    expression: expression.math,
    flops: cost.flops,
    bytes: cost.bytes,
    intensity,
    ...(timings[name] === undefined ? {} : { milliseconds: timings[name] }),
    sources: sources
      .filter((source) => isSourceOf(name, source))
      .map((source) => ({ language: source.language, text: source.text })),
  });
  return {
    model: inspection.model,
    graph: inspection.graph,
    formula: inspection.formula,
    stages: (level?.stages ?? []).map(({ name, runs }) => ({ name, runs })),
    lanes: lanes.filter((lane) => present.has(lane)).map((lane) => ({ lane, title: inspection.titles[lane] })),
    values: values.map(value),
    kernels: program.kernels.map(kernel),
    ...(target === undefined ? {} : { target }),
  };
};
