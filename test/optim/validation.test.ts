import { expect } from 'chai';
import fc from 'fast-check';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { type EpochRecord, holdOut, keptEpoch, keptTheta, readVector, type Split, train } from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { countingDataset, recorder, startOf, watched } from './recording.js';

const inputsOf = ({ inputs }: Split): readonly number[] => Array.from(inputs);

const epochs = (
  values: readonly number[],
  metric: 'validationLoss' | 'validationAccuracy' | 'testLoss',
): readonly EpochRecord[] =>
  values.map((value, i) => ({ epoch: i + 1, trainLoss: 1, [metric]: value, seconds: i, stepSize: 1 }));

describe('held-out samples', () => {
  it('divide the training samples, every input with its target, and leave the test samples alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (samples, seed) => {
        const { dataset, validation } = holdOut(countingDataset, samples, seed);
        if (validation === undefined) throw new Error('some were asked for');
        expect([validation.count, dataset.train.count]).to.deep.equal([samples, 10 - samples]);
        const all = [...inputsOf(validation), ...inputsOf(dataset.train)];
        expect(all.toSorted((a, b) => a - b)).to.deep.equal(inputsOf(countingDataset.train));
        for (const { inputs, targets } of [validation, dataset.train])
          expect(Array.from(targets)).to.deep.equal(Array.from(inputs, (x) => x + 100));
        expect(dataset.test).to.equal(countingDataset.test);
      }),
    );
  });

  it('are chosen by the seed', () => {
    const chosen = [1, 1, 2].map((seed) => {
      const { validation } = holdOut(countingDataset, 5, seed);
      return validation === undefined ? [] : inputsOf(validation);
    });
    expect(chosen[0]).to.deep.equal(chosen[1]);
    expect(chosen[0]).not.to.deep.equal(chosen[2]);
  });

  it('are none where none are asked for', () => {
    expect(holdOut(countingDataset, undefined, 0)).to.deep.equal({ dataset: countingDataset });
  });
});

describe('the epoch that is kept', () => {
  it('is the first of the best on the held-out samples: least loss, largest accuracy', () => {
    expect(keptEpoch(epochs([3, 1, 2, 1], 'validationLoss'))?.epoch).to.equal(2);
    expect(keptEpoch(epochs([0.3, 0.5, 0.5, 0.4], 'validationAccuracy'))?.epoch).to.equal(2);
  });

  it('is the last where none are held out, however good the test was before', () => {
    expect(keptEpoch(epochs([1, 3, 2], 'testLoss'))?.epoch).to.equal(3);
    expect(keptEpoch([])).to.equal(undefined);
  });
});

/** A training whose loss on the held-out samples is `losses`, epoch by epoch; θ = [steps so far]. */
const validated = (losses: readonly number[]) => {
  const counting = recorder();
  const { validation } = holdOut(countingDataset, 2, 0);
  let measured = 0;
  return watched(
    {
      epochs: losses.length,
      ...(validation === undefined ? {} : { validation }),
      evaluate: (_, split) => TE.right(split.count === 2 ? (losses[measured++] ?? Number.NaN) : 0.25),
    },
    {
      ...counting,
      optimizer: {
        ...counting.optimizer,
        step: (state, batch) => {
          const theta = Float32Array.of(state.step + 1);
          return counting.optimizer.step({ ...state, theta }, batch);
        },
      },
    },
  );
};

describe('a run with held-out samples', () => {
  it('keeps the parameters of the best epoch and trains on', async () => {
    const { training, records } = validated([3, 1, 2]);
    const { progress } = rightOf(await train(training, startOf())());
    expect(records.map(({ validationLoss, testLoss }) => [validationLoss, testLoss])).to.deep.equal([
      [3, 0.25],
      [1, 0.25],
      [2, 0.25],
    ]);
    expect(progress.state.theta).to.deep.equal(Float32Array.of(9));
    expect(rightOf(await readVector(keptTheta(progress))())).to.deep.equal(Float32Array.of(6));
  });

  it('goes on from what it reached with the best that it had', async () => {
    const first = rightOf(await train(validated([1, 3]).training, startOf())());
    const resumed = rightOf(await train({ ...validated([2, 3]).training, epochs: 4 }, first.progress)());
    expect(resumed.progress.best).to.deep.equal(Float32Array.of(3));
    expect(resumed.progress.history).to.have.length(4);
  });

  it('ends where the measurement is not finite', async () => {
    const failed = leftOf(await train(validated([1, Number.NaN]).training, startOf())());
    expect(failed).to.have.nested.property('error.quantity', 'the validation loss');
    expect(failed._tag === 'RunFailed' ? failed.progress.best : undefined).to.deep.equal(Float32Array.of(3));
  });
});
