/** Runs of equally long records, read into their place and turned into floats there. */
import * as E from 'fp-ts/lib/Either.js';
import type { ByteReader } from './bytes.js';
import { type DataError, fileFault } from './error.js';

/** Turns the bytes `from … to − 1`, whole records, into floats. */
export type Convert = (from: number, to: number) => E.Either<DataError, null>;

const blockBytes = 1 << 21;

/**
 * Fills `raw` with the next records of `recordBytes` bytes each. `convert` works on each block of records while the next
 * block is being read.
 */
export const readRecords = async (
  reader: ByteReader,
  raw: Uint8Array,
  recordBytes: number,
  convert: Convert,
): Promise<E.Either<DataError, null>> => {
  const stride = recordBytes * Math.ceil(blockBytes / recordBytes);
  const readBlock = (at: number) => reader.read(raw.subarray(at, at + stride));
  let there = 0;
  let pending = readBlock(0);
  for (let from = 0; from < raw.length; from += stride) {
    const to = Math.min(from + stride, raw.length);
    there += await pending;
    if (there < to) {
      const [expected, actual] = [raw.length / recordBytes, Math.floor(there / recordBytes)];
      return E.left(fileFault('Truncated', reader.path, `${expected} records of ${recordBytes} bytes`, `${actual}`));
    }
    pending = readBlock(to);
    const converted = convert(from, to);
    if (E.isLeft(converted)) {
      await pending;
      return converted;
    }
  }
  return E.right(null);
};
