/**
 * What modules export, checked where it comes in. A module may be JavaScript: a part may be missing, only look right, or
 * throw where it is read. Every part is read once, and what is given on is a copy.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { z } from 'zod';
import { type DslError, guarded, isExpr, type Shape, showValue, withLikelihood } from '../dsl/index.js';
import type { ConfigError, Experiment, LoadDataset, RunSettingsInput } from './experiment.js';
import { type Problem, type ProblemDefinition, problem } from './problem.js';

/** A model, and the settings that a step of it is looked at with. */
export type Subject = Pick<Experiment, 'problem' | 'settings'>;

/** What a schema makes of a value that may throw where it is read; Left: where it differs, in one line. */
export const readAs = <S extends z.ZodType>(schema: S, value: unknown): E.Either<string, z.output<S>> =>
  pipe(
    guarded(() => schema.safeParse(value)),
    E.flatMap((parsed): E.Either<string, z.output<S>> => {
      if (parsed.success) return E.right(parsed.data);
      const path = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
      const message = parsed.error.issues[0]?.message ?? 'not valid';
      return E.left(path === '' ? message : `${path}: ${message}`);
    }),
  );

/** Right or Left of anything. */
export const eitherSchema = z.discriminatedUnion(
  '_tag',
  [
    z.object({ _tag: z.literal('Left'), left: z.unknown() }),
    z.object({ _tag: z.literal('Right'), right: z.unknown() }),
  ],
  { error: 'neither Left nor Right' },
);

const object = <A>(what: string) =>
  z.custom<A>((value) => typeof value === 'object' && value !== null, { error: `${what} is needed` });

const experimentSchema = z.object({
  _tag: z.literal('Experiment'),
  name: z.string(),
  problem: z.unknown(),
  dataset: z.custom<LoadDataset>((value) => typeof value === 'function', { error: 'a function is needed' }),
  settings: object<RunSettingsInput>('a record of settings'),
  published: z.array(z.object({ accuracy: z.number(), seconds: z.number(), by: z.string() })).optional(),
});

/** Is a value what `experiment` gives, as far as can be seen from outside? */
export const isExperiment = (value: unknown): value is Experiment =>
  E.isRight(readAs(experimentSchema.pick({ _tag: true }), value));

/** What is wrong with a module, in words that go on from its name. */
type Checked<A> = E.Either<string, A>;

const madeByProblem = '`problem` is not what `problem({ … })` gives';

const text = z.string();
const mistake = { operation: text, expected: text, path: z.array(text) };

const dslError: z.ZodType<DslError> = z.discriminatedUnion('_tag', [
  z.object({
    ...mistake,
    _tag: z.literal('ShapeError'),
    actual: z.array(z.array(z.union([z.number(), text]))),
    operands: z.array(text),
  }),
  z.object({ ...mistake, _tag: z.literal('NameError'), actual: text }),
  z.object({ ...mistake, _tag: z.literal('UnsupportedError'), actual: text }),
  z.object({ ...mistake, _tag: z.literal('SpecError'), field: text, actual: text }),
]);

const foreignExpr = z.object({ id: z.number(), shape: z.array(z.unknown()), node: z.object({ op: z.string() }) });

/** A file that Node takes for CommonJS loads a second copy of the language, whose expressions ours does not know. */
const anotherCopy =
  'its expressions are of another copy of the package; if the file was loaded as CommonJS, name it .mts or .mjs, or put "type": "module" into the package.json of its folder';

/** The definition, with a loss that carries the likelihood that the problem has. */
const carrying = <D extends ProblemDefinition<Shape, Shape, Shape>>(
  definition: D & Pick<Problem, 'likelihood'>,
): ProblemDefinition<Shape, Shape, Shape> => {
  const { loss, likelihood } = definition;
  return typeof loss !== 'function' || likelihood === undefined
    ? definition
    : { ...definition, loss: withLikelihood(loss, likelihood) };
};

/** A problem made again from what an author's problem says: whatever it says of itself besides is not believed. */
const problemOf = (given: unknown): Checked<Experiment['problem']> =>
  pipe(
    readAs(eitherSchema, given),
    E.mapLeft((reason) => `${madeByProblem}: ${reason}`),
    E.flatMap((either): Checked<Experiment['problem']> => {
      if (either._tag === 'Left')
        return pipe(
          readAs(dslError, either.left),
          E.bimap(() => `${madeByProblem}: it is Left of ${showValue(either.left)}`, E.left),
        );
      return pipe(
        readAs(object<ProblemDefinition<Shape, Shape, Shape> & Pick<Problem, 'likelihood'>>('a model'), either.right),
        E.flatMap((definition) => guarded(() => ({ ...definition }))),
        E.mapLeft((reason) => `${madeByProblem}: ${reason}`),
        E.flatMap((definition) =>
          !isExpr(definition.input) && E.isRight(readAs(foreignExpr, definition.input))
            ? E.left(anotherCopy)
            : // a problem's loss is a function alone; what its author says of its likelihood stands beside it
              E.right(problem(carrying(definition))),
        ),
      );
    }),
  );

const writeExperiment = '`export default experiment({ name, problem, dataset, settings })`';

const checkedExperiment = (value: unknown): Checked<Experiment> =>
  pipe(
    readAs(experimentSchema, value),
    E.mapLeft((reason) => `${reason}; write ${writeExperiment}`),
    E.flatMap(({ published, ...given }) =>
      pipe(
        E.Do,
        E.bind('problem', () => problemOf(given.problem)),
        E.bind('settings', () =>
          pipe(
            guarded(() => structuredClone(given.settings)),
            E.mapLeft((reason) => `settings: plain data is needed: ${reason}`),
          ),
        ),
        E.map((checked) => ({ ...given, ...checked, ...(published === undefined ? {} : { published }) })),
      ),
    ),
  );

const ofModule = <A>(
  path: string,
  module: unknown,
  check: (exported: unknown) => Checked<A>,
): E.Either<ConfigError, A> =>
  pipe(
    readAs(z.object({ default: z.unknown() }), module),
    E.match(
      () => undefined,
      (given) => given.default,
    ),
    check,
    E.mapLeft((problem): ConfigError => ({ _tag: 'ConfigError', setting: path, problem })),
  );

/** The experiment that a loaded module exports as its default. */
export const experimentOf = (path: string, module: unknown): E.Either<ConfigError, Experiment> =>
  ofModule(path, module, (exported) =>
    isExperiment(exported)
      ? checkedExperiment(exported)
      : E.left(`its default export is no experiment; write ${writeExperiment}`),
  );

/** What a module without settings is looked at with. */
const plainSettings: RunSettingsInput = { batchSize: 100, epochs: 1 };

/** The model that a loaded module exports as its default: of an experiment, or by itself, as `problem` gives it. */
export const subjectOf = (path: string, module: unknown): E.Either<ConfigError, Subject> =>
  ofModule(path, module, (exported): Checked<Subject> => {
    if (isExperiment(exported)) return checkedExperiment(exported);
    return E.isRight(readAs(eitherSchema, exported))
      ? pipe(
          problemOf(exported),
          E.map((model) => ({ problem: model, settings: plainSettings })),
        )
      : E.left(
          'its default export is neither a model nor an experiment; write `export default problem({ … })` or `export default experiment({ … })`',
        );
  });
