/**
 * Kills of runs and studies. One seed is one scenario: a folder that is empty, holds another run that is to be replaced,
 * holds a run that is gone on with, or is that of a study; and one or two kills, at a change to a file or when an epoch
 * has been shown. After each kill the folder holds the whole of one state: what was there before, or what an
 * uninterrupted run reaches after some epoch. In the end, what was killed has the bits of what was not.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as O from 'fp-ts/lib/Option.js';
import { decodeCheckpoint } from '../../cli/checkpoint.js';
import { runFiles } from '../../cli/folder.js';
import { readCurrent } from '../../cli/transaction.js';
import { historySchema, summarySchema } from '../../optim/index.js';
import { rightOf } from '../support/evaluation.js';
import { numbers } from '../support/numbers.js';
import type { Fuzzer } from './fuzzer.js';

/** When a process is killed: at one of its changes to files, or when it has written so many lines of epochs. */
type Moment =
  | { readonly _tag: 'Change'; readonly when: 'before' | 'during' | 'after'; readonly number: number }
  | { readonly _tag: 'Epoch'; readonly number: number };

interface Outcome {
  readonly code: number | null;
  readonly killed: boolean;
  readonly errors: string;
}

/** Where Node finds the command, and what kills it. */
export interface Program {
  readonly command: readonly string[];
  readonly killer: string;
}

const sources: Program = { command: ['--import', 'tsx', 'cli/main.ts'], killer: './test/fuzz/killer.ts' };

/** Runs `sgn` in a process of its own, killed at a moment if it gets so far. */
type Sgn = (args: readonly string[], moment?: Moment) => Promise<Outcome>;

const sgnOf =
  ({ command, killer }: Program): Sgn =>
  (args, moment) =>
    new Promise((resolve) => {
      const change = moment?._tag === 'Change' ? moment : undefined;
      const preload = change === undefined ? [] : ['--import', killer];
      const env =
        change === undefined ? process.env : { ...process.env, SGN_TEST_KILL: `${change.when}:${change.number}` };
      const child = spawn(process.execPath, [...command.slice(0, -1), ...preload, ...command.slice(-1), ...args], {
        env,
      });
      let [out, errors] = ['', ''];
      child.stdout.on('data', (chunk) => {
        out += chunk;
        const epochs = out.match(/^(epoch +\d|\[\d)/gm)?.length ?? 0;
        if (moment?._tag === 'Epoch' && epochs >= moment.number) child.kill('SIGKILL');
      });
      child.stderr.on('data', (chunk) => {
        errors += chunk;
      });
      child.on('close', (code, signal) => resolve({ code, killed: signal === 'SIGKILL', errors }));
    });

const expectDone = async (sgn: Sgn, args: readonly string[]): Promise<void> => {
  const { code, errors } = await sgn(args);
  if (code !== 0) throw new Error(`sgn ${args.join(' ')} ended with ${code}: ${errors}`);
};

/** A run at rest, as its folder shows it. */
interface State {
  readonly epochs: number;
  /** All that is the same whenever the run is repeated: the parameters, and the folder's files without times and budgets. */
  readonly content: string;
}

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

const untimed = (value: unknown): string =>
  JSON.stringify(value, (key, inner: unknown) => (['seconds', 'date', 'epochs'].includes(key) ? undefined : inner));

/** The state of a folder; none where it holds no file of a run; an error where its files are not of one state. */
const stateOf = async (folder: string): Promise<State | undefined> => {
  const read = async (name: string): Promise<Uint8Array | undefined> =>
    O.toUndefined(rightOf(await readCurrent(folder, name)()));
  const { config, history, parameters, checkpoint, summary } = {
    config: await read(runFiles.config),
    history: await read(runFiles.history),
    parameters: await read(runFiles.parameters),
    checkpoint: await read(runFiles.checkpoint),
    summary: await read(runFiles.summary),
  };
  if (config === undefined && history === undefined && parameters === undefined && checkpoint === undefined)
    if (summary === undefined) return undefined;
  if (config === undefined || history === undefined || parameters === undefined || checkpoint === undefined)
    throw new Error(`${folder} holds a part of a run: ${(await readdir(folder)).join(', ')}`);
  const snapshot = rightOf(decodeCheckpoint(new TextDecoder().decode(checkpoint)));
  const records = historySchema.parse(json(history));
  if (untimed(snapshot.history) !== untimed(records))
    throw new Error(
      `${folder} has a history of ${records.length} epochs and a checkpoint of ${snapshot.history.length}`,
    );
  if (summary !== undefined) {
    const { epochs, testLoss } = summarySchema.parse(json(summary));
    if (epochs !== records.length || testLoss !== records.at(-1)?.testLoss)
      throw new Error(`${folder} has the summary of another run`);
  }
  const { history: _, seconds: __, ...rest } = snapshot;
  return {
    epochs: records.length,
    content: [untimed(json(config)), untimed(records), untimed(rest), Buffer.from(parameters).toString('base64')].join(
      '\n',
    ),
  };
};

const leftovers = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => /partial|\.next|sgn\.lock/.test(name));

