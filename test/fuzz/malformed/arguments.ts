/** Malformed arguments of every command: refused in one line with 1, whoever finds them wrong. */
import { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { Fuzzer } from '../fuzzer.js';
import { type Choices, choicesOf, judge } from './case.js';
import { captured, endsWell, sgn } from './process.js';

/** Command lines that are in order, and quick. */
const lines: readonly (readonly string[])[] = [
  ['run', 'sine', '--target', 'interpreter', '--epochs', '1', '--limit', '4', '--batch', '2', '--seed', '3'],
  [
    'run',
    'boston',
    '--target',
    'interpreter',
    '--epochs',
    '1',
    '--limit',
    '4',
    '--batch',
    '2',
    '--solver',
    'adam',
    '--learning-rate',
    '0.1',
  ],
  ['inspect', 'sine', '--graph', 'ggn', '--stage', 'fused', '--batch', '3'],
  ['inspect', 'sine', '--format', 'math'],
  ['inspect', 'sine', '--pass', 'derived..simplify'],
  ['check', 'sine', '--float64-only', '--seed', '2', '--batch', '2'],
  ['experiment', 'paper', '--list', '--only', 'boston', '--seeds', '1', '--epochs', '2'],
  ['report', 'no-such-folder'],
  ['bench', 'no-such-model', '--threads', '1'],
];

const values = [
  '',
  ' ',
  '-1',
  '0',
  '1.5',
  'NaN',
  'Infinity',
  '1e15',
  '1e400',
  '9007199254740993',
  '0x10',
  '1_000',
  '٣',
  'abc',
  'on',
  'null',
  '__proto__',
  'constructor',
  'toString',
  '../../etc',
  '/dev/null',
  '/',
  'a\nb',
  '\u001b[31mred\u001b[0m',
  'x'.repeat(5000),
  '-',
  '--',
  '=',
  ',',
  '..',
  '[]',
  '{"a":1}',
] as const;

const options = [
  '--nope',
  '--target',
  '--solver',
  '--epochs',
  '--seed',
  '--batch',
  '--cg',
  '--limit',
  '--validation',
  '--seconds',
  '--damping',
  '--cg-tolerance',
  '--curvature',
  '--learning-rate',
  '--trust-region',
  '--save-every',
  '--resume',
  '--init',
  '--data',
  '--graph',
  '--stage',
  '--pass',
  '--format',
  '--source',
  '--kernel',
  '--only',
  '--solvers',
  '--seeds',
  '--threads',
  '-x',
  '--epochs=',
] as const;

/** What keeps a command brief whose words are in order: 1e15 epochs, every model of the benchmark, a whole study. */
const brief: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['run', ['--seconds', '0.1', '--limit', '4']],
  ['bench', ['no-such-model']],
  ['experiment', ['--list']],
]);

const mutated = (line: readonly string[], { below, of }: Choices): readonly string[] => {
  const at = 1 + below(line.length - 1);
  return of<() => readonly string[]>([
    () => line.with(at, of(values)),
    () => line.with(at, of(values)),
    () => line.toSpliced(at, 1),
    () => line.toSpliced(at, 0, of(options), of(values)),
    () => [...line, of(options), of(values)],
    () => [...line, of(options), of(values)],
    () => [...line, of(options)],
    () => [...line, of(values)],
    () => line.with(0, of(values)),
    () => line.slice(0, at),
  ])();
};

const commands = async (): Promise<Command> => {
  const own = await Promise.all([
    import('../../../cli/run.js').then(({ runCommand }) => runCommand()),
    import('../../../cli/inspect.js').then(({ inspectCommand }) => inspectCommand()),
    import('../../../cli/check.js').then(({ checkCommand }) => checkCommand()),
    import('../../../cli/experiment.js').then(({ experimentCommand }) => experimentCommand()),
    import('../../../cli/report.js').then(({ reportCommand }) => reportCommand()),
    import('../../../cli/bench.js').then(({ benchCommand }) => benchCommand()),
  ]);
  const program = new Command('sgn').exitOverride();
  for (const command of own) program.addCommand(command.exitOverride());
  return program;
};

/** The fuzzer of arguments: one case in 25 is a process of its own. */
export const argumentLines: Fuzzer = {
  name: 'malformed-arguments',
  run: async (seed) => {
    const choices = choicesOf(seed);
    const once = mutated(choices.of(lines), choices);
    const words = choices.below(2) === 0 || once.length < 2 ? once : mutated(once, choices);
    const line = [...words, ...(brief.get(words[0]) ?? [])];
    const how = `sgn ${line.map((word) => JSON.stringify(word.slice(0, 60))).join(' ')}`;
    if (seed % 25 === 0) return endsWell(how, true, await sgn(line));
    const program = await commands();
    return judge(how, true, async () => {
      const { errors, code } = await captured(() => program.parseAsync([...line], { from: 'user' }));
      if (code === undefined || code === 0) return E.right(errors);
      if (code !== 1) throw new Error(`exit code ${code}`);
      // commander says where to look beside what is wrong, and shows the whole help where nothing was asked for
      const [first = ''] = errors.split('\n');
      return E.left(first.startsWith('error: ') || first.startsWith('Usage: ') ? first : errors.trimEnd());
    });
  },
};
