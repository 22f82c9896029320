/** A loader of examples/data as an experiment wants it: errors as one line, options from the environment. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { DataFailure, LoadDataset } from '../optim/index.js';
import { dataOptions, type Loader, showDataError } from './data/index.js';

/** The experiment's loader of a data set. */
export const fromLoader =
  (loader: Loader): LoadDataset =>
  ({ folder, onDownload }) =>
    pipe(
      loader(
        dataOptions({
          folder,
          environment: process.env,
          onProgress: ({ file, receivedBytes, totalBytes }) => onDownload(file, receivedBytes, totalBytes),
        }),
      ),
      TE.mapLeft((error): DataFailure => ({ _tag: 'DataFailure', message: showDataError(error) })),
    );
