/** Garbage collection when a test says so, instead of when the heap of the whole process happens to be full. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage now; finalizers run in later turns of the event loop. */
export const collect = (): void => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
};