const run = (seed: number, epochs: number, out: string): readonly string[] => [
  ...['run', 'boston', '--target', 'wasm', '--cg', '3', '--gradient-momentum', '0.5'],
  ...['--seed', `${seed}`, '--epochs', `${epochs}`, '--out', out],
];

const longest = 3;
const [newSeed, oldSeed] = [1, 2];

const solvers = { 'SGN(2)': { solver: 'sgn', sgn: { maxCgIterations: 2 } }, SGD: { solver: 'sgd' } };
const runsOfStudy = Object.keys(solvers).map((solver) => join('boston', solver, 'wasm', 'seed-3'));
const study = {
  name: 'killed',
  title: 'A study that is killed',
  benchmarks: { boston: { experiment: 'boston', epochs: 2 } },
  solvers,
  seeds: [3],
  targets: ['wasm'],
};

/** What uninterrupted runs reach. */
interface Expected {
  readonly home: string;
  /** The folder of the run after so many epochs. */
  readonly after: (epochs: number) => string;
  /** The folder of another run. */
  readonly other: string;
  /** The states of each run of the study, epoch by epoch. */
  readonly study: readonly (readonly State[])[];
  readonly studyPath: string;
}

const prepare = async (sgn: Sgn): Promise<Expected> => {
  const home = await mkdtemp(join(tmpdir(), 'sgn-kills-'));
  const after = (epochs: number): string => join(home, `after-${epochs}`);
  for (let epochs = 1; epochs <= longest; epochs++) await expectDone(sgn, run(newSeed, epochs, after(epochs)));
  const other = join(home, 'other');
  await expectDone(sgn, run(oldSeed, 2, other));
  const studyPath = join(home, 'study.json');
  await writeFile(studyPath, JSON.stringify(study));
  const states: State[][] = runsOfStudy.map(() => []);
  for (const epochs of [1, 2]) {
    const out = join(home, `study-${epochs}`);
    await expectDone(sgn, ['experiment', studyPath, '--out', out, '--epochs', `${epochs}`]);
    for (const [i, path] of runsOfStudy.entries()) states[i]?.push(await known(join(out, path)));
  }
  return { home, after, other, study: states, studyPath };
};

const known = async (folder: string): Promise<State> => {
  const state = await stateOf(folder);
  if (state === undefined) throw new Error(`${folder} holds no run`);
  return state;
};

/** What a scenario begins with, what it does, and which states it may stop in. */
interface Scenario {
  readonly name: 'fresh' | 'overwrite' | 'resume' | 'study';
  readonly begin: (folder: string) => Promise<void>;
  /** The command that goes on from what the folder holds. */
  readonly command: (folder: string) => Promise<readonly string[]>;
  /** Why the folder is in none of the states that it may be in; nothing if it is in one. */
  readonly fault: (folder: string) => Promise<string | undefined>;
  /** Is the work done, to the same bits? */
  readonly done: (folder: string) => Promise<boolean>;
}

const runScenario = (name: 'fresh' | 'overwrite' | 'resume', { after, other }: Expected): Scenario => {
  const begins = { fresh: undefined, overwrite: other, resume: after(1) }[name];
  const isOther = async (state: State | undefined): Promise<boolean> =>
    name === 'overwrite' && state !== undefined && state.content === (await known(other)).content;
  return {
    name,
    begin: async (folder) => {
      if (begins !== undefined) await cp(begins, folder, { recursive: true });
    },
    command: async (folder) => {
      const state = await stateOf(folder).catch(() => undefined);
      const args = run(newSeed, longest, folder);
      if (await isOther(state)) return [...args, '--overwrite'];
      return state === undefined ? args : [...args, '--resume', folder];
    },
    fault: async (folder) => {
      const state = await stateOf(folder);
      if (state === undefined) return name === 'fresh' ? undefined : 'the run that was there is gone';
      if (await isOther(state)) return undefined;
      const same = (await known(after(Math.min(Math.max(state.epochs, 1), longest)))).content === state.content;
      return same ? undefined : `a state of ${state.epochs} epochs that no uninterrupted run has`;
    },
    done: async (folder) => (await stateOf(folder))?.content === (await known(after(longest))).content,
  };
};

