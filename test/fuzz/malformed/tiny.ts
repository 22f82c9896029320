/** A small run on the interpreter, whose files the fuzzers of malformed input damage. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { initialisers, input, meanSquaredError, mlp } from '../../../dsl/index.js';
import {
  type Dataset,
  parseRunSettings,
  problem,
  type Run,
  run,
  type Snapshot,
  type Start,
  showRunFailure,
} from '../../../optim/index.js';
import { interpreterTarget } from '../../../runtime/index.js';
import { rightOf } from '../../support/evaluation.js';

const x = input('x', ['batch', 2]);

const values = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
const split = {
  count: 8,
  inputs: values,
  inputShape: [2],
  targets: values.slice(0, 8),
  targetShape: [1],
};

/** Eight samples. */
export const tinyData: Dataset = { name: 'tiny data', train: split, test: split };

/** A run of some epochs; validation samples besides. */
export const tinyRun = (epochs: number): Run => ({
  problem: rightOf(
    problem({
      name: 'tiny',
      input: x,
      target: input('y', ['batch', 1]),
      output: mlp(x, { hidden: [3], outputs: 1 }),
      loss: meanSquaredError,
      metric: 'loss',
      initialiser: initialisers.paperMlp,
    }),
  ),
  settings: rightOf(
    parseRunSettings({ batchSize: 3, epochs, validation: 2, target: 'interpreter', sgn: { maxCgIterations: 2 } }),
  ),
  dataset: tinyData,
  target: interpreterTarget,
});

/** Runs from a start; gives the last epoch's snapshot. Left: why the run failed, in one line. */
export const runTiny = async (made: Run, start: Start): Promise<E.Either<string, Snapshot | undefined>> => {
  let last: Snapshot | undefined;
  const ran = await run(
    made,
    {
      clock: () => 0,
      interrupted: () => false,
      onStep: () => () => undefined,
      onEpoch: (_, __, snapshot) => async () => {
        const taken = await snapshot();
        if (E.isRight(taken)) last = taken.right;
      },
    },
    start,
  )();
  return pipe(
    ran,
    E.bimap(showRunFailure, () => last),
  );
};
