/** Damaged data files (IDX, CIFAR-10 as files and as archives, plain and compressed): refused in one line, or a whole data set. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import { cifar10Files, cifarDataset } from '../../../examples/data/cifar10.js';
import { showDataError } from '../../../examples/data/error.js';
import { idxDataset } from '../../../examples/data/idxDataset.js';
import type { Loader } from '../../../examples/data/locate.js';
import { mnistFiles } from '../../../examples/data/mnist.js';
import { byLargestByte } from '../../../examples/data/normalise.js';
import { checkDataset } from '../../../optim/index.js';
import { optionsFor, smallIdxSet, write } from '../../examples/data/files.js';
import type { Fuzzer } from '../fuzzer.js';
import { type Choices, choicesOf, damagedBytes, judge } from './case.js';

const nowhere = { systemFolders: [], packages: [], mirrors: ['http://127.0.0.1:1/'] } as const;
const idxLoader = idxDataset({ files: { ...mnistFiles, ...nowhere }, normalise: byLargestByte, inputShape: [784] });
const images = 2;
const cifarLoader = cifarDataset({ ...cifar10Files, ...nowhere }, images);

const cifarFolder = 'cifar-10-batches-bin';
const recordBytes = 1 + 3 * 1024;

const records = (file: number): Uint8Array =>
  Uint8Array.from({ length: images * recordBytes }, (_, at) =>
    at % recordBytes === 0 ? file + 1 : (at * 31 + file) % 256,
  );

const cifarFiles: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries([0, 1, 2, 3, 4].map((file) => [`data_batch_${file + 1}.bin`, records(file)])),
  'test_batch.bin': records(5),
};

const blockBytes = 512;

/** An archive as POSIX ustar has it. */
const tar = (files: Readonly<Record<string, Uint8Array>>): Uint8Array => {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(blockBytes);
    header.write(`${cifarFolder}/${name}`, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0) - 0x30 + 0;
    header.write(`${sum.toString(8).padStart(6, '0')}\0 0`, 148);
    return [header, bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
};

/** One of some files damaged. */
const oneDamaged = (files: Readonly<Record<string, Uint8Array>>, choices: Choices) => {
  const [name, bytes] = choices.of(Object.entries(files));
  const damaged = damagedBytes(bytes, choices);
  return { files: { ...files, [name]: damaged.bytes }, how: `${name}: ${damaged.how}` };
};

const zipped = (files: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));

/** What is read, where, and how it was damaged. */
interface DataCase {
  readonly loader: Loader;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly within: string;
  readonly how: string;
}

const caseOf = (choices: Choices): DataCase => {
  const idx = smallIdxSet(4, 2);
  const idxCase = (files: DataCase['files'], how: string): DataCase => ({ loader: idxLoader, files, within: '', how });
  const cifarCase = (files: DataCase['files'], within: string, how: string): DataCase => ({
    loader: cifarLoader,
    files,
    within,
    how,
  });
  return choices.of<() => DataCase>([
    () => {
      const { files, how } = oneDamaged(idx, choices);
      return idxCase(files, `IDX, ${how}`);
    },
    () => {
      const { files, how } = oneDamaged(idx, choices);
      return idxCase(zipped(files), `IDX, damaged, then compressed, ${how}`);
    },
    () => {
      const { files, how } = oneDamaged(zipped(idx), choices);
      return idxCase(files, `IDX, compressed, then damaged, ${how}`);
    },
    () => {
      const { files, how } = oneDamaged(cifarFiles, choices);
      return cifarCase(files, cifarFolder, `CIFAR-10, ${how}`);
    },
    () => {
      const { files, how } = oneDamaged({ 'cifar-10-binary.tar.gz': tar(cifarFiles) }, choices);
      return cifarCase(
        Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, gzipSync(bytes)])),
        '',
        `CIFAR-10 archive, damaged, then compressed, ${how}`,
      );
    },
    () => {
      const { files, how } = oneDamaged({ 'cifar-10-binary.tar.gz': gzipSync(tar(cifarFiles)) }, choices);
      return cifarCase(files, '', `CIFAR-10 archive, compressed, then damaged, ${how}`);
    },
  ])();
};

/** The fuzzer of data files. */
export const data: Fuzzer = {
  name: 'malformed-data',
  run: async (seed) => {
    const { loader, files, within, how } = caseOf(choicesOf(seed));
    const folder = await mkdtemp(join(tmpdir(), 'sgn-fuzz-'));
    try {
      await mkdir(join(folder, within), { recursive: true });
      write(join(folder, within), files);
      return await judge(how, true, async () => {
        const loaded = await loader(optionsFor(folder, join(folder, 'cache')))();
        if (E.isLeft(loaded)) return E.left(showDataError(loaded.left));
        const { train, test } = loaded.right;
        const labelled = [train, test].every(({ targets }) =>
          targets.every((label) => Number.isInteger(label) && label >= 0 && label < 10),
        );
        if (E.isLeft(checkDataset(loaded.right)) || !labelled) throw new Error('what was read is no data set');
        return loaded;
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
