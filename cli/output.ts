/** The folder of a run: `config.json`, `history.json`, `parameters.safetensors`, `checkpoint.json` and `summary.json`. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { parameterViews } from '../dsl/index.js';
import {
  encodeSafetensors,
  keptTheta,
  type OptimizerError,
  type OptimizerState,
  type Progress,
  type Run,
  readVector,
  type Snapshot,
  showOptimizerError,
  summaryOf,
  type TrainResult,
} from '../optim/index.js';
import { showTargetError } from '../runtime/index.js';
import { parametersName, writeCheckpoint } from './checkpoint.js';
import { jsonText, makeFolder, removeFile, replaceFile, showFileError } from './files.js';

/** A step of writing: Left is one line for the user. */
type Write = TE.TaskEither<string, void>;

const summaryName = 'summary.json';

/** Makes the folder and writes what the run is to do; how an earlier run in it ended is no longer said there. */
export const writeConfig = (folder: string, config: unknown): Write =>
  pipe(
    makeFolder(folder),
    TE.flatMap(() => removeFile(folder, summaryName)),
    TE.flatMap(() => replaceFile(folder, 'config.json', jsonText(config))),
    TE.mapLeft(showFileError),
  );

/** Writes what the run has reached: an array of epochs, and by name the parameters that it keeps. */
export const writeProgress = (
  folder: string,
  { problem: { parameters } }: Run,
  progress: Progress<OptimizerState>,
): Write =>
  pipe(
    readVector(keptTheta(progress)),
    TE.mapLeft(showTargetError),
    TE.flatMap((theta) => {
      const views = parameterViews(parameters, theta);
      const tensors = parameters.entries.map(({ name, shape }) => ({
        name,
        shape,
        values: views[name] ?? new Float32Array(0),
      }));
      return pipe(
        replaceFile(folder, 'history.json', jsonText(progress.history)),
        TE.flatMap(() => replaceFile(folder, parametersName, encodeSafetensors(tensors))),
        TE.mapLeft(showFileError),
      );
    }),
  );

/** Writes the checkpoint of a run that has just ended an epoch. */
export const saveCheckpoint = (folder: string, snapshot: TE.TaskEither<OptimizerError, Snapshot>): Write =>
  pipe(
    snapshot,
    TE.mapLeft(showOptimizerError),
    TE.flatMap((taken) => pipe(writeCheckpoint(folder, taken), TE.mapLeft(showFileError))),
  );

/** Writes how the run ended, after everything else: a folder with a summary is complete. */
export const writeSummary = (folder: string, run: Run, result: TrainResult<OptimizerState>): Write =>
  pipe(replaceFile(folder, summaryName, jsonText(summaryOf(run, result, new Date()))), TE.mapLeft(showFileError));
