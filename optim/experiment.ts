/** Experiments: a problem, its data, and the settings of a run, as one value that a module exports. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import type { DslError } from '../dsl/index.js';
import { targetNames } from '../runtime/target.js';
import type { Dataset } from './dataset.js';
import { type SolverName, solverNames, solverSchemas } from './hyperparameters.js';
import type { Problem } from './problem.js';

/** Settings of a run. Strict, like everything that it contains. */
export const runSettings = z.strictObject({
  /** Which optimizer; the settings of the others are kept, and not used. */
  solver: z.enum(solverNames).default('sgn'),
  batchSize: z.int().positive(),
  epochs: z.int().positive(),
  seconds: z.number().positive().optional(),
  seed: z.int().min(0).default(0),
  /** Training samples that are held out: the run keeps the parameters of the epoch that is best on them. */
  validation: z.int().positive().optional(),
  target: z.enum(['auto', ...targetNames]).default('auto'),
  sgn: solverSchemas.sgn.prefault({}),
  sgd: solverSchemas.sgd.prefault({}),
  momentum: solverSchemas.momentum.prefault({}),
  nesterov: solverSchemas.nesterov.prefault({}),
  adam: solverSchemas.adam.prefault({}),
});

/** Complete settings of a run. */
export type RunSettings = Readonly<z.output<typeof runSettings>>;

/** Settings as an author writes them: what has a default may be left out. */
export type RunSettingsInput = Readonly<z.input<typeof runSettings>>;

/** Data that could not be had: one line for people. */
export interface DataFailure {
  readonly _tag: 'DataFailure';
  readonly message: string;
}

/** What the user decides about data. */
export interface LoadOptions {
  /** The folder in which the files are looked for first. */
  readonly folder: string | undefined;
  /** Hears how far a download has come, in bytes. */
  readonly onDownload: (file: string, received: number, total: number | undefined) => void;
}

/** Loads a data set. */
export type LoadDataset = (options: LoadOptions) => TE.TaskEither<DataFailure, Dataset>;

/** A published result that a run is shown beside. */
export interface PublishedResult {
  /** Test accuracy, as a share of 1. */
  readonly accuracy: number;
  /** Seconds of training in which it was reached. */
  readonly seconds: number;
  /** By what, and on which hardware. */
  readonly by: string;
}

/** What an experiment module exports. */
export interface Experiment {
  readonly _tag: 'Experiment';
  readonly name: string;
  readonly problem: E.Either<DslError, Problem>;
  readonly dataset: LoadDataset;
  readonly settings: RunSettingsInput;
  /** What the end of a run says its accuracies beside. */
  readonly published?: readonly PublishedResult[];
}

/** Settings that are refused, with what to do instead. */
export interface ConfigError {
  readonly _tag: 'ConfigError';
  /** The setting, for example `sgn.damping`. */
  readonly setting: string;
  readonly problem: string;
}

/** One line for people. */
export const showConfigError = ({ setting, problem }: ConfigError): string =>
  setting === '' ? problem : `${setting}: ${problem}`;

/** An experiment. Its settings are checked when it is run, together with those that the command line overrides. */
export const experiment = (definition: Omit<Experiment, '_tag'>): Experiment => ({ _tag: 'Experiment', ...definition });

/** What can be seen of an experiment from outside: a module of JavaScript may have left something out. */
const experimentForm = z.object({
  _tag: z.literal('Experiment'),
  name: z.string(),
  problem: z.object({ _tag: z.enum(['Left', 'Right']) }),
  dataset: z.custom<LoadDataset>((value) => typeof value === 'function'),
  settings: z.looseObject({}),
});

/** Is a value what `experiment` gives? */
export const isExperiment = (value: unknown): value is Experiment => experimentForm.safeParse(value).success;

const experimentModule = z.object({ default: z.custom<Experiment>(isExperiment) });

const defaultExport = (path: string, module: unknown, otherwise: string): E.Either<ConfigError, Experiment> => {
  const parsed = experimentModule.safeParse(module);
  return parsed.success
    ? E.right(parsed.data.default)
    : E.left({ _tag: 'ConfigError', setting: path, problem: `its default export is ${otherwise}` });
};

