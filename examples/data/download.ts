/** Downloads: one file, from the first mirror that gives it, kept only if its checksum is the official one. */
import { createHash } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { codeOf, reasonOf } from './bytes.js';
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

/** How long and how much a download may be. */
export interface DownloadLimits {
  /** A server from which nothing comes for so long is given up. */
  readonly silentSeconds: number;
  /** No file of a data set is larger; more bytes than these are not taken. */
  readonly mostBytes: number;
  /** Does something after so many seconds, unless what it gives is called before. */
  readonly after: (seconds: number, act: () => void) => () => void;
}

/** A minute of silence, and three times the largest archive that is downloaded. */
export const downloadLimits: DownloadLimits = {
  silentSeconds: 60,
  mostBytes: 512 * 2 ** 20,
  after: (seconds, act) => {
    const timer = setTimeout(act, 1000 * seconds);
    return () => clearTimeout(timer);
  },
};

/** A file as its publisher made it. */
export interface OfficialFile {
  readonly name: string;
  /** Of the file as it is served, in hexadecimal. */
  readonly sha256: string;
}

/** Streams the body of `url` to `path`; yields its sha256. */
const fetchTo = async (
  url: string,
  path: string,
  name: string,
  onProgress: OnProgress,
  { silentSeconds, mostBytes, after }: DownloadLimits,
): Promise<string> => {
  const aborter = new AbortController();
  const giveUp = (): void => aborter.abort(new Error(`nothing came from the server for ${silentSeconds} seconds`));
  let heard = after(silentSeconds, giveUp);
  const assertSize = (bytes: number): void => {
    if (bytes > mostBytes) throw new Error(`it has more than ${mostBytes} bytes, which no file of a data set has`);
  };
  try {
    const response = await fetch(url, { signal: aborter.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const totalBytes = Number.isFinite(length) ? length : undefined;
    assertSize(totalBytes ?? 0);
    const hash = createHash('sha256');
    const file = await open(path, 'w');
    try {
      let receivedBytes = 0;
      for await (const chunk of response.body) {
        heard();
        heard = after(silentSeconds, giveUp);
        receivedBytes += chunk.length;
        assertSize(receivedBytes);
        hash.update(chunk);
        await file.write(chunk);
        onProgress({ file: name, receivedBytes, totalBytes });
      }
    } finally {
      await file.close();
    }
    return hash.digest('hex');
  } finally {
    heard();
    // what is left of an answer that was too long
    aborter.abort();
  }
};

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM';
  }
};

/** Removes what processes that were killed had downloaded of a file. */
const removeStale = async (path: string): Promise<void> => {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  for (const name of await readdir(folder)) {
    const [, pid] = name.startsWith(start) ? (/^(\d+)\.part$/.exec(name.slice(start.length)) ?? []) : [];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(folder, name), { force: true });
  }
};

/** Tries one address. `path` comes into being whole and verified, or not at all. */
const downloadFrom = async (
  url: string,
  file: OfficialFile,
  path: string,
  onProgress: OnProgress,
  limits: DownloadLimits,
): Promise<E.Either<DownloadError, string>> => {
  const partial = `${path}.${process.pid}.part`;
  try {
    await makeFolders(dirname(path));
    await removeStale(path);
    const actual = await fetchTo(url, partial, file.name, onProgress, limits);
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
    limits: DownloadLimits = downloadLimits,
  ): TE.TaskEither<DownloadError, string> =>
  async () => {
    const [first, ...others] = mirrors;
    let result = await downloadFrom(`${first}${file.name}`, file, path, onProgress, limits);
    for (const mirror of others) {
      if (E.isRight(result)) {
        break;
      }
      result = await downloadFrom(`${mirror}${file.name}`, file, path, onProgress, limits);
    }
    return result;
  };
