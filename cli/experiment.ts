/** `sgn experiment`: carries out a study. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { type PlannedRun, plannedRuns, type Selection, type Study } from '../optim/index.js';
import { targetNames } from '../runtime/index.js';
import { typedCommand } from './command.js';
import { experimentSession, selectedStudy } from './experimentSession.js';
import { examplesHelp } from './help.js';
import { exitAsEnded } from './interrupt.js';
import { parseCount } from './options.js';
import { studyNames } from './studies.js';
import { print, refuse } from './terminal.js';

const examples = examplesHelp(
  [
    ['sgn experiment paper', 'all benchmarks of the paper: many hours'],
    ['sgn experiment paper --only mnist --seeds 3', 'a part of it'],
    ['sgn experiment paper --only boston,sine --epochs 10 --list'],
    ['sgn experiment options --only boston', 'SGN(10) with one of its options changed at a time'],
    ['sgn experiment ./my-study.json --out runs/mine'],
  ],
  'A study is a JSON file or a module with `export default study({ … })`. Every run has a folder of its own with its ' +
    'configuration, history, summary, parameters and checkpoint. A study that was interrupted or killed goes on with the same ' +
    'command, to the same bits. Ctrl-C (SIGINT) or SIGTERM ends it after the current ' +
    "step, with exit code 130 or 143. One process at a time uses a study's folder.",
  'Then: sgn report <folder>',
);

const optionsSchema = z.object({
  only: z.array(z.string()).optional(),
  solvers: z.array(z.string()).optional(),
  seeds: z.int().optional(),
  epochs: z.int().optional(),
  seconds: z.number().optional(),
  limit: z.int().optional(),
  target: z.enum(['auto', ...targetNames]).optional(),
  out: z.string().optional(),
  data: z.string().optional(),
  saveEvery: z.int(),
  list: z.boolean().optional(),
});

const names = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
};

const given = <A>(key: string, value: A | undefined): Readonly<Record<string, A>> =>
  value === undefined ? {} : { [key]: value };

const selectionOf = ({
  only,
  solvers,
  seeds,
  epochs,
  seconds,
  limit,
  target,
}: z.output<typeof optionsSchema>): Selection => ({
  ...given('benchmarks', only),
  ...given('solvers', solvers),
  ...given('seeds', seeds),
  ...given('epochs', epochs),
  ...given('seconds', seconds),
  ...given('limit', limit),
  ...given('targets', target === undefined ? undefined : [target]),
});

const runLine = (study: Study, { benchmark, solver, target, seed }: PlannedRun): string => {
  const { epochs, seconds } = study.benchmarks[benchmark] ?? {};
  const budget = [
    ...(epochs === undefined ? [] : [`${epochs} epochs`]),
    ...(seconds === undefined ? [] : [`${seconds} s`]),
  ].join(', ');
  return `${benchmark}  ${solver}  ${target}  seed ${seed}  ${budget}`;
};

const listRuns = (name: string, selection: Selection): TE.TaskEither<string, undefined> =>
  pipe(
    selectedStudy(name, selection),
    TE.tapIO(({ part }) => () => {
      for (const planned of plannedRuns(part)) print(`${runLine(part, planned)}\n`);
    }),
    TE.map(() => undefined),
  );

/** The command. Exits with 0; with 130 or 143 if a signal ended it; or with 1 and one line on standard error that says what to do. */
export const experimentCommand = (): Command =>
  new Command('experiment')
    .description('Carry out a study: every benchmark with every solver and seed; goes on where it was interrupted.')
    .argument('<study>', `${studyNames.join(', ')}, or the path of a study (module or JSON)`)
    .option('--out <folder>', 'the folder of the study (default: runs/<name of the study>)')
    .option('--only <benchmarks>', 'only these benchmarks, separated by commas', names)
    .option('--solvers <names>', 'only these solvers, separated by commas', names)
    .option('--seeds <n>', 'only the first n seeds', parseCount)
    .option('--epochs <n>', 'end every run after so many epochs', parseCount)
    .option('--seconds <s>', 'end every run after so many seconds of training', positive)
    .option('--limit <n>', 'train on the first n samples only', parseCount)
    .addOption(new Option('--target <name>', 'run on this target only').choices(['auto', ...targetNames]))
    .option('--data <folder>', 'look for data files here first (also: SGN_DATA); boston and sine read none')
    .option('--save-every <n>', 'a checkpoint every n epochs', parseCount, 1)
    .option('--list', 'list the runs and their budgets; run nothing')
    .addHelpText('after', examples)
    .action(async (name: string, words: unknown) => {
      const { out, data, saveEvery, list, ...rest } = optionsSchema.parse(words);
      const selection = selectionOf({ saveEvery, ...rest });
      await pipe(
        list === true
          ? listRuns(name, selection)
          : experimentSession(name, { selection, out, data, saveEvery, command: typedCommand() }),
        TE.match(refuse, exitAsEnded),
      )();
    });
