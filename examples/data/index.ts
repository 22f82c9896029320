/** The data sets of the paper, ready for its networks. */
export { boston } from './boston.js';
export { cifar10 } from './cifar10.js';
export type { DownloadProgress, OnProgress } from './download.js';
export { type DataError, showDataError } from './error.js';
export { fashion } from './fashion.js';
export { type DataOptions, dataOptions, type Loader } from './locate.js';
export { mnist } from './mnist.js';
export { fastSine, sine, sineDataset } from './sine.js';
