/** The data of an experiment, by a loader that may be anybody's. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { reasonOf, showValue } from '../dsl/index.js';
import type { Dataset } from './dataset.js';
import type { DataFailure, Experiment, LoadOptions } from './experiment.js';
import { eitherSchema, readAs } from './exported.js';

const floats = z.custom<Float32Array>((value) => ArrayBuffer.isView(value) && value instanceof Float32Array, {
  error: 'a Float32Array is needed',
});

const splitForm = z.object({
  count: z.number(),
  inputs: floats,
  inputShape: z.array(z.number()),
  targets: floats,
  targetShape: z.array(z.number()),
});

/** What can be seen of a data set whose loader may be JavaScript; whether its parts fit together, `checkDataset` says. */
const datasetForm = z.object({
  name: z.string(),
  train: splitForm,
  test: splitForm,
  notes: z.array(z.string()).optional(),
});

const fails = (name: string, text: string): DataFailure => ({
  _tag: 'DataFailure',
  message: `${name}: its dataset ${text}`,
});

const wanted = 'must give TE.right({ name, train, test })';

/** What a loader's task gave, which may be anything. */
const loadedBy = (name: string, given: unknown): E.Either<DataFailure, Dataset> =>
  pipe(
    readAs(eitherSchema, given),
    E.mapLeft(() => fails(name, `${wanted}: it gives ${showValue(given)}`)),
    E.flatMap((either) => {
      if (either._tag === 'Right')
        return pipe(
          readAs(z.object({ dataset: datasetForm }), { dataset: either.right }),
          E.bimap(
            (reason) => fails(name, `${wanted}: ${reason}`),
            ({ dataset: { notes, ...loaded } }): Dataset => ({ ...loaded, ...(notes === undefined ? {} : { notes }) }),
          ),
        );
      return pipe(
        readAs(z.object({ message: z.string() }), either.left),
        E.match(
          () => E.left(fails(name, `cannot be loaded, and gives no message why: Left of ${showValue(either.left)}`)),
          ({ message }) => E.left<DataFailure>({ _tag: 'DataFailure', message }),
        ),
      );
    }),
  );

/** Loads an experiment's data. What its loader throws, or gives instead of data, is a failure like others. */
export const loadDataset = ({ name, dataset }: Experiment, options: LoadOptions): TE.TaskEither<DataFailure, Dataset> =>
  pipe(
    TE.tryCatch(
      async () => {
        const task: unknown = dataset(options);
        return typeof task === 'function'
          ? loadedBy(name, await task())
          : E.left(fails(name, `${wanted}: it gives ${showValue(task)}`));
      },
      (thrown) => fails(name, `cannot be loaded: ${reasonOf(thrown)}`),
    ),
    TE.flatMapEither((loaded) => loaded),
  );