const studyScenario = ({ study: states, studyPath }: Expected): Scenario => ({
  name: 'study',
  begin: async () => undefined,
  command: async (folder) => ['experiment', studyPath, '--out', folder],
  fault: async (folder) => {
    for (const [i, path] of runsOfStudy.entries()) {
      const state = await stateOf(join(folder, path));
      if (state !== undefined && !states[i]?.some(({ content }) => content === state.content))
        return `${path} is in a state of ${state.epochs} epochs that no uninterrupted run has`;
    }
    return undefined;
  },
  done: async (folder) => {
    const reached = await Promise.all(runsOfStudy.map((path) => stateOf(join(folder, path))));
    return reached.every((state, i) => state !== undefined && state.content === states[i]?.at(-1)?.content);
  },
});

// Changes of a run of three epochs; a number beyond the last kills nothing.
const mostChanges = 75;

/** The scenario of a seed and its kills. */
const scenarioOf = (seed: number, expected: Expected): readonly [Scenario, readonly Moment[]] => {
  const draws = [...numbers(seed, 16, 0, 1)];
  const draw = (from: number, below: number): number => from + Math.floor((draws.shift() ?? 0) * (below - from));
  const when = ['before', 'during', 'after'] as const;
  const moment = (): Moment => {
    const position = draw(0, when.length);
    return draw(0, 5) === 0
      ? { _tag: 'Epoch', number: draw(1, longest) }
      : { _tag: 'Change', when: when[position] ?? 'before', number: draw(1, mostChanges) };
  };
  const kinds = ['fresh', 'overwrite', 'resume', 'study'] as const;
  const kind = kinds[seed % kinds.length] ?? 'fresh';
  const moments = Array.from({ length: draw(1, 3) }, moment);
  return [kind === 'study' ? studyScenario(expected) : runScenario(kind, expected), moments];
};

const play = async (sgn: Sgn, seed: number, expected: Expected): Promise<E.Either<string, readonly string[]>> => {
  const [scenario, moments] = scenarioOf(seed, expected);
  const folder = join(expected.home, `case-${seed}`);
  await mkdir(folder);
  await scenario.begin(folder);
  const covered: string[] = [scenario.name];
  for (const moment of moments) {
    const command = await scenario.command(folder);
    const { killed, errors, code } = await sgn(command, moment);
    const where = moment._tag === 'Change' ? (errors.trim().split('\n').at(-1) ?? '') : 'an epoch';
    const wrong = (what: string) =>
      E.left(`${scenario.name}: sgn ${command.join(' ')}, killed at ${JSON.stringify(moment)} (${where}): ${what}`);
    if (!killed && code !== 0) return wrong(`it ended with ${code}: ${errors}`);
    covered.push(killed ? `killed: ${where.replaceAll(/\d+/g, 'n')}` : 'ended before its kill');
    try {
      const fault = await scenario.fault(folder);
      if (fault !== undefined) return wrong(fault);
    } catch (thrown) {
      return wrong(String(thrown));
    }
    if (await scenario.done(folder)) break;
  }
  if (!(await scenario.done(folder)) || (await leftovers(folder)).length > 0)
    await expectDone(sgn, await scenario.command(folder));
  if (!(await scenario.done(folder))) return E.left(`${scenario.name}: other bits than without kills in ${folder}`);
  const left = await leftovers(folder);
  if (left.length > 0) return E.left(`${scenario.name}: files are left in ${folder}: ${left.join(', ')}`);
  await rm(folder, { recursive: true });
  return E.right(covered);
};

/** The fuzzer: processes that are killed at their changes to files. */
export const kills = (program: Program = sources): Fuzzer => {
  const sgn = sgnOf(program);
  let expected: Promise<Expected> | undefined;
  return {
    name: 'kills',
    run: async (seed) => {
      expected ??= prepare(sgn);
      return play(sgn, seed, await expected);
    },
    close: async () => {
      if (expected !== undefined) await rm((await expected).home, { recursive: true });
    },
  };
};
