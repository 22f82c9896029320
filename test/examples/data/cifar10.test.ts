import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { cifar10, cifar10Files, cifarDataset } from '../../../examples/data/cifar10.js';
import { showDataError } from '../../../examples/data/error.js';
import type { Split } from '../../../optim/dataset.js';
import { expectDataset, optionsFor, tagOf, withFolder, write } from './files.js';

const imagesPerFile = 3;
const plane = 1024;
const loader = cifarDataset({ ...cifar10Files, systemFolders: [], mirrors: ['http://127.0.0.1:1/'] }, imagesPerFile);

const label = (file: number, image: number): number => (3 * file + image) % 10;
const pixel = (file: number, image: number, at: number): number => (at * at + 17 * at + 91 * image + 53 * file) % 256;

/** The file number `file` (5 is test): images with known pixels. */
const batch = (file: number, images = imagesPerFile): Buffer =>
  Buffer.concat(
    Array.from({ length: images }, (_, image) =>
      Buffer.from([label(file, image), ...Array.from({ length: 3 * plane }, (_, at) => pixel(file, image, at))]),
    ),
  );

const folderName = 'cifar-10-batches-bin';
const allFiles: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries([0, 1, 2, 3, 4].map((file) => [`data_batch_${file + 1}.bin`, batch(file)])),
  'test_batch.bin': batch(5),
  'batches.meta.txt': Buffer.from('airplane\n'),
};

const without = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(allFiles).filter(([name]) => !names.includes(name)));

/** The files in a folder of the official name. */
const load = (files: Readonly<Record<string, Uint8Array>>) =>
  withFolder(async (folder) => {
    mkdirSync(join(folder, folderName));
    write(join(folder, folderName), files);
    return loader(optionsFor(folder, folder))();
  });

/** The same, packed by the system's tar. */
const pack = (files: Readonly<Record<string, Uint8Array>>, format: string): Promise<Buffer> =>
  withFolder(async (folder) => {
    mkdirSync(join(folder, folderName));
    write(join(folder, folderName), files);
    execFileSync('tar', [`--format=${format}`, '-czf', 'packed.tar.gz', folderName], { cwd: folder });
    return readFileSync(join(folder, 'packed.tar.gz'));
  });

const loadArchive = (archive: Uint8Array) =>
  withFolder(async (folder) => {
    write(folder, { 'cifar-10-binary.tar.gz': archive });
    return loader(optionsFor(folder, folder))();
  });

/** The definition: each channel − mean, ÷ standard deviation. */
const standardised = (values: readonly number[]): readonly number[] => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (x - mean) / std);
};

const expectRows = (split: Split, files: readonly number[]): void => {
  expect(split.count).to.equal(files.length * imagesPerFile);
  expect(split.inputShape).to.deep.equal([3, 32, 32]);
  for (let row = 0; row < split.count; row++) {
    const [file, image] = [files[Math.floor(row / imagesPerFile)] ?? -1, row % imagesPerFile];
    expect(split.targets[row]).to.equal(label(file, image));
    for (let channel = 0; channel < 3; channel++) {
      const expected = standardised(Array.from({ length: plane }, (_, at) => pixel(file, image, channel * plane + at)));
      const from = (row * 3 + channel) * plane;
      const actual = split.inputs.subarray(from, from + plane);
      const worst = Math.max(...expected.map((x, at) => Math.abs(x - (actual[at] ?? Number.NaN))));
      expect(worst).to.be.lessThan(1e-6);
    }
  }
};

