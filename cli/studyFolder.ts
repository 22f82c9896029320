/**
 * The folder of a study: `study.json` with its description and how it was started, and one folder per run, named
 * `<benchmark>/<solver>/<target>/seed-<n>`.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
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
import { checkpointName, startFromCheckpoint } from './checkpoint.js';
import { type FileError, jsonText, makeFolder, readJson, replaceFile, showFileError } from './files.js';
import { machineSchema } from './machine.js';

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

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A JSON file that may be missing. */
export const readIfThere = <S extends z.ZodType>(
  path: string,
  schema: S,
): TE.TaskEither<FileError, O.Option<z.output<S>>> =>
  pipe(
    TE.fromTask<boolean, FileError>(() => exists(path)),
    TE.flatMap((there) => (there ? pipe(readJson(path, schema), TE.map(O.some)) : TE.right(O.none))),
  );

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
 * Makes the folder of a study; a folder of another study is refused. Gives what records the study and the invocation in
 * it, for as soon as a run is known to be of this folder: where the first is refused, the folder stays as it was.
 */
export const openStudyFolder = (folder: string, study: Study, invocation: Invocation): Step<Step<void>> =>
  pipe(
    makeFolder(folder),
    TE.flatMap(() => readIfThere(join(folder, 'study.json'), studyFileSchema)),
    TE.mapLeft(showFileError),
    TE.flatMap((found) => {
      if (O.isSome(found) && found.value.study.name !== study.name)
        return TE.left(`${folder} holds the study ${found.value.study.name}; choose another folder with --out`);
      const earlier = O.isSome(found) ? found.value.invocations : [];
      const file: StudyFile = { study: writable(study), invocations: [...earlier, invocation] };
      return TE.right(pipe(replaceFile(folder, 'study.json', jsonText(file)), TE.mapLeft(showFileError)));
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
  { readonly _tag: 'Complete' } | { readonly _tag: 'Open'; readonly start: Start };

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
    TE.fromTask<boolean, string>(() => exists(join(folder, checkpointName))),
    TE.flatMap((there) => (there ? startFromCheckpoint(made, folder) : TE.right<string, Start>({ _tag: 'Seed' }))),
  );

/** Where a run stands, by its folder, in which its configuration is then written; another run's folder is refused. */
export const openRunFolder = (folder: string, planned: PlannedRun, made: Omit<Run, 'target'>): Step<Standing> => {
  const expected = configOf(planned, made);
  return pipe(
    makeFolder(folder),
    TE.flatMap(() =>
      pipe(
        TE.Do,
        TE.bind('config', () => readIfThere(join(folder, 'config.json'), configSchema)),
        TE.bind('summary', () => readIfThere(join(folder, 'summary.json'), summarySchema)),
      ),
    ),
    TE.mapLeft(showFileError),
    TE.tap(({ config }) => TE.fromEither(checkConfig(folder, config, expected))),
    TE.flatMap(({ config, summary }): Step<Standing> => {
      if (O.isSome(config) && O.isSome(summary) && isComplete(summary.value, made.settings))
        return TE.right({ _tag: 'Complete' });
      return pipe(
        replaceFile(folder, 'config.json', jsonText(expected)),
        TE.mapLeft(showFileError),
        TE.flatMap(() => (O.isSome(config) ? startIn(folder, made) : TE.right<string, Start>({ _tag: 'Seed' }))),
        TE.map((start) => ({ _tag: 'Open', start })),
      );
    }),
  );
};
