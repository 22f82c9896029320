/** The report on a study. */
import { benchmarkSection } from './benchmark.js';
import { deviations } from './deviations.js';
import { type Block, code, heading, list, paragraph, type Report } from './document.js';
import type { StudyResults } from './results.js';

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

const origin = ({ invocations }: StudyResults, command: string): readonly Block[] => {
  const dates = invocations.map(({ date }) => date.slice(0, 10));
  const machines = invocations.map(
    ({ machine: { cpu, cores, memoryGiB, system, node } }) =>
      `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB of memory, ${system}, Node ${node}`,
  );
  return [
    paragraph(`Run on ${distinct(dates).join(', ')}. Machine: ${distinct(machines).join('; ')}.`),
    code([...distinct(invocations.map((invocation) => invocation.command)), command].join('\n')),
  ];
};

/** The report on a study; `command` is the one that makes it. */
export const compose = (results: StudyResults, command: string): Report => {
  const { study, runs } = results;
  const runsOf = (benchmark: string) => runs.filter(({ config }) => config.benchmark === benchmark);
  const found = deviations(study, runsOf);
  return {
    title: study.title,
    blocks: [
      ...origin(results, command),
      ...(found.length === 0 ? [] : [heading(2, 'How this differs from what is published'), list(found)]),
      ...Object.entries(study.benchmarks).flatMap(([name, benchmark]) =>
        benchmarkSection(study, name, benchmark, runsOf(name)),
      ),
    ],
  };
};
