/** Small made data files in temporary folders. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import { type DataError, showDataError } from '../../../examples/data/error.js';
import type { DataOptions } from '../../../examples/data/locate.js';
import type { Dataset } from '../../../optim/dataset.js';

/** Runs `use` with a new folder, which is removed afterwards. */
export const withFolder = async <A>(use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), 'sgn-data-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Options that look into `folder` and keep an own cache in it. */
export const optionsFor = (folder: string | undefined, cache: string): DataOptions => ({
  folder,
  cache,
  onProgress: () => undefined,
});

/** An IDX file of unsigned bytes: [count, …rowShape]. */
export const idx = (count: number, rowShape: readonly number[], bytes: readonly number[]): Buffer => {
  const header = Buffer.alloc(8 + 4 * rowShape.length);
  [0x0801 + rowShape.length, count, ...rowShape].forEach((word, i) => {
    header.writeUInt32BE(word, 4 * i);
  });
  return Buffer.concat([header, Buffer.from(bytes)]);
};

/** `count` images of 28 × 28; pixel p of image i is (31 i + 7 p) mod 256. */
export const images = (count: number): Buffer =>
  idx(
    count,
    [28, 28],
    Array.from({ length: count * 784 }, (_, at) => (31 * Math.floor(at / 784) + 7 * (at % 784)) % 256),
  );

/** `count` labels 3, 4, …, 9, 0, 1, … */
export const labels = (count: number): Buffer =>
  idx(
    count,
    [],
    Array.from({ length: count }, (_, i) => (i + 3) % 10),
  );

/** The four files of a small set in MNIST's form. */
export const smallIdxSet = (trainRows: number, testRows: number): Readonly<Record<string, Buffer>> => ({
  'train-images-idx3-ubyte': images(trainRows),
  'train-labels-idx1-ubyte': labels(trainRows),
  't10k-images-idx3-ubyte': images(testRows),
  't10k-labels-idx1-ubyte': labels(testRows),
});

/** Writes files into a folder. */
export const write = (folder: string, files: Readonly<Record<string, Uint8Array>>): void => {
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(folder, name), bytes);
  }
};

/** The same files, compressed. */
export const gzipped = (files: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, Buffer>> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));

/** The data set, or a failure that shows the error. */
export const expectDataset = (result: E.Either<DataError, Dataset>): Dataset => {
  if (E.isLeft(result)) {
    throw new Error(showDataError(result.left));
  }
  return result.right;
};

/** The error's tag, or `loaded`. */
export const tagOf = (result: E.Either<DataError, unknown>): string => (E.isLeft(result) ? result.left._tag : 'loaded');
