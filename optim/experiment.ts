/** Experiments: a problem, its data, and the settings of a run, as one value that a module exports. */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import type { DslError } from '../dsl/index.js';
import { internal } from '../dsl/internal.js';
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

const isSolver = (name: unknown): name is SolverName => solverNames.some((solver) => solver === name);

/** What a setting's mistake is and what could stand there. */
const showIssue = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const [solver] = issue.path;
  const known = Object.keys((isSolver(solver) ? solverSchemas[solver] : runSettings).shape);
  return `there is no setting ${issue.keys.map((key) => `"${key}"`).join(', ')}; there are ${known.join(', ')}`;
};

/** The first mistake that a schema of settings finds; `within` leads to what it has looked at. */
export const configErrorOf = ({ issues }: z.ZodError, within: readonly PropertyKey[]): ConfigError => {
  const [issue] = issues;
  return issue === undefined
    ? internal('settings', 'refused without a reason')
    : {
        _tag: 'ConfigError',
        setting: [...within, ...issue.path].join('.'),
        problem: showIssue({ ...issue, path: [...within, ...issue.path] }),
      };
};

/** Checks settings; the error names the first that is wrong. */
export const parseRunSettings = (settings: unknown): E.Either<ConfigError, RunSettings> => {
  const parsed = runSettings.safeParse(settings);
  return parsed.success ? E.right(parsed.data) : E.left(configErrorOf(parsed.error, []));
};
