/** What the files of a run's folder are to be: `config.json`, `history.json`, `parameters.safetensors`, `checkpoint.json` and `summary.json`. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { reasonOf } from '../dsl/index.js';
import {
  encodeSafetensors,
  keptTheta,
  type OptimizerError,
  type OptimizerState,
  type Outcome,
  type Progress,
  type Run,
  readVector,
  type Snapshot,
  showOptimizerError,
  summaryOf,
} from '../optim/index.js';
import { showTargetError } from '../runtime/index.js';
import { encodeCheckpoint } from './checkpoint.js';
import { jsonText } from './files.js';
import { runFiles } from './folder.js';
import type { Changes } from './transaction.js';

/** Files to be written; Left is one line for the user. */
type Files = TE.TaskEither<string, Changes>;

/** What the run is to do; how an earlier run in the folder ended is no longer said there. */
export const configFiles = (config: unknown): Changes =>
  new Map([
    [runFiles.config, O.some(jsonText(config))],
    [runFiles.summary, O.none],
  ]);

/** What the run has reached: an array of epochs, and by name the parameters that it keeps. */
export const progressFiles = ({ problem: { parameters } }: Run, progress: Progress<OptimizerState>): Files =>
  pipe(
    readVector(keptTheta(progress)),
    TE.mapLeft(showTargetError),
    TE.map((theta) => {
      const tensors = parameters.entries.map(({ name, shape, offset, length }) => ({
        name,
        shape,
        values: theta.subarray(offset, offset + length),
      }));
      return new Map<string, O.Option<string | Uint8Array>>([
        [runFiles.history, O.some(jsonText(progress.history))],
        [runFiles.parameters, O.some(encodeSafetensors(tensors))],
      ]);
    }),
  );

/** The checkpoint of a run behind some whole epochs. */
export const checkpointFiles = (snapshot: TE.TaskEither<OptimizerError, Snapshot>): Files =>
  pipe(
    snapshot,
    TE.mapLeft(showOptimizerError),
    TE.flatMapEither((taken) =>
      E.tryCatch(
        () => encodeCheckpoint(taken),
        (thrown) => `the checkpoint cannot be written: ${reasonOf(thrown)}; the parameters are kept without it`,
      ),
    ),
    TE.map((text) => new Map([[runFiles.checkpoint, O.some(text)]])),
  );

/** No checkpoint. */
export const noCheckpoint: Changes = new Map([[runFiles.checkpoint, O.none]]);

/** How the run ended; a folder with it is complete. */
export const summaryFiles = (run: Run, result: Outcome<OptimizerState>): Changes =>
  new Map([[runFiles.summary, O.some(jsonText(summaryOf(run, result, new Date())))]]);
