/**
 * Where data sets are looked for, in this order: the folder that the user names, the places where systems install them,
 * npm packages that ship them, our cache; what is nowhere is downloaded into the cache.
 */
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Dataset } from '../../optim/dataset.js';
import { codeOf, reasonOf } from './bytes.js';
import { download, type OfficialFile, type OnProgress } from './download.js';
import type { DataError, DownloadError } from './error.js';

/** What the user decides about data. */
export interface DataOptions {
  /** A folder that is searched first; it must exist. */
  readonly folder: string | undefined;
  /** Downloads are kept here, one folder per data set. */
  readonly cache: string;
  readonly onProgress: OnProgress;
}

/** Gives a data set, or says why not. */
export type Loader = (options: DataOptions) => TE.TaskEither<DataError, Dataset>;

/**
 * Options from a command line's `--data` and the environment: `SGN_DATA` names the folder where `--data` does not, and
 * `XDG_CACHE_HOME` (by default `~/.cache`) the place of the cache.
 */
export const dataOptions = (given: {
  readonly folder?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: OnProgress;
}): DataOptions => ({
  folder: given.folder ?? (given.environment.SGN_DATA || undefined),
  cache: join(given.environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sgn'),
  onProgress: given.onProgress ?? (() => undefined),
});

/** The files of one data set and where they may be. */
export interface FileSet {
  readonly name: string;
  /** Folders of this data set inside a folder that holds several; also its folder in the cache (the first). */
  readonly subfolders: readonly [string, ...string[]];
  readonly systemFolders: readonly string[];
  /** npm packages that ship the files, and where in the package. */
  readonly packages: readonly { readonly name: string; readonly folder: string }[];
  /** Addresses of folders, ending in `/`. */
  readonly mirrors: readonly [string, ...string[]];
  readonly official: readonly OfficialFile[];
  /** For the message that says where to get the files: another way, or ''. */
  readonly hint: string;
}

/** Looks into a folder, given the names in it: null where it has none of the files, an error where it has only some. */
export type Inspect<A> = (folder: string, names: ReadonlySet<string>) => E.Either<DataError, A | null>;

/** What was found, where, and what a user should know about that. */
export interface Found<A> {
  readonly files: A;
  readonly notes: readonly string[];
}

interface Hit<A> {
  readonly folder: string;
  readonly files: A;
}

/** A folder of an npm package; null where the package is not installed. */
const packageFolder = (name: string, folder: string): string | null => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), folder);
  } catch {
    return null;
  }
};

const inspectFolder =
  <A>(folder: string, inspect: Inspect<A>): TE.TaskEither<DataError, Hit<A> | null> =>
  async () => {
    try {
      const names = new Set(await readdir(folder));
      return E.map((files: A | null) => (files === null ? null : { folder, files }))(inspect(folder, names));
    } catch (thrown) {
      return codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR'
        ? E.right(null)
        : E.left({ _tag: 'ReadFailed', path: folder, reason: reasonOf(thrown) });
    }
  };

const firstIn = <A>(folders: readonly string[], inspect: Inspect<A>): TE.TaskEither<DataError, Hit<A> | null> =>
  folders.reduce<TE.TaskEither<DataError, Hit<A> | null>>(
    (earlier, folder) => TE.flatMap(earlier, (hit) => (hit === null ? inspectFolder(folder, inspect) : TE.right(hit))),
    TE.right(null),
  );

/** The named folder itself and its subfolders for the data set; an error if there is no such folder. */
const inNamedFolder = <A>(folder: string, set: FileSet, inspect: Inspect<A>): TE.TaskEither<DataError, Hit<A> | null> =>
  TE.flatMap(
    TE.tryCatch(
      () => readdir(folder),
      (thrown): DataError => ({
        _tag: 'FolderMissing',
        folder,
        actual: codeOf(thrown) === 'ENOENT' ? 'no such folder' : reasonOf(thrown),
      }),
    ),
    () => firstIn([...set.subfolders.map((name) => join(folder, name)), folder], inspect),
  );

/** The cache, where an interrupted download may have left some of the files: those are as good as none. */
const inCache = <A>(cache: string, inspect: Inspect<A>): TE.TaskEither<DataError, Hit<A> | null> =>
  pipe(
    inspectFolder(cache, inspect),
    TE.orElse((error) => (error._tag === 'FilesMissing' ? TE.right(null) : TE.left(error))),
  );

/** Downloads the official files that the cache lacks. */
const complete = <A>(
  set: FileSet,
  cache: string,
  options: DataOptions,
  inspect: Inspect<A>,
): TE.TaskEither<DataError, Hit<A>> => {
  const unavailable = (reason: DownloadError): DataError => ({
    _tag: 'DataUnavailable',
    dataset: set.name,
    files: set.official.map((file) => file.name),
    folder: cache,
    hint: set.hint,
    reason,
  });
  return pipe(
    inspectFolder(cache, (_folder, names) => E.right(names)),
    TE.map((hit) => set.official.filter((file) => !(hit?.files.has(file.name) ?? false))),
    TE.flatMap(
      TE.traverseSeqArray((file) =>
        TE.mapLeft(unavailable)(download(set.mirrors, file, join(cache, file.name), options.onProgress)),
      ),
    ),
    TE.flatMap(() => inspectFolder(cache, inspect)),
    TE.flatMapEither(
      E.fromNullable<DataError>({ _tag: 'ReadFailed', path: cache, reason: 'what was downloaded is gone again' }),
    ),
  );
};

/** Finds the files of a data set in the order above. */
export const locate = <A>(
  set: FileSet,
  options: DataOptions,
  inspect: Inspect<A>,
): TE.TaskEither<DataError, Found<A>> => {
  const cache = join(options.cache, set.subfolders[0]);
  const packages = set.packages.flatMap(({ name, folder }) => packageFolder(name, folder) ?? []);
  const elsewhere = pipe(
    firstIn([...set.systemFolders, ...packages], inspect),
    TE.flatMap((hit) => (hit === null ? inCache(cache, inspect) : TE.right(hit))),
    TE.flatMap((hit) => (hit === null ? complete(set, cache, options, inspect) : TE.right(hit))),
  );
  const found = (hit: Hit<A>, notes: readonly string[]): Found<A> => ({
    files: hit.files,
    notes: [...notes, `${set.name} was read from ${hit.folder}`],
  });
  const { folder } = options;
  return folder === undefined
    ? TE.map((hit: Hit<A>) => found(hit, []))(elsewhere)
    : TE.flatMap(inNamedFolder(folder, set, inspect), (hit) =>
        hit === null
          ? TE.map((other: Hit<A>) => found(other, [`${folder} holds no files of ${set.name}`]))(elsewhere)
          : TE.right(found(hit, [])),
      );
};