describe('CIFAR-10', () => {
  it('reads the extracted folder, each channel of each image standardised', async () => {
    const dataset = expectDataset(await load(allFiles));
    expectRows(dataset.train, [0, 1, 2, 3, 4]);
    expectRows(dataset.test, [5]);
    expect(dataset.notes?.length).to.equal(1);
  });

  for (const format of ['ustar', 'pax']) {
    it(`reads the tar.gz (${format}) to the same rows`, async () => {
      const dataset = expectDataset(await loadArchive(await pack(allFiles, format)));
      expectRows(dataset.train, [0, 1, 2, 3, 4]);
      expectRows(dataset.test, [5]);
    });
  }

  it('accepts a part of the train files and says so', async () => {
    const dataset = expectDataset(await load(without('data_batch_1.bin', 'data_batch_3.bin', 'data_batch_5.bin')));
    expectRows(dataset.train, [1, 3]);
    expect(dataset.notes?.[0]).to.equal(
      'this is a part of CIFAR-10: 6 of its 15 train images (data_batch_2.bin, data_batch_4.bin)',
    );
  });

  const badLabel = Buffer.from(batch(1));
  badLabel[3073] = 10;
  const faults: readonly (readonly [string, string, Readonly<Record<string, Uint8Array>>, RegExp])[] = [
    ['a missing test file', 'FilesMissing', without('test_batch.bin'), /lacks test_batch\.bin/],
    ['no train file', 'FilesMissing', { 'test_batch.bin': batch(5) }, /lacks data_batch_1\.bin/],
    [
      'a file cut short',
      'Truncated',
      { ...allFiles, 'data_batch_4.bin': batch(3).subarray(0, 7000) },
      /data_batch_4\.bin: expected 3 records of 3073 bytes, got 2;/,
    ],
    ['a longer file', 'TrailingData', { ...allFiles, 'test_batch.bin': batch(5, 4) }, /more bytes/],
    ['a label of 10', 'BadLabel', { ...allFiles, 'data_batch_2.bin': badLabel }, /0 to 9, got 10 in row 1/],
  ];
  for (const [what, tag, files, message] of faults) {
    it(`names ${what}: ${tag}`, async () => {
      const result = await load(files);
      expect(tagOf(result)).to.equal(tag);
      expect(E.isLeft(result) && showDataError(result.left)).to.match(message);
    });
  }

  const archiveFaults: readonly (readonly [string, string, () => Promise<Uint8Array>, RegExp])[] = [
    [
      'an archive without one file',
      'BadArchive',
      () => pack(without('data_batch_3.bin'), 'ustar'),
      /none named data_batch_3\.bin/,
    ],
    [
      'an archive with a short file',
      'Truncated',
      () => pack({ ...allFiles, 'data_batch_3.bin': batch(2, 2) }, 'ustar'),
      /cifar-10-binary\.tar\.gz:.*data_batch_3\.bin: expected 9219 bytes, got 6146/,
    ],
    [
      'an archive with a label of 10',
      'BadLabel',
      () => pack({ ...allFiles, 'data_batch_2.bin': badLabel }, 'ustar'),
      /data_batch_2\.bin: .* row 1/,
    ],
    [
      'an archive whose compressed stream is cut short',
      'Truncated',
      async () => (await pack(allFiles, 'ustar')).subarray(0, -30),
      /gzip/,
    ],
    [
      'an archive whose tar is cut short',
      'Truncated',
      async () => gzipSync(gunzipSync(await pack(allFiles, 'ustar')).subarray(0, 20_000)),
      /records of 3073 bytes/,
    ],
    [
      'an archive without its end',
      'Truncated',
      async () => gzipSync(gunzipSync(await pack({ 'a.txt': Buffer.from('a') }, 'ustar')).subarray(0, 1536)),
      /block that ends/,
    ],
    [
      'a compressed file that is no tar',
      'BadArchive',
      async () => gzipSync(Buffer.alloc(5000, 7)),
      /a header with a wrong checksum/,
    ],
    ['a file that is not compressed', 'BadCompression', async () => batch(0), /incorrect header/],
  ];
  for (const [what, tag, archive, message] of archiveFaults) {
    it(`names ${what}: ${tag}`, async () => {
      const result = await loadArchive(await archive());
      expect(tagOf(result)).to.equal(tag);
      expect(E.isLeft(result) && showDataError(result.left)).to.match(message);
    });
  }

  it('explains itself where there is neither a file nor a network', async () => {
    await withFolder(async (folder) => {
      const result = await loader(optionsFor(undefined, folder))();
      expect(E.isLeft(result) && showDataError(result.left)).to.match(
        /^CIFAR-10 is not on this machine and cannot be downloaded .*put cifar-10-binary\.tar\.gz into .*cifar-10, or/,
      );
      expect(existsSync(join(folder, 'cifar-10')) ? readdirSync(join(folder, 'cifar-10')) : []).to.deep.equal([]);
    });
  });

  it('reads the full-sized files beside this checkout', async function () {
    const shared = resolve('../shared/data');
    if (!existsSync(join(shared, folderName))) {
      this.skip();
    }
    const { train, test } = expectDataset(await withFolder((cache) => cifar10(optionsFor(shared, cache))()));
    const files = readdirSync(join(shared, folderName)).filter((name) => name.startsWith('data_batch'));
    expect([train.count, test.count]).to.deep.equal([10_000 * files.length, 10_000]);
    // the test part has 1000 images of each class
    const counts = test.targets.reduce<number[]>(
      (sums, target) => sums.with(target, (sums[target] ?? 0) + 1),
      new Array(10).fill(0),
    );
    expect(counts).to.deep.equal(new Array(10).fill(1000));
    const bytes = readFileSync(join(shared, folderName, 'test_batch.bin'));
    for (const row of [0, 682, 683, 9_999]) {
      const record = bytes.subarray(row * 3073, (row + 1) * 3073);
      expect(test.targets[row]).to.equal(record[0]);
      const blue = standardised(Array.from(record.subarray(1 + 2 * plane)));
      const actual = test.inputs.subarray((3 * row + 2) * plane, (3 * row + 3) * plane);
      expect(Math.max(...blue.map((x, at) => Math.abs(x - (actual[at] ?? Number.NaN))))).to.be.lessThan(1e-5);
    }
  });
});
