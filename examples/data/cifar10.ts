/** CIFAR-10: 50 000 + 10 000 colour pictures of ten kinds of things (Krizhevsky 2009), in the binary version. */
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { checkDataset, type Dataset, type Split } from '../../optim/dataset.js';
import { allocateSlot, readBatchArchive, readBatchFiles, type Slot, slotPart } from './cifarBatches.js';
import type { DataError } from './error.js';
import { type FileSet, type Inspect, type Loader, locate } from './locate.js';

const trainFiles = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const testFile = 'test_batch.bin';
const archive = 'cifar-10-binary.tar.gz';

/** The official archive; its checksum as TensorFlow Datasets publishes it. */
export const cifar10Files: FileSet = {
  name: 'CIFAR-10',
  subfolders: ['cifar-10', 'cifar-10-batches-bin', 'cifar-10/cifar-10-batches-bin', 'cifar10'],
  systemFolders: ['/usr/share/datasets/cifar-10', '/usr/share/datasets/cifar-10/cifar-10-batches-bin'],
  packages: [],
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
  official: [{ name: archive, sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd' }],
  hint: '; the extracted folder cifar-10-batches-bin, or a part of it, serves as well',
};

/** Where the batches are: some of the files in a folder, or all of them in the archive. */
type Batches =
  | { readonly _tag: 'Files'; readonly folder: string; readonly train: readonly string[] }
  | { readonly _tag: 'Archive'; readonly path: string; readonly train: readonly string[] };

const inspect: Inspect<Batches> = (folder, names) => {
  const train = trainFiles.filter((name) => names.has(name));
  if (train.length === 0 && !names.has(testFile)) {
    return E.right(names.has(archive) ? { _tag: 'Archive', path: join(folder, archive), train: trainFiles } : null);
  }
  const missing = [...(train.length === 0 ? trainFiles.slice(0, 1) : []), ...(names.has(testFile) ? [] : [testFile])];
  return missing.length === 0
    ? E.right({ _tag: 'Files', folder, train })
    : E.left({ _tag: 'FilesMissing', dataset: cifar10Files.name, folder, expected: missing });
};

const split = ({ inputs, targets }: Slot): Split => ({
  count: targets.length,
  inputs,
  inputShape: [3, 32, 32],
  targets,
  targetShape: [],
});

const partialNote = (batches: Batches, imagesPerFile: number): readonly string[] =>
  batches.train.length === trainFiles.length
    ? []
    : [
        `this is a part of CIFAR-10: ${batches.train.length * imagesPerFile} of its ${trainFiles.length * imagesPerFile} train images (${batches.train.join(', ')})`,
      ];

const read = (batches: Batches, imagesPerFile: number, notes: readonly string[]): TE.TaskEither<DataError, Dataset> => {
  const train = allocateSlot(batches.train.length * imagesPerFile);
  const test = allocateSlot(imagesPerFile);
  const slots = new Map([
    ...batches.train.map((name, i) => [name, slotPart(train, i * imagesPerFile, imagesPerFile)] as const),
    [testFile, test] as const,
  ]);
  return pipe(
    batches._tag === 'Files' ? readBatchFiles(batches.folder, slots) : readBatchArchive(batches.path, slots),
    TE.flatMapEither(() =>
      checkDataset({
        name: cifar10Files.name,
        train: split(train),
        test: split(test),
        notes: [...partialNote(batches, imagesPerFile), ...notes],
      }),
    ),
  );
};

/** The loader for files of `imagesPerFile` records (10 000 in the official ones), looked for as `files` says. */
export const cifarDataset =
  (files: FileSet, imagesPerFile: number): Loader =>
  (options) =>
    pipe(
      locate(files, options, inspect),
      TE.flatMap((found) => read(found.files, imagesPerFile, found.notes)),
    );

/** Each channel of each image − its mean, ÷ its standard deviation: inputs [3, 32, 32], labels 0 … 9. */
export const cifar10: Loader = cifarDataset(cifar10Files, 10_000);
