/**
 * Checkpoints as files: a line with the format, its version and the SHA-256 of what follows, then the snapshot as JSON.
 * A file that was cut short, changed, or is something else is refused.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { ParameterSpace } from '../dsl/index.js';
import {
  checkSnapshot,
  decodeSafetensors,
  type Run,
  type Snapshot,
  type Start,
  showConfigError,
  snapshotSchema,
  thetaOfSnapshot,
  thetaOfTensors,
} from '../optim/index.js';
import { attempt, type FileError, readBytes, showFileError, unreadable } from './files.js';
import { runFiles } from './folder.js';
import { readCurrent } from './transaction.js';

const format = 'sgn.js checkpoint';
const version = 1;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The text of a checkpoint. */
export const encodeCheckpoint = (snapshot: Snapshot): string => {
  const body = JSON.stringify(snapshot);
  return `${format} ${version} sha256 ${sha256(body)}\n${body}\n`;
};

const bodyOf = (text: string): E.Either<string, string> => {
  const [head = '', ...rest] = text.split('\n');
  if (!head.startsWith(format)) return E.left(`it is no checkpoint: it does not begin with \`${format}\``);
  const [given, , checksum] = head.slice(format.length + 1).split(' ');
  if (given !== `${version}`) return E.left(`it is a checkpoint of version ${given}; this program reads ${version}`);
  const body = rest.slice(0, 1).join('');
  return sha256(body) === checksum
    ? E.right(body)
    : E.left('the checkpoint is damaged: its content has another checksum than its first line says');
};

/** The snapshot in the text of a checkpoint; Left says why there is none. */
export const decodeCheckpoint = (text: string): E.Either<string, Snapshot> =>
  pipe(
    bodyOf(text),
    E.flatMap((body) =>
      E.tryCatch(
        (): unknown => JSON.parse(body),
        () => 'the checkpoint is not valid: its content is not JSON',
      ),
    ),
    E.flatMap((json) => {
      const parsed = snapshotSchema.safeParse(json);
      const [issue] = parsed.error?.issues ?? [];
      return parsed.success
        ? E.right(parsed.data)
        : E.left(`the checkpoint is not valid: ${issue?.path.join('.')}: ${issue?.message}`);
    }),
  );

const isFolder = (path: string): TE.TaskEither<FileError, boolean> =>
  attempt('read', path, async () => (await stat(path)).isDirectory());

/** A file, and its bytes. */
interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A file by its own path or by that of the run's folder. */
const readAt = (path: string, name: string): TE.TaskEither<FileError, Source> =>
  pipe(
    isFolder(path),
    TE.flatMap((folder) => {
      const file = folder ? join(path, name) : path;
      const bytes = folder
        ? pipe(
            readCurrent(path, name),
            TE.flatMapEither(E.fromOption(() => unreadable(file, 'no run in that folder has completed an epoch'))),
          )
        : readBytes(path);
      return pipe(
        bytes,
        TE.map((read) => ({ file, bytes: read })),
      );
    }),
  );

const textOf = (bytes: Uint8Array): E.Either<string, string> =>
  E.tryCatch(
    () => new TextDecoder().decode(bytes),
    () => `it has more text than this program can hold (${bytes.length} bytes)`,
  );

const snapshotIn = ({ file, bytes }: Source): E.Either<FileError, Snapshot> =>
  pipe(
    textOf(bytes),
    E.flatMap(decodeCheckpoint),
    E.mapLeft((reason) => unreadable(file, reason)),
  );

/** Where a run goes on: a checkpoint of the same run, named by its path or its folder. Left is one line. */
export const startFromCheckpoint = (run: Omit<Run, 'target'>, path: string): TE.TaskEither<string, Start> =>
  pipe(
    readAt(path, runFiles.checkpoint),
    TE.bindTo('source'),
    TE.bind('snapshot', ({ source }) => TE.fromEither(snapshotIn(source))),
    TE.mapLeft(showFileError),
    TE.flatMapEither(({ source: { file }, snapshot }) =>
      pipe(
        checkSnapshot(run, file, snapshot),
        E.bimap(showConfigError, (checked): Start => ({ _tag: 'Snapshot', snapshot: checked })),
      ),
    ),
  );

const thetaIn = (space: ParameterSpace, source: Source): E.Either<string, Float32Array> => {
  const { file, bytes } = source;
  const text = new TextDecoder().decode(bytes.subarray(0, format.length));
  if (text === format)
    return pipe(
      snapshotIn(source),
      E.mapLeft(showFileError),
      E.flatMap((snapshot) => pipe(thetaOfSnapshot(space, file, snapshot), E.mapLeft(showConfigError))),
    );
  return pipe(
    decodeSafetensors(bytes),
    E.mapLeft(({ expected, actual }) =>
      showFileError(
        unreadable(file, `it is neither a checkpoint nor safetensors of float32: expected ${expected}, got ${actual}`),
      ),
    ),
    E.flatMap((tensors) => pipe(thetaOfTensors(space, file, tensors), E.mapLeft(showConfigError))),
  );
};

/** A warm start: the parameters of a checkpoint or of a safetensors file, or of those in a run's folder. */
export const startFromParameters = (space: ParameterSpace, path: string): TE.TaskEither<string, Start> =>
  pipe(
    readAt(path, runFiles.parameters),
    TE.mapLeft(showFileError),
    TE.flatMapEither((source) => thetaIn(space, source)),
    TE.map((theta): Start => ({ _tag: 'Parameters', theta })),
  );
