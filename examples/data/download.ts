/** Downloads: one file, from the first mirror that gives it, kept only if its checksum is the official one. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { reasonOf } from './bytes.js';
import type { DownloadError } from './error.js';
import { makeFolders } from './folder.js';

/** How far a download has come. */
export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** Undefined where the server does not say. */
  readonly totalBytes: number | undefined;
}

/** Is told about every piece that arrives. */
export type OnProgress = (progress: DownloadProgress) => void;

/** A file as its publisher made it. */
export interface OfficialFile {
  readonly name: string;
  /** Of the file as it is served, in hexadecimal. */
  readonly sha256: string;
}

/** Streams the body of `url` to `path`; yields its sha256. */
const fetchTo = async (url: string, path: string, name: string, onProgress: OnProgress): Promise<string> => {
  const response = await fetch(url);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const totalBytes = Number.isFinite(length) ? length : undefined;
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    let receivedBytes = 0;
    for await (const chunk of response.body) {
      hash.update(chunk);
      await file.write(chunk);
      receivedBytes += chunk.length;
      onProgress({ file: name, receivedBytes, totalBytes });
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
};

/** Tries one address. `path` comes into being whole and verified, or not at all. */
const downloadFrom = async (
  url: string,
  file: OfficialFile,
  path: string,
  onProgress: OnProgress,
): Promise<E.Either<DownloadError, string>> => {
  const partial = `${path}.${process.pid}.part`;
  try {
    await makeFolders(dirname(path));
    const actual = await fetchTo(url, partial, file.name, onProgress);
    if (actual !== file.sha256) {
      return E.left({ _tag: 'ChecksumMismatch', url, expected: file.sha256, actual });
    }
    await rename(partial, path);
    return E.right(path);
  } catch (thrown) {
    return E.left({ _tag: 'DownloadFailed', url, reason: reasonOf(thrown) });
  } finally {
    await rm(partial, { force: true });
  }
};

/**
 * Downloads `file` to `path` from the first of the mirrors (folders' addresses, ending in `/`) that gives it with the
 * right checksum; the error is that of the last mirror.
 */
export const download =
  (
    mirrors: readonly [string, ...string[]],
    file: OfficialFile,
    path: string,
    onProgress: OnProgress,
  ): TE.TaskEither<DownloadError, string> =>
  async () => {
    const [first, ...others] = mirrors;
    let result = await downloadFrom(`${first}${file.name}`, file, path, onProgress);
    for (const mirror of others) {
      if (E.isRight(result)) {
        break;
      }
      result = await downloadFrom(`${mirror}${file.name}`, file, path, onProgress);
    }
    return result;
  };
