/**
 * Snapshots: all that a run needs to go on from an epoch to the same bits, as plain data, with what identifies the run.
 * How they are kept in files is the caller's business.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import { z } from 'zod';
import type { ParameterSpace } from '../dsl/index.js';
import type { ConfigError } from './experiment.js';
import { historySchema } from './history.js';
import type { Run } from './run.js';
import type { Tensor } from './safetensors.js';
import { vectorSchema } from './state.js';

const word = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** The schema of a run's identity. */
export const identitySchema = z.strictObject({
  experiment: z.string(),
  parameters: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int()) })),
  dataset: z.strictObject({ name: z.string(), train: z.int(), test: z.int() }),
  solver: z.string(),
  batchSize: z.int(),
  seed: z.int(),
  /** Samples held out for validation. */
  validation: z.exactOptional(z.int()),
  settings: z.record(z.string(), z.json()),
});

/** What must agree for one run to go on from another's snapshot: everything but the budget and the target. */
export type RunIdentity = Readonly<z.output<typeof identitySchema>>;

/** A snapshot, without the check of the optimizer's state: that is the optimizer's. */
export const snapshotSchema = z.strictObject({
  identity: identitySchema,
  history: historySchema,
  seconds: z.number().min(0),
  generator: z.strictObject({ state: z.tuple([word, word, word, word]).readonly() }),
  state: z.unknown(),
  /** θ [d] of the epoch that is best on the validation data, as `encodeVector` writes it. */
  best: z.exactOptional(z.base64()),
});

/** A run after some whole epochs. */
export type Snapshot = Readonly<z.output<typeof snapshotSchema>>;

/** The identity of a run. Of the settings only those of its own solver count. */
export const runIdentity = ({ problem, settings, dataset }: Omit<Run, 'target'>): RunIdentity => ({
  experiment: problem.name,
  parameters: problem.parameters.entries.map(({ name, shape }) => ({ name, shape: [...shape] })),
  dataset: { name: dataset.name, train: dataset.train.count, test: dataset.test.count },
  solver: settings.solver,
  batchSize: settings.batchSize,
  seed: settings.seed,
  ...(settings.validation === undefined ? {} : { validation: settings.validation }),
  settings: { ...settings[settings.solver] },
});

/** Where two values of plain data differ. */
export interface Difference {
  /** The way to it, for example `settings.damping`. */
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? { ...value } : undefined;

/** The first place where two values of plain data differ, fields in the order of the first. */
export const firstDifference = (first: unknown, second: unknown, path = ''): O.Option<Difference> => {
  const [one, two] = [fieldsOf(first), fieldsOf(second)];
  if (one === undefined || two === undefined || Array.isArray(first) !== Array.isArray(second))
    return Object.is(first, second) ? O.none : O.some({ path, first, second });
  for (const key of new Set([...Object.keys(one), ...Object.keys(two)])) {
    const found = firstDifference(one[key], two[key], path === '' ? key : `${path}.${key}`);
    if (O.isSome(found)) return found;
  }
  return O.none;
};

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** One line for people. */
export const showDifference = ({ path, first, second }: Difference, there: string, here: string): string =>
  `${path} is ${shown(first)} ${there} and ${shown(second)} ${here}`;

/** The snapshot, if it is one of this run; `origin` says where it comes from. */
export const checkSnapshot = (
  run: Omit<Run, 'target'>,
  origin: string,
  snapshot: Snapshot,
): E.Either<ConfigError, Snapshot> =>
  pipe(
    firstDifference(snapshot.identity, runIdentity(run)),
    O.match(
      () => E.right(snapshot),
      (difference) =>
        E.left({
          _tag: 'ConfigError',
          setting: origin,
          problem: `is of another run: ${showDifference(difference, 'there', 'here')}`,
        }),
    ),
  );

const misfit = (origin: string, problem: string): E.Either<ConfigError, never> =>
  E.left({ _tag: 'ConfigError', setting: origin, problem });

/** θ [d] of arrays by name, if they are the parameters of a network, each of its shape. */
export const thetaOfTensors = (
  space: ParameterSpace,
  origin: string,
  tensors: readonly Tensor[],
): E.Either<ConfigError, Float32Array> => {
  const theta = new Float32Array(space.length);
  for (const { name, shape, offset } of space.entries) {
    const tensor = tensors.find((candidate) => candidate.name === name);
    if (tensor === undefined)
      return misfit(origin, `has no array ${name} [${shape.join(', ')}], which the network has`);
    if (O.isSome(firstDifference(tensor.shape, shape)))
      return misfit(origin, `${name} has shape [${tensor.shape.join(', ')}]; the network's has [${shape.join(', ')}]`);
    theta.set(tensor.values, offset);
  }
  const extra = tensors.find(({ name }) => space.entries.every((entry) => entry.name !== name));
  return extra === undefined ? E.right(theta) : misfit(origin, `has an array ${extra.name}; the network has none`);
};

/** θ [d] of a snapshot, if its parameters are laid out as those of a network. */
export const thetaOfSnapshot = (
  space: ParameterSpace,
  origin: string,
  { identity, state }: Snapshot,
): E.Either<ConfigError, Float32Array> => {
  const layout = space.entries.map(({ name, shape }) => ({ name, shape }));
  const difference = firstDifference(identity.parameters, layout, 'parameters');
  if (O.isSome(difference))
    return misfit(origin, `is of another network: ${showDifference(difference.value, 'there', 'here')}`);
  const parsed = z.looseObject({ theta: vectorSchema(space.length) }).safeParse(state);
  return parsed.success ? E.right(parsed.data.theta) : misfit(origin, 'holds no parameters');
};
