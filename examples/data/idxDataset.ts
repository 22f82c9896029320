/** Data sets in MNIST's form: images and labels of a train and a test part, in four IDX files, plain or gzip. */
import { join } from 'node:path';
import { sequenceS } from 'fp-ts/lib/Apply.js';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { checkDataset, type Dataset, type Split } from '../../optim/dataset.js';
import { type DataError, fileFault } from './error.js';
import { type Rows, readIdxImages, readIdxLabels } from './idx.js';
import { type FileSet, type Inspect, type Loader, locate } from './locate.js';
import type { Normalise } from './normalise.js';

/** A data set of this form, and how its images become inputs. */
export interface IdxDatasetSpec {
  readonly files: FileSet;
  readonly normalise: Normalise;
  /** How the network wants to see the 28 × 28 pixels of one image. */
  readonly inputShape: readonly number[];
}

const imageShape = [28, 28] as const;
const classes = 10;

const partNames = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

type Paths = Readonly<Record<keyof typeof partNames, string>>;

/**
 * How the test labels of the sets that share these file names begin: who put the files of one in the place of another's
 * is told so.
 */
const testLabelsBegin: Readonly<Record<string, string>> = {
  MNIST: '7 2 1 0 4 1 4 9 5 9 0 6',
  FashionMNIST: '9 2 1 1 6 1 4 6 5 7 4 5',
};

/** Each part's path, plain before gzip; null where the folder has none of the parts. */
const inspect =
  (dataset: string): Inspect<Paths> =>
  (folder, names) => {
    const at = (name: string): string | undefined => [name, `${name}.gz`].find((file) => names.has(file));
    const { trainImages, trainLabels, testImages, testLabels } = partNames;
    const [a, b, c, d] = [at(trainImages), at(trainLabels), at(testImages), at(testLabels)];
    if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) {
      return E.right({
        trainImages: join(folder, a),
        trainLabels: join(folder, b),
        testImages: join(folder, c),
        testLabels: join(folder, d),
      });
    }
    const missing = Object.values(partNames).filter((name) => at(name) === undefined);
    return missing.length === Object.values(partNames).length
      ? E.right(null)
      : E.left({ _tag: 'FilesMissing', dataset, folder, expected: missing.map((name) => `${name}[.gz]`) });
  };

const split = (spec: IdxDatasetSpec, images: Rows, labels: Rows, labelsPath: string): E.Either<DataError, Split> =>
  images.count === labels.count
    ? E.right({
        count: images.count,
        inputs: images.values,
        inputShape: spec.inputShape,
        targets: labels.values,
        targetShape: [],
      })
    : E.left(fileFault('CountMismatch', labelsPath, `${images.count} labels, one per image`, `${labels.count}`));

/** The fault, if the test labels are known to be those of another data set. */
const checkIdentity = (dataset: string, labels: Rows, path: string): E.Either<DataError, null> => {
  const found = Array.from(labels.values.subarray(0, 12)).join(' ');
  const other = Object.keys(testLabelsBegin).find((name) => name !== dataset && testLabelsBegin[name] === found);
  return other === undefined
    ? E.right(null)
    : E.left(fileFault('WrongDataset', path, `the labels of ${dataset}`, `those of ${other}`));
};

const readAll = (spec: IdxDatasetSpec, paths: Paths, notes: readonly string[]): TE.TaskEither<DataError, Dataset> =>
  pipe(
    sequenceS(TE.ApplyPar)({
      trainImages: readIdxImages(paths.trainImages, imageShape, spec.normalise),
      trainLabels: readIdxLabels(paths.trainLabels, classes),
      testImages: readIdxImages(paths.testImages, imageShape, spec.normalise),
      testLabels: readIdxLabels(paths.testLabels, classes),
    }),
    TE.flatMapEither(({ trainImages, trainLabels, testImages, testLabels }) =>
      pipe(
        E.Do,
        E.tap(() => checkIdentity(spec.files.name, testLabels, paths.testLabels)),
        E.bind('train', () => split(spec, trainImages, trainLabels, paths.trainLabels)),
        E.bind('test', () => split(spec, testImages, testLabels, paths.testLabels)),
        E.map(({ train, test }): Dataset => ({ name: spec.files.name, train, test, notes })),
        E.flatMap(checkDataset),
      ),
    ),
  );

/** The loader of one data set of this form. */
export const idxDataset =
  (spec: IdxDatasetSpec): Loader =>
  (options) =>
    pipe(
      locate(spec.files, options, inspect(spec.files.name)),
      TE.flatMap(({ files, notes }) => readAll(spec, files, notes)),
    );
