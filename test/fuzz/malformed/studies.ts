/** Malformed studies in JSON: refused in one line, or their runs can be listed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { plannedRuns, runFolder } from '../../../optim/index.js';
import type { Fuzzer } from '../fuzzer.js';
import { choicesOf, damagedBytes, damagedData, judge } from './case.js';

const whole = {
  name: 'fuzzed',
  title: 'A study that is damaged',
  benchmarks: {
    sine: { experiment: 'sine', epochs: 1, limit: 8, batchSize: 4, solvers: ['SGN(2)'] },
    boston: {
      experiment: 'boston',
      seconds: 1,
      validation: 10,
      published: { source: 'table 1', hardware: 'none', seeds: 1, train: 404 },
    },
  },
  solvers: {
    'SGN(2)': { solver: 'sgn', sgn: { maxCgIterations: 2, gradientMomentum: 0.5 }, sweep: 'iterations' },
    'SGD(0.01)': { solver: 'sgd', sgd: { learningRate: 0.01, momentum: 0.9 } },
  },
  seeds: [3, 4],
  targets: ['interpreter'],
  notes: ['a note'],
};

/** The fuzzer of studies. */
export const studies: Fuzzer = {
  name: 'malformed-studies',
  run: async (seed) => {
    const { experimentSession, selectedStudy } = await import('../../../cli/experimentSession.js');
    const choices = choicesOf(seed);
    const bytes = damagedBytes(new TextEncoder().encode(JSON.stringify(whole)), choices);
    const once = damagedData(whole, choices);
    const twice = damagedData(once.value, choices);
    const [content, how] = choices.of<() => readonly [string | Uint8Array, string]>([
      () => [bytes.bytes, bytes.how],
      () => [JSON.stringify(once.value) ?? '', once.how],
      () => [JSON.stringify(once.value) ?? '', once.how],
      () => [JSON.stringify(twice.value) ?? '', `${once.how}, ${twice.how}`],
    ])();
    const folder = await mkdtemp(join(tmpdir(), 'sgn-fuzz-'));
    try {
      const path = join(folder, 'study.json');
      await writeFile(path, content);
      return await judge(`study, ${how}`, true, async () => {
        const selection = { epochs: 1, limit: 4, seeds: 1 };
        const selected = await selectedStudy(path, selection)();
        if (E.isLeft(selected)) return selected;
        const { part } = selected.right;
        const folders = plannedRuns(part).map((planned) => runFolder(planned).join('/'));
        if (new Set(folders).size !== folders.length)
          throw new Error(`two runs in one folder of ${folders.join(', ')}`);
        const small = { ...selection, benchmarks: ['sine'], targets: ['interpreter'] as const };
        const nothing = (): void => undefined;
        return experimentSession(
          path,
          { selection: small, out: join(folder, 'out'), data: undefined, saveEvery: 1, command: 'fuzz' },
          { line: nothing, progress: nothing, share: nothing, download: nothing, close: nothing },
        )();
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
