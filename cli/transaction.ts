/**
 * Several files of a folder that change together. What they are to be is written into a draft beside them, and one
 * rename of the draft commits it: a kill before leaves all files as they were. After it the files go to their places
 * one by one; readers look into a committed draft first, and who uses the folder next finishes the rest.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { z } from 'zod';
import { attempt, codeOf, type FileError, parseJson, readBytesIfThere, syncFolder, writeSynced } from './files.js';

/** What files of a folder are to be, by name: their content, or none for a file that goes. Contents are not empty. */
export type Changes = ReadonlyMap<string, O.Option<string | Uint8Array>>;

const committedName = '.next';
const draftName = '.next.partial';

// In a draft, an empty file stands for one that goes.
const gone = '';

const entriesOf = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((thrown) => {
    if (codeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  });

const finish = async (folder: string): Promise<void> => {
  const committed = join(folder, committedName);
  const names = await entriesOf(committed);
  for (const name of names) {
    const [from, to] = [join(committed, name), join(folder, name)];
    if ((await stat(from)).size > 0) await rename(from, to);
    else {
      await rm(to, { force: true });
      await rm(from);
    }
  }
  if (names.length > 0) await syncFolder(folder);
  await rm(committed, { recursive: true, force: true });
};

/** Finishes what a killed process had committed, and throws away what it had not. Only for who has locked the folder. */
export const settle = (folder: string): TE.TaskEither<FileError, void> =>
  attempt('write', folder, async () => {
    await rm(join(folder, draftName), { recursive: true, force: true });
    await finish(folder);
  });

/** Changes files of a folder together. Only for who has locked the folder. */
export const change = (folder: string, changes: Changes): TE.TaskEither<FileError, void> => {
  const draft = join(folder, draftName);
  return attempt('write', folder, async () => {
    // of an earlier change that could not be brought to its end
    await finish(folder);
    try {
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft);
      for (const [name, content] of changes)
        await writeSynced(join(draft, name), O.getOrElse((): string | Uint8Array => gone)(content));
      await syncFolder(draft);
      await rename(draft, join(folder, committedName));
    } catch (thrown) {
      // what could not be written whole must not fill a disk on which the next change may still fit
      await rm(draft, { recursive: true, force: true });
      throw thrown;
    }
    await syncFolder(folder);
    await finish(folder);
  });
};

/** The bytes of a file of a folder, of a committed change before those in its place; none where there is no such file. */
export const readCurrent = (
  folder: string,
  name: string,
  most?: number,
): TE.TaskEither<FileError, O.Option<Uint8Array>> => {
  const inPlace = readBytesIfThere(join(folder, name), most);
  return pipe(
    readBytesIfThere(join(folder, committedName, name), most),
    TE.flatMap(
      O.match(
        () => inPlace,
        (bytes) => TE.right(bytes.length === 0 ? O.none : O.some(bytes)),
      ),
    ),
  );
};

/** A JSON file of a folder that a schema describes, as `readCurrent` reads it. */
export const readCurrentJson = <S extends z.ZodType>(
  folder: string,
  name: string,
  schema: S,
): TE.TaskEither<FileError, O.Option<z.output<S>>> =>
  pipe(
    readCurrent(folder, name),
    TE.flatMap(
      O.match(
        () => TE.right(O.none),
        (bytes) => pipe(parseJson(join(folder, name), bytes, schema), TE.map(O.some)),
      ),
    ),
  );
