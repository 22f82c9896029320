/** FashionMNIST: 60 000 + 10 000 pictures of clothes (Xiao, Rasul, Vollgraf 2017), in MNIST's form. */
import { idxDataset } from './idxDataset.js';
import type { FileSet, Loader } from './locate.js';
import { standardise } from './normalise.js';

/** The official files; checksums as TensorFlow Datasets publishes them. */
export const fashionFiles: FileSet = {
  name: 'FashionMNIST',
  subfolders: ['fashion-mnist', 'FashionMNIST/raw', 'fashion'],
  systemFolders: ['/usr/share/datasets/fashion-mnist'],
  packages: [],
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  ],
  official: [
    {
      name: 'train-images-idx3-ubyte.gz',
      sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    },
    { name: 't10k-images-idx3-ubyte.gz', sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073' },
    { name: 't10k-labels-idx1-ubyte.gz', sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5' },
  ],
  hint: '; on Debian: apt install dataset-fashion-mnist',
};

/** Each image − its mean, ÷ its standard deviation: inputs [1, 28, 28], labels 0 … 9. */
export const fashion: Loader = idxDataset({ files: fashionFiles, normalise: standardise, inputShape: [1, 28, 28] });
