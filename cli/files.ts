/** Reading files, and replacing them so that a reader, or a machine that lost power, has the old content or the new one. */
import { open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { z } from 'zod';
import { reasonOf } from '../dsl/index.js';
import { makeFolders } from '../examples/data/folder.js';

/** A file that could not be read or written, or that holds something else than it should. */
export interface FileError {
  readonly _tag: 'FileError';
  readonly operation: 'read' | 'write';
  readonly path: string;
  readonly reason: string;
}

/** One line for people; `remedy` says what to do where nothing can be written. */
export const showFileError = (
  { operation, path, reason }: FileError,
  remedy = 'name a writable folder with --out',
): string => (operation === 'read' ? `cannot read ${path}: ${reason}` : `cannot write ${path}: ${reason}; ${remedy}`);

/** The code of a system error, for example `ENOENT`; empty where there is none. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

/** An effect on files as a value; what it throws becomes an error of the operation. */
export const attempt = <A>(
  operation: FileError['operation'],
  path: string,
  effect: () => Promise<A>,
): TE.TaskEither<FileError, A> =>
  TE.tryCatch(effect, (thrown): FileError => ({ _tag: 'FileError', operation, path, reason: reasonOf(thrown) }));

/** An error of reading. */
export const unreadable = (path: string, reason: string): FileError => ({
  _tag: 'FileError',
  operation: 'read',
  path,
  reason,
});

/** Makes a folder and those above it. */
export const makeFolder = (path: string): TE.TaskEither<FileError, void> =>
  attempt('write', path, () => makeFolders(path));

// Names of files that are being written: what a kill leaves of them says which process it was.
const partialName = (name: string): string => `${name}.${process.pid}.partial`;
const partialPattern = /^(.+)\.(\d+)\.partial$/;

/** Is there a process of that number? */
export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    // there is one, of another user
    return codeOf(thrown) === 'EPERM';
  }
};

/** Removes what killed processes left half written of files of these names in a folder. */
export const removeStale = (folder: string, isOurs: (name: string) => boolean): TE.TaskEither<FileError, void> =>
  attempt('write', folder, async () => {
    for (const entry of await readdir(folder)) {
      const [, name = '', pid = ''] = partialPattern.exec(entry) ?? [];
      if (isOurs(name) && !isRunning(Number(pid))) await rm(join(folder, entry), { force: true });
    }
  });

/** Writes a file through to the disk: what is not there when its name changes would be lost with the power. */
export const writeSynced = async (path: string, content: string | Uint8Array): Promise<void> => {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** Writes the names of a folder through to the disk. */
export const syncFolder = async (path: string): Promise<void> => {
  // Windows cannot open folders; there the rename itself is written through.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Replaces a file of a folder: a rename within one folder is atomic. */
export const replaceFile = (
  folder: string,
  name: string,
  content: string | Uint8Array,
): TE.TaskEither<FileError, void> => {
  const path = join(folder, name);
  const temporary = join(folder, partialName(name));
  return attempt('write', path, async () => {
    try {
      await writeSynced(temporary, content);
      await rename(temporary, path);
    } catch (thrown) {
      // what could not be written whole must not fill a disk on which the next file may still fit
      await rm(temporary, { force: true });
      throw thrown;
    }
    await syncFolder(dirname(path));
  });
};

/** A value as the text of a JSON file. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Megabytes and more, as people read them. */
const showBytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** A text of configuration, such as a study: larger ones are something else. */
export const mostTextBytes = 64 * 2 ** 20;

// Node reads no larger ones at once.
const mostBytes = 2 ** 31 - 1;

/** Refuses what is no regular file, which may have no end (a pipe, a device), and what is too large to be meant. */
const assertReadable = async (path: string, most: number): Promise<void> => {
  const entry = await stat(path);
  if (entry.isDirectory()) throw new Error('it is a folder, not a file');
  if (!entry.isFile()) throw new Error('it is no regular file but a pipe, a device or a socket');
  if (entry.size > most) throw new Error(`it has ${showBytes(entry.size)}; at most ${showBytes(most)} are read`);
};

/** Can a path be read as a regular file of at most so many bytes? */
export const checkReadable = (path: string, most = mostBytes): TE.TaskEither<FileError, void> =>
  attempt('read', path, () => assertReadable(path, most));

const readRegular = async (path: string, most: number): Promise<Uint8Array> => {
  await assertReadable(path, most);
  return readFile(path);
};

/** The bytes of a regular file of at most so many. */
export const readBytes = (path: string, most = mostBytes): TE.TaskEither<FileError, Uint8Array> =>
  attempt('read', path, () => readRegular(path, most));

/** The same of a file that may be missing. */
export const readBytesIfThere = (path: string, most = mostBytes): TE.TaskEither<FileError, O.Option<Uint8Array>> =>
  attempt('read', path, () =>
    readRegular(path, most).then(O.some, (thrown) => {
      if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return O.none;
      throw thrown;
    }),
  );

/** The value in the text of a JSON file, if it is as a schema describes it. */
export const parseJson = <S extends z.ZodType>(
  path: string,
  bytes: Uint8Array,
  schema: S,
): TE.TaskEither<FileError, z.output<S>> =>
  pipe(
    attempt('read', path, async (): Promise<unknown> => JSON.parse(new TextDecoder().decode(bytes))),
    TE.flatMap((json) => {
      const parsed = schema.safeParse(json);
      if (parsed.success) return TE.right(parsed.data);
      const [issue] = parsed.error.issues;
      return TE.left(unreadable(path, [...(issue?.path ?? []), issue?.message ?? 'not valid'].join(': ')));
    }),
  );

/** Replaces what a path leads to: a file as a whole, also behind a link; a device or a pipe is written to. */
export const replaceAt = (path: string, content: string | Uint8Array): TE.TaskEither<FileError, void> =>
  pipe(
    attempt('write', path, async () =>
      stat(path).then(
        async (entry) => ({ file: entry.isFile(), at: entry.isFile() ? await realpath(path) : path }),
        () => ({ file: true, at: path }),
      ),
    ),
    TE.flatMap(({ file, at }) => {
      if (!file) return attempt('write', path, () => writeFile(path, content));
      const [folder, name] = [dirname(at), basename(at)];
      return pipe(
        replaceFile(folder, name, content),
        TE.flatMap(() => removeStale(folder, (one) => one === name)),
      );
    }),
  );

/** A JSON file that a schema describes. */
export const readJson = <S extends z.ZodType>(path: string, schema: S): TE.TaskEither<FileError, z.output<S>> =>
  pipe(
    readBytes(path, mostTextBytes),
    TE.flatMap((bytes) => parseJson(path, bytes, schema)),
  );
