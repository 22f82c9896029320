/**
 * The folder of a study: `study.json` with its description and how it was started, and one folder per run, named
 * `<benchmark>/<solver>/<target>/seed-<n>`.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import {
  firstDifference,
  identitySchema,
  isComplete,
  type PlannedRun,
  type Run,
  runIdentity,
  type Start,
  type Study,
  showDifference,
  studySchema,
  summarySchema,
} from '../optim/index.js';
import { startFromCheckpoint } from './checkpoint.js';
import { jsonText, replaceFile, showFileError } from './files.js';
import { type Content, runFiles, studyFile } from './folder.js';
import { machineSchema } from './machine.js';
import { readCurrent, readCurrentJson } from './transaction.js';

/** A step: Left is one line for the user. */
type Step<A> = TE.TaskEither<string, A>;

const invocationSchema = z.strictObject({ date: z.string(), command: z.string(), machine: machineSchema });

/** One start of a study: when, with what command, on what machine. */
export type Invocation = Readonly<z.output<typeof invocationSchema>>;

const studyFileSchema = z.strictObject({ study: studySchema, invocations: z.array(invocationSchema) });

/** What `study.json` holds. */
export type StudyFile = Readonly<z.output<typeof studyFileSchema>>;

const configSchema = z.strictObject({
  benchmark: z.string(),
  solver: z.string(),
  target: z.string(),
  seed: z.int(),
  epochs: z.int().optional(),
  seconds: z.number().optional(),
  parameters: z.int(),
  identity: identitySchema,
});

/** What `config.json` of a study's run holds. */
export type RunConfig = Readonly<z.output<typeof configSchema>>;

/** The schemas of the files that a report reads. */
export const schemas = { study: studyFileSchema, config: configSchema };

/** A study as files hold it: experiments that were given as values are left as their names. */
const writable = (study: Study): Study => ({
  ...study,
  benchmarks: Object.fromEntries(
    Object.entries(study.benchmarks).map(([name, benchmark]) => {
      const { experiment } = benchmark;
      return [name, { ...benchmark, experiment: typeof experiment === 'string' ? experiment : experiment.name }];
    }),
  ),
});

/**
 * Opens the folder of a study, which exists and is this process's own: a folder of another study, or of a run, is
 * refused. Gives what records the study and the invocation in it, for as soon as a run is known to be of this folder:
 * where the first is refused, the folder stays as it was.
 */
export const openStudyFolder = (
  folder: string,
  content: Content,
  study: Study,
  invocation: Invocation,
): Step<Step<void>> =>
  pipe(
    content === 'a run'
      ? TE.left(`${folder} holds a run; choose another folder with --out`)
      : pipe(
          readCurrentJson(folder, studyFile, studyFileSchema),
          TE.mapLeft((error) => showFileError(error)),
        ),
    TE.flatMap((found) => {
      if (O.isSome(found) && found.value.study.name !== study.name)
        return TE.left(`${folder} holds the study ${found.value.study.name}; choose another folder with --out`);
      const earlier = O.isSome(found) ? found.value.invocations : [];
      const file: StudyFile = { study: writable(study), invocations: [...earlier, invocation] };
      return TE.right(
        pipe(
          replaceFile(folder, studyFile, jsonText(file)),
          TE.mapLeft((error) => showFileError(error)),
        ),
      );
    }),
  );

/** What `config.json` says of a run. */
const configOf = (planned: PlannedRun, made: Omit<Run, 'target'>): RunConfig => {
  const { epochs, seconds } = made.settings;
  return {
    ...planned,
    ...(epochs === Number.MAX_SAFE_INTEGER ? {} : { epochs }),
    ...(seconds === undefined ? {} : { seconds }),
    parameters: made.problem.parameters.length,
    identity: runIdentity(made),
  };
};

/** Where a run of a study stands. */
export type Standing =
  /** Nothing to do. */
  | { readonly _tag: 'Complete' }
  /** It starts here, and its folder is then to hold this configuration. */
  | { readonly _tag: 'Open'; readonly start: Start; readonly config: RunConfig };

/** The budget is not compared: a run can be continued for longer. */
const withoutBudget = ({ epochs, seconds, ...config }: RunConfig): Omit<RunConfig, 'epochs' | 'seconds'> => config;

const checkConfig = (folder: string, found: O.Option<RunConfig>, expected: RunConfig): E.Either<string, void> => {
  if (O.isNone(found)) return E.right(undefined);
  const difference = firstDifference(withoutBudget(found.value), withoutBudget(expected));
  return O.isNone(difference)
    ? E.right(undefined)
    : E.left(
        `${folder} holds another run: ${showDifference(difference.value, 'there', 'here')}; ` +
          'choose another folder with --out, or remove this one',
      );
};

const startIn = (folder: string, made: Omit<Run, 'target'>): Step<Start> =>
  pipe(
    readCurrent(folder, runFiles.checkpoint),
    TE.mapLeft((error) => showFileError(error)),
    TE.flatMap((found) =>
      O.isSome(found) ? startFromCheckpoint(made, folder) : TE.right<string, Start>({ _tag: 'Seed' }),
    ),
  );

/** Where a run stands, by its folder, which exists and is this process's own; another run's folder is refused. */
export const openRunFolder = (
  folder: string,
  content: Content,
  planned: PlannedRun,
  made: Omit<Run, 'target'>,
): Step<Standing> => {
  const expected = configOf(planned, made);
  return pipe(
    content === 'a study' ? TE.left(`${folder} holds a study; choose another folder with --out`) : TE.Do,
    TE.flatMap(() =>
      pipe(
        TE.Do,
        TE.bind('config', () => readCurrentJson(folder, runFiles.config, configSchema)),
        TE.bind('summary', () => readCurrentJson(folder, runFiles.summary, summarySchema)),
        TE.mapLeft((error) => showFileError(error)),
      ),
    ),
    TE.tap(({ config }) => TE.fromEither(checkConfig(folder, config, expected))),
    TE.flatMap(({ config, summary }): Step<Standing> => {
      if (O.isSome(config) && O.isSome(summary) && isComplete(summary.value, made.settings))
        return TE.right({ _tag: 'Complete' });
      return pipe(
        startIn(folder, made),
        TE.map((start): Standing => ({ _tag: 'Open', start, config: expected })),
      );
    }),
  );
};