/** The experiment that a loaded module exports as its default. */
export const experimentOf = (path: string, module: unknown): E.Either<ConfigError, Experiment> =>
  defaultExport(path, module, 'no experiment; write `export default experiment({ name, problem, dataset, settings })`');

/** A model, and the settings that a step of it is looked at with. */
export type Subject = Pick<Experiment, 'problem' | 'settings'>;

const problemMark = z.discriminatedUnion('_tag', [
  z.object({ _tag: z.literal('Left'), left: z.object({ _tag: z.string(), operation: z.string() }) }),
  z.object({
    _tag: z.literal('Right'),
    right: z.object({ name: z.string(), batch: z.string(), parameters: z.object({ length: z.number() }) }),
  }),
]);

/** Is a value what `problem` gives? */
const isProblem = (value: unknown): value is Experiment['problem'] => problemMark.safeParse(value).success;

const modelModule = z.object({ default: z.custom<Experiment['problem']>(isProblem) });

/** What a module without settings is looked at with. */
const plainSettings: RunSettingsInput = { batchSize: 100, epochs: 1 };

/** The model that a loaded module exports as its default: of an experiment, or by itself, as `problem` gives it. */
export const subjectOf = (path: string, module: unknown): E.Either<ConfigError, Subject> => {
  const model = modelModule.safeParse(module);
  return model.success
    ? E.right({ problem: model.data.default, settings: plainSettings })
    : defaultExport(
        path,
        module,
        'neither a model nor an experiment; write `export default problem({ … })` or `export default experiment({ … })`',
      );
};

const splitForm = z.object({
  count: z.number(),
  inputs: z.instanceof(Float32Array),
  inputShape: z.array(z.number()),
  targets: z.instanceof(Float32Array),
  targetShape: z.array(z.number()),
});

/** What can be seen of a data set whose loader may be JavaScript; whether its parts fit together, `checkDataset` says. */
const datasetForm = z.object({
  name: z.string(),
  train: splitForm,
  test: splitForm,
  notes: z.array(z.string()).optional(),
});

const seenAsDataset = (name: string, loaded: Dataset): E.Either<DataFailure, Dataset> => {
  const [issue] = datasetForm.safeParse(loaded).error?.issues ?? [];
  return issue === undefined
    ? E.right(loaded)
    : E.left({
        _tag: 'DataFailure',
        message: `${name}: its dataset must give TE.right({ name, train, test }): ${['dataset', ...issue.path].join('.')}: ${issue.message}`,
      });
};

/** Loads an experiment's data. What its loader throws, or gives instead of data, is a failure like others. */
export const loadDataset = ({ name, dataset }: Experiment, options: LoadOptions): TE.TaskEither<DataFailure, Dataset> =>
  pipe(
    TE.tryCatch(
      async () => dataset(options)(),
      (thrown): DataFailure => ({
        _tag: 'DataFailure',
        message: `${name}: its dataset cannot be loaded: ${String(thrown).split('\n')[0]}`,
      }),
    ),
    TE.flatMapEither((loaded) => loaded),
    TE.flatMapEither((loaded) => seenAsDataset(name, loaded)),
  );

const isSolver = (name: unknown): name is SolverName => solverNames.some((solver) => solver === name);

/** What a setting's mistake is and what could stand there. */
const showIssue = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const [solver] = issue.path;
  const known = Object.keys((isSolver(solver) ? solverSchemas[solver] : runSettings).shape);
  return `there is no setting ${issue.keys.map((key) => `"${key}"`).join(', ')}; there are ${known.join(', ')}`;
};

/** Checks settings; the error names the first that is wrong. */
export const parseRunSettings = (settings: unknown): E.Either<ConfigError, RunSettings> => {
  const parsed = runSettings.safeParse(settings);
  if (parsed.success) return E.right(parsed.data);
  const [issue] = parsed.error.issues;
  return E.left({
    _tag: 'ConfigError',
    setting: issue?.path.join('.') ?? '',
    problem: issue === undefined ? 'not valid' : showIssue(issue),
  });
};
