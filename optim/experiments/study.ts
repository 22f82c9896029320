/** A study: one experiment of many runs, described as data. Every benchmark × solver × target × seed is a run. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { z } from 'zod';
import { guarded } from '../../dsl/index.js';
import { targetNames } from '../../runtime/target.js';
import { type ConfigError, type Experiment, runSettings } from '../experiment.js';
import { isExperiment } from '../exported.js';
import { solverNames } from '../hyperparameters.js';
import { publishedSchema } from './published.js';

/** A name that is also the name of a folder on every system. */
const name = z
  .string()
  .max(80)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9 ().,=+_-]*[A-Za-z0-9)])?$/, {
    error: 'letters, digits, spaces and ( ) . , = + _ - only, as it names a folder',
  });

const distinct = <A>(values: readonly A[]): boolean => new Set(values).size === values.length;

/** What a solver is: its settings, which do not depend on the benchmark. What is left out has the paper's default. */
const solverSchema = runSettings
  .omit({ batchSize: true, epochs: true, seconds: true, seed: true, validation: true, target: true })
  .extend({
    /** Solvers of one sweep differ in one setting; tables show the best of them and the sweep apart. */
    sweep: name.optional(),
  });

const benchmarkSchema = z
  .strictObject({
    /** A built-in experiment's name, a module's path (from the study's folder), or the experiment itself. */
    experiment: z.union([z.string().min(1), z.custom<Experiment>(isExperiment)], {
      error: 'the name of a built-in experiment, the path of a module, or an experiment',
    }),
    /** Samples per mini-batch; the experiment's own where it is left out. */
    batchSize: z.int().positive().optional(),
    /** Only so many rows of the training data. */
    limit: z.int().positive().optional(),
    /** Training samples that are held out: runs keep the parameters of the epoch that is best on them. */
    validation: z.int().positive().optional(),
    /** Every run ends after so many epochs … */
    epochs: z.int().positive().optional(),
    /** … or with the first step after so many seconds of training. */
    seconds: z.number().positive().optional(),
    /** The solvers to run; all where it is left out. */
    solvers: z.array(name).min(1).refine(distinct, { error: 'the solvers must differ' }).optional(),
    published: publishedSchema.optional(),
  })
  .refine(({ epochs, seconds }) => epochs !== undefined || seconds !== undefined, {
    error: 'needs a budget: epochs, seconds, or both',
  });

const some = <S extends z.ZodRecord>(schema: S): S =>
  schema.refine((record) => Object.keys(record).length > 0, { error: 'at least one is needed' });

/** The schema of a study. */
export const studySchema = z
  .strictObject({
    name,
    title: z.string().min(1),
    benchmarks: some(z.record(name, benchmarkSchema)),
    solvers: some(z.record(name, solverSchema)),
    seeds: z.array(z.int().min(0)).min(1).refine(distinct, { error: 'the seeds must differ' }),
    targets: z
      .array(z.enum(['auto', ...targetNames]))
      .min(1)
      .refine(distinct, { error: 'the targets must differ' })
      .default(['auto']),
    /** What a reader of the results should know, one sentence each: how they differ from what is published, and why. */
    notes: z.array(z.string()).default([]),
  })
  .superRefine(({ benchmarks, solvers }, context) => {
    for (const [benchmark, { solvers: chosen = [] }] of Object.entries(benchmarks))
      for (const solver of chosen)
        if (!Object.hasOwn(solvers, solver))
          context.addIssue({
            code: 'custom',
            path: ['benchmarks', benchmark, 'solvers'],
            message: `there is no solver ${solver}; there are ${Object.keys(solvers).join(', ')}`,
          });
  });

/** A complete study. */
export type Study = Readonly<z.output<typeof studySchema>>;

/** A study as its author writes it. */
export type StudyInput = Readonly<z.input<typeof studySchema>>;

/** One benchmark of a study. */
export type Benchmark = Readonly<z.output<typeof benchmarkSchema>>;

/** A study, with its types checked where it is written: what a module exports as its default. */
export const study = (definition: StudyInput): StudyInput => definition;

// Records lose a key of this name when they are parsed.
const named = z.custom((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__'), {
  error: 'nothing can be named __proto__; choose another name',
});

const writtenNames = z.object({ benchmarks: named, solvers: named });

/** What an author writes as a solver, before the settings of all optimizers are completed. */
const writtenSolvers = z.object({
  solvers: z.record(
    z.string(),
    z.looseObject({ solver: z.string().default('sgn') }).superRefine(({ solver, ...written }, context) => {
      const other = solverNames.find((key) => key !== solver && Object.hasOwn(written, key));
      if (other !== undefined)
        context.addIssue({
          code: 'custom',
          path: [other],
          message: `these settings have no effect, as the solver is ${solver}; leave them out, or choose it by "solver": "${other}"`,
        });
    }),
  ),
});

/** The first thing that is wrong, with the way to it. A key that is refused says why in issues of its own. */
const showFirst = ({ issues: [issue] }: z.ZodError): string => {
  const message = (issue?.code === 'invalid_key' ? issue.issues[0] : issue)?.message ?? 'not valid';
  const path = issue?.path.map(String).join('.') ?? '';
  return path === '' ? message : `${path}: ${message}`;
};

/** Checks a study; the error names the first thing that is wrong. */
export const parseStudy = (origin: string, value: unknown): E.Either<ConfigError, Study> => {
  const refuse = (problem: string): E.Either<ConfigError, never> =>
    E.left({ _tag: 'ConfigError', setting: origin, problem });
  return pipe(
    // a module's study may be an object that throws where it is read
    guarded(() => ({
      names: writtenNames.safeParse(value),
      parsed: studySchema.safeParse(value),
      written: writtenSolvers.safeParse(value),
    })),
    E.match(
      (reason) => refuse(`the study cannot be read: ${reason}`),
      ({ names, parsed, written }) => {
        if (!parsed.success) return refuse(showFirst(parsed.error));
        if (!names.success) return refuse(showFirst(names.error));
        return written.success ? E.right(parsed.data) : refuse(showFirst(written.error));
      },
    ),
  );
};
