/**
 * The IDX format of MNIST and its relatives: a big-endian header (two zero bytes, element type 8 = unsigned byte, number
 * of dimensions, then one uint32 per dimension), followed by the elements, row-major.
 */
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { sampleLength } from '../../optim/dataset.js';
import { type ByteReader, expectEnd, readFileWith } from './bytes.js';
import { badLabel, type DataError, fileFault } from './error.js';
import { type Normalise, rawTail } from './normalise.js';
import { type Convert, readRecords } from './records.js';

/** The number of rows and the rows, as floats. */
export interface Rows {
  readonly count: number;
  readonly values: Float32Array;
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');

/**
 * Reads the header of unsigned bytes with shape [count, …rowShape]; yields count. It refuses counts that the file is
 * too small for, before anything is allocated for them.
 */
const readHeader = async (reader: ByteReader, rowShape: readonly number[]): Promise<E.Either<DataError, number>> => {
  const dimensions = rowShape.length + 1;
  const header = new Uint8Array(4 + 4 * dimensions);
  const there = await reader.read(header);
  if (there < header.length) {
    return E.left(fileFault('Truncated', reader.path, `an IDX header of ${header.length} bytes`, `${there} bytes`));
  }
  const view = new DataView(header.buffer);
  const magic = 0x0800 + dimensions;
  if (view.getUint32(0) !== magic) {
    const what = `IDX bytes in ${dimensions} dimension${dimensions === 1 ? '' : 's'} (magic ${hex(magic)})`;
    return E.left(fileFault('BadHeader', reader.path, what, `magic ${hex(view.getUint32(0))}`));
  }
  const count = view.getUint32(4);
  const extents = rowShape.map((_, axis) => view.getUint32(8 + 4 * axis));
  if (count === 0 || extents.some((extent, axis) => extent !== rowShape[axis])) {
    const expected = ['one or more', ...rowShape].join(' × ');
    return E.left(fileFault('BadHeader', reader.path, expected, [count, ...extents].join(' × ')));
  }
  const promised = header.length + count * sampleLength(rowShape);
  return promised > reader.limit
    ? E.left(
        fileFault('Truncated', reader.path, `${promised} bytes for ${count} rows`, `${reader.limit} bytes or fewer`),
      )
    : E.right(count);
};

/** Reads [count, …rowShape] bytes into the tail of as many floats (see `rawTail`), where `convert` works on them. */
const readRows = (
  path: string,
  rowShape: readonly number[],
  convert: (raw: Uint8Array, values: Float32Array) => Convert,
): TE.TaskEither<DataError, Rows> =>
  readFileWith(path, async (reader) => {
    const header = await readHeader(reader, rowShape);
    if (E.isLeft(header)) {
      return header;
    }
    const count = header.right;
    const rowBytes = sampleLength(rowShape);
    const values = new Float32Array(count * rowBytes);
    const raw = rawTail(values, values.length);
    const records = await readRecords(reader, raw, rowBytes, convert(raw, values));
    const end = E.isLeft(records) ? records : await expectEnd(reader, `${count} records`);
    return E.map(() => ({ count, values }))(end);
  });

/** Images of `height` × `width` unsigned bytes, each normalised by itself: [count, height, width]. */
export const readIdxImages = (
  path: string,
  [height, width]: readonly [number, number],
  normalise: Normalise,
): TE.TaskEither<DataError, Rows> =>
  readRows(path, [height, width], (raw, values) => (from, to) => {
    for (let at = from; at < to; at += height * width) {
      normalise(raw, at, height * width, values, at);
    }
    return E.right(null);
  });

/** Labels 0 … classes − 1, as floats: [count]. */
export const readIdxLabels = (path: string, classes: number): TE.TaskEither<DataError, Rows> =>
  readRows(path, [], (raw, values) => (from, to) => {
    for (let at = from; at < to; at++) {
      const label = raw[at] ?? 0;
      if (label >= classes) {
        return E.left(badLabel(path, classes, label, at));
      }
      values[at] = label;
    }
    return E.right(null);
  });
