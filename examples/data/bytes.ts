/** Files, plain or gzip, as bytes that are read straight to where they are needed. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { type DataError, fileFault } from './error.js';

/** An open file. */
export interface ByteReader {
  readonly path: string;
  /** No more bytes than these can come: a header that promises more is wrong, whatever follows it. */
  readonly limit: number;
  /** Fills `into` with the next bytes; yields how many came, fewer than asked for only at the end of the file. */
  readonly read: (into: Uint8Array) => Promise<number>;
}

/** What a reader is used for. */
export type UseReader<A> = (reader: ByteReader) => Promise<E.Either<DataError, A>>;

/** Deflate's best case, one long run of a byte, packs 1032 bytes into one (zlib's technical details). */
const largestDeflateRatio = 1032;
const gunzipChunkBytes = 1 << 18;

const withPlainFile = async <A>(path: string, use: UseReader<A>): Promise<E.Either<DataError, A>> => {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const read = async (into: Uint8Array): Promise<number> => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await file.read(into, filled, into.length - filled);
        if (bytesRead === 0) {
          break;
        }
        filled += bytesRead;
      }
      return filled;
    };
    return await use({ path, limit: size, read });
  } finally {
    await file.close();
  }
};

const withGzipFile = async <A>(path: string, use: UseReader<A>): Promise<E.Either<DataError, A>> => {
  const { size } = await stat(path);
  const file = createReadStream(path);
  const gunzip = createGunzip({ chunkSize: gunzipChunkBytes });
  file.on('error', (error) => gunzip.destroy(error));
  const chunks: AsyncIterator<Uint8Array> = file.pipe(gunzip)[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  const read = async (into: Uint8Array): Promise<number> => {
    let filled = 0;
    while (filled < into.length) {
      if (rest.length === 0) {
        const chunk = await chunks.next();
        if (chunk.done === true) {
          break;
        }
        rest = chunk.value;
      }
      const part = rest.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
    }
    return filled;
  };
  try {
    return await use({ path, limit: size * largestDeflateRatio, read });
  } finally {
    gunzip.destroy();
    file.destroy();
  }
};

/** Refuses what is no regular file, which may have no end: a pipe would be waited for, a device read for ever. */
const assertRegular = async (path: string): Promise<void> => {
  const entry = await stat(path);
  if (!entry.isFile())
    throw new Error(entry.isDirectory() ? 'it is a folder' : 'it is no regular file but a pipe or a device');
};

/** Text of whatever was thrown, with its causes. */
export const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) {
    return String(thrown);
  }
  return thrown.cause === undefined ? thrown.message : `${thrown.message}: ${reasonOf(thrown.cause)}`;
};

/** The code of a system or zlib error, for example `ENOENT`; empty where there is none. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

const readError = (path: string, thrown: unknown): DataError => {
  switch (codeOf(thrown)) {
    case 'Z_BUF_ERROR':
      return fileFault('Truncated', path, 'a complete gzip stream', 'one without its end');
    case 'Z_DATA_ERROR':
      return fileFault('BadCompression', path, 'a gzip stream', reasonOf(thrown));
    default:
      return { _tag: 'ReadFailed', path, reason: reasonOf(thrown) };
  }
};

/** Opens a file (through gunzip if its name ends in `.gz`), hands a reader to `use`, and closes it in any case. */
export const readFileWith =
  <A>(path: string, use: UseReader<A>): TE.TaskEither<DataError, A> =>
  async () => {
    try {
      await assertRegular(path);
      return await (path.endsWith('.gz') ? withGzipFile(path, use) : withPlainFile(path, use));
    } catch (thrown) {
      return E.left(readError(path, thrown));
    }
  };

/** The fault, if bytes follow where the file should end. */
export const expectEnd = async (reader: ByteReader, after: string): Promise<E.Either<DataError, null>> =>
  (await reader.read(new Uint8Array(1))) === 0
    ? E.right(null)
    : E.left(fileFault('TrailingData', reader.path, `the end of the file after ${after}`, 'more bytes'));
