/**
 * CIFAR-10's binary version: six files of records, each a label byte and three planes (red, green, blue) of 32 × 32
 * bytes; as a folder of files, or packed in one tar.gz.
 */
import { basename, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type ByteReader, expectEnd, readFileWith } from './bytes.js';
import { badLabel, type DataError, fileFault } from './error.js';
import { rawTail, standardise } from './normalise.js';
import { readRecords } from './records.js';
import { parseTarHeader, type TarMember, tarBlockBytes, tarPadding } from './tar.js';

const channels = 3;
const planePixels = 32 * 32;
const imagePixels = channels * planePixels;
const recordBytes = 1 + imagePixels;
const classes = 10;

/** Where the rows of one file go: [images, 3, 32, 32] pixels and [images] labels. */
export interface Slot {
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** Each file's name and the place of its rows. */
export type Slots = ReadonlyMap<string, Slot>;

/** Memory for `images` images and labels. */
export const allocateSlot = (images: number): Slot => ({
  inputs: new Float32Array(images * imagePixels),
  targets: new Float32Array(images),
});

/** The part of a slot that holds `images` images from `first` on. */
export const slotPart = (slot: Slot, first: number, images: number): Slot => ({
  inputs: slot.inputs.subarray(first * imagePixels, (first + images) * imagePixels),
  targets: slot.targets.subarray(first, first + images),
});

/** Reads one file's records; each channel of each image is standardised by itself. */
const readBatch = (reader: ByteReader, { inputs, targets }: Slot): Promise<E.Either<DataError, null>> => {
  const raw = rawTail(inputs, targets.length * recordBytes);
  return readRecords(reader, raw, recordBytes, (from, to) => {
    for (let at = from; at < to; at += recordBytes) {
      const row = at / recordBytes;
      const label = raw[at] ?? 0;
      if (label >= classes) {
        return E.left(badLabel(reader.path, classes, label, row));
      }
      targets[row] = label;
      for (let channel = 0; channel < imagePixels; channel += planePixels) {
        standardise(raw, at + 1 + channel, planePixels, inputs, row * imagePixels + channel);
      }
    }
    return E.right(null);
  });
};

/** Fills the slots from files of their names in `folder`. */
export const readBatchFiles = (folder: string, slots: Slots): TE.TaskEither<DataError, unknown> =>
  TE.traverseSeqArray(([name, slot]: readonly [string, Slot]) =>
    readFileWith(join(folder, name), async (reader) => {
      const read = await readBatch(reader, slot);
      return E.isLeft(read) ? read : expectEnd(reader, `${slot.targets.length} records`);
    }),
  )([...slots]);

const skip = async (reader: ByteReader, bytes: number, scratch: Uint8Array): Promise<number> => {
  let skipped = 0;
  while (skipped < bytes) {
    const there = await reader.read(scratch.subarray(0, bytes - skipped));
    if (there === 0) {
      break;
    }
    skipped += there;
  }
  return skipped;
};

/** Reads a member into its slot, or past it where it has none, and past the padding after it. */
const readMember = async (
  reader: ByteReader,
  member: TarMember,
  slot: Slot | undefined,
  scratch: Uint8Array,
): Promise<E.Either<DataError, null>> => {
  const path = `${reader.path}:${member.name}`;
  if (slot !== undefined) {
    const expected = slot.targets.length * recordBytes;
    if (member.bytes !== expected) {
      const fault = member.bytes < expected ? 'Truncated' : 'TrailingData';
      return E.left(fileFault(fault, path, `${expected} bytes`, `${member.bytes} bytes`));
    }
    const read = await readBatch({ ...reader, path }, slot);
    if (E.isLeft(read)) {
      return read;
    }
  }
  const after = tarPadding(member) + (slot === undefined ? member.bytes : 0);
  return (await skip(reader, after, scratch)) === after
    ? E.right(null)
    : E.left(fileFault('Truncated', path, `${member.bytes} bytes`, 'the end of the archive'));
};

/** Fills the slots from the members of those names of a tar.gz, in whatever order they come. */
export const readBatchArchive = (path: string, slots: Slots): TE.TaskEither<DataError, null> =>
  readFileWith(path, async (reader) => {
    const header = new Uint8Array(tarBlockBytes);
    const scratch = new Uint8Array(1 << 16);
    const missing = new Set(slots.keys());
    for (;;) {
      if ((await reader.read(header)) < tarBlockBytes) {
        return E.left(fileFault('Truncated', path, 'the block that ends a tar archive', 'the end of the file'));
      }
      const member = parseTarHeader(header);
      if (E.isLeft(member)) {
        return E.left(fileFault('BadArchive', path, 'a tar archive', member.left));
      }
      if (member.right === null) {
        break;
      }
      const name = basename(member.right.name);
      const slot = member.right.isFile ? slots.get(name) : undefined;
      const read = await readMember(reader, member.right, slot, scratch);
      if (E.isLeft(read)) {
        return read;
      }
      if (slot !== undefined) {
        missing.delete(name);
      }
    }
    // to the end of the gzip stream, where its own checksum is verified
    await skip(reader, Number.POSITIVE_INFINITY, scratch);
    return missing.size === 0
      ? E.right(null)
      : E.left(
          fileFault(
            'BadArchive',
            path,
            `members ${[...slots.keys()].join(', ')}`,
            `none named ${[...missing].join(', ')}`,
          ),
        );
  });
