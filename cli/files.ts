/** Reading files, and replacing them so that a reader, or a machine that lost power, has the old content or the new one. */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
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

const attempt = <A>(
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

// What is not yet on the disk when the name changes would be lost with the power: contents first, then the name.
const writeSynced = async (path: string, content: string | Uint8Array): Promise<void> => {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
};

const syncFolder = async (path: string): Promise<void> => {
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
  const temporary = `${path}.${process.pid}.partial`;
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

/** Removes a file of a folder, if it is there. */
export const removeFile = (folder: string, name: string): TE.TaskEither<FileError, void> => {
  const path = join(folder, name);
  return attempt('write', path, () => rm(path, { force: true }));
};

/** A value as the text of a JSON file. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The bytes of a file. */
export const readBytes = (path: string): TE.TaskEither<FileError, Uint8Array> =>
  attempt('read', path, () => readFile(path));

/** A JSON file that a schema describes. */
export const readJson = <S extends z.ZodType>(path: string, schema: S): TE.TaskEither<FileError, z.output<S>> =>
  pipe(
    attempt('read', path, async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'))),
    TE.flatMap((json) => {
      const parsed = schema.safeParse(json);
      if (parsed.success) return TE.right(parsed.data);
      const [issue] = parsed.error.issues;
      return TE.left(unreadable(path, [...(issue?.path ?? []), issue?.message ?? 'not valid'].join(': ')));
    }),
  );
