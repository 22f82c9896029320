import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  type Batch,
  type Optimizer,
  type OptimizerState,
  outcomeOf,
  showRunFailure,
  type Training,
  train,
} from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { countingDataset, recorder, startOf, watched } from './recording.js';

const rowsOf = (batches: readonly Batch[]): readonly number[] => batches.flatMap(({ inputs }) => Array.from(inputs));

describe('training', () => {
  it('goes through every sample once per epoch, in consecutive batches, the last one smaller', async () => {
    const { training, batches, steps } = watched();
    await train(training, startOf())();
    expect(batches.map(({ count }) => count)).to.deep.equal([4, 4, 2, 4, 4, 2]);
    const all = Array.from(countingDataset.train.inputs);
    for (const epoch of [batches.slice(0, 3), batches.slice(3)])
      expect(rowsOf(epoch).toSorted((a, b) => a - b)).to.deep.equal(all);
    expect(steps).to.deep.equal([
      [1, 3],
      [2, 3],
      [3, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('keeps every input with its target', async () => {
    const { training, batches } = watched();
    await train(training, startOf())();
    for (const { inputs, targets } of batches)
      expect(Array.from(targets)).to.deep.equal(Array.from(inputs, (x) => x + 100));
  });

  it('shuffles anew every epoch, the same way for the same seed', async () => {
    const runs = [watched(), watched(), watched()];
    for (const [i, { training }] of runs.entries()) await train(training, startOf(i < 2 ? 1 : 2))();
    const orders = runs.map(({ batches }) => rowsOf(batches));
    expect(orders[0]).to.deep.equal(orders[1]);
    expect(orders[0]).not.to.deep.equal(orders[2]);
    expect(orders[0]?.slice(0, 10)).not.to.deep.equal(orders[0]?.slice(10));
  });

  it('records the mean loss before the steps, the last step, and the measurement, by the name of the metric', async () => {
    const { training, records } = watched();
    const result = rightOf(await train(training, startOf())());
    const trainLoss = 45 / 3;
    expect(records).to.deep.equal([
      { epoch: 1, trainLoss, testLoss: 0.25, seconds: 0, stepSize: 3, rho: 30 },
      { epoch: 2, trainLoss, testLoss: 0.25, seconds: 0, stepSize: 6, rho: 60 },
    ]);
    expect(result.progress.history).to.deep.equal(records);
    expect(result.ending).to.deep.equal({ _tag: 'Epochs' });
    const classified = watched({ metric: 'accuracy', epochs: 1 });
    await train(classified.training, startOf())();
    expect(classified.records[0]).to.include({ testAccuracy: 0.25 }).and.not.to.have.property('testLoss');
  });

  it('counts the time of steps, not of measurements, and ends with the first step past the limit', async () => {
    let now = 0;
    const timed = recorder();
    const optimizer: Optimizer<OptimizerState> = {
      ...timed.optimizer,
      step: (state, batch) => {
        now += 1000;
        return timed.optimizer.step(state, batch);
      },
    };
    const { training, records } = watched(
      {
        clock: () => now,
        evaluate: () => {
          now += 50_000;
          return TE.right(0.5);
        },
        seconds: 4.5,
        epochs: 100,
      },
      { ...timed, optimizer },
    );
    const { ending, progress } = rightOf(await train(training, startOf())());
    expect(ending).to.deep.equal({ _tag: 'Seconds' });
    expect(records.map(({ epoch, seconds }) => [epoch, seconds])).to.deep.equal([
      [1, 3],
      [1 + 2 / 3, 5],
    ]);
    expect(progress.state.step).to.equal(5);
  });

  it('ends after the step in which it is interrupted, with what it reached measured', async () => {
    let steps = 0;
    const { training, records } = watched({
      interrupted: () => steps >= 4,
      onStep: () => () => {
        steps++;
      },
    });
    const { ending, progress } = rightOf(await train(training, startOf())());
    expect(ending).to.deep.equal({ _tag: 'Interrupted' });
    expect(progress.state.step).to.equal(4);
    expect(records.map(({ epoch }) => epoch)).to.deep.equal([1, 1 + 1 / 3]);
  });

  it('ends with a failed step and keeps the last good state and the history', async () => {
    const { training } = watched({}, recorder({ fails: (step) => step === 5 }));
    const failed = leftOf(await train(training, startOf())());
    expect(failed).to.deep.include({
      _tag: 'RunFailed',
      error: { _tag: 'NonFiniteError', step: 5, quantity: 'the loss L(θ)', value: Number.NaN },
    });
    // nothing that was reached is lost
    const { progress } = failed._tag === 'RunFailed' ? failed : expect.fail('refused');
    expect(progress.state.step).to.equal(4);
    expect(progress.history).to.have.length(1);
    expect(outcomeOf(E.left(failed))).to.deep.equal(
      E.right({ progress, ending: { _tag: 'Failed', error: failed.error } }),
    );
    expect(showRunFailure(failed)).to.equal('step 5: the loss L(θ) is NaN; what was reached before is kept');
  });

  const { train: rows } = countingDataset;
  const spoilt = (values: Float32Array) => values.map((value, i) => (i === 3 ? Number.NaN : value));
  const wrong: readonly (readonly [Partial<Training<OptimizerState>>, string])[] = [
    [{ batchSize: 0 }, 'batchSize: expected a whole number from 1, got 0'],
    [{ batchSize: -4 }, 'batchSize: expected a whole number from 1, got -4'],
    [{ batchSize: 2.5 }, 'batchSize: expected a whole number from 1, got 2.5'],
    [{ batchSize: Number.NaN }, 'batchSize: expected a whole number from 1, got NaN'],
    [{ batchSize: 11 }, 'batchSize: 11 is more than the 10 training samples; choose at most 10'],
    [{ epochs: 0 }, 'epochs: expected a whole number from 1 or Infinity, got 0'],
    [{ epochs: 1.5 }, 'epochs: expected a whole number from 1 or Infinity, got 1.5'],
    [{ seconds: Number.NaN }, 'seconds: expected more than 0, got NaN'],
    [
      { dataset: { ...countingDataset, train: { ...rows, count: 9 } } },
      'dataset: numbers, train: expected 9 × [1] = 9 numbers as inputs, got 10',
    ],
    [
      { dataset: { ...countingDataset, test: { ...rows, count: 0, inputs: rows.inputs.slice(0, 0) } } },
      'dataset: numbers, test: expected at least one row, got count 0',
    ],
    [
      { dataset: { ...countingDataset, train: { ...rows, inputs: spoilt(rows.inputs) } } },
      'dataset: numbers, train: expected finite numbers as inputs, got NaN in row 3',
    ],
    [
      { dataset: { ...countingDataset, test: { ...rows, targets: spoilt(rows.targets) } } },
      'dataset: numbers, test: expected finite numbers as targets, got NaN in row 3',
    ],
    [
      { validation: { ...rows, inputs: spoilt(rows.inputs) } },
      'dataset: numbers, validation: expected finite numbers as inputs, got NaN in row 3',
    ],
  ];
  for (const [given, message] of wrong)
    it(`is refused before its first step: ${message}`, async () => {
      const { training, batches } = watched(given);
      const refused = leftOf(await train(training, startOf())());
      expect([refused._tag, showRunFailure(refused)]).to.deep.equal(['RunRefused', message]);
      expect(batches).to.deep.equal([]);
    });

  it('counts the rejected steps of an epoch, and those that were taken back', async () => {
    const plain = recorder();
    const optimizer: Optimizer<OptimizerState> = {
      ...plain.optimizer,
      step: (state, batch) =>
        pipe(
          plain.optimizer.step(state, batch),
          TE.map((stepped) => {
            const { step } = stepped.report;
            const told = {
              ...(step < 3 ? { rejected: true as const } : {}),
              ...(step === 2 ? { withdrawn: true as const } : {}),
            };
            return { ...stepped, report: { ...stepped.report, ...told } };
          }),
        ),
    };
    const { training, records } = watched({}, { ...plain, optimizer });
    rightOf(await train(training, startOf())());
    expect(records.map(({ rejected }) => rejected)).to.deep.equal([3, undefined]);
  });

  it('refuses a measurement that is not finite', async () => {
    const { training } = watched({ evaluate: () => TE.right(Number.NaN) });
    expect(leftOf(await train(training, startOf())())).to.have.nested.property('error.quantity', 'the test loss');
  });

  it('goes on from what an earlier run reached as if it had never stopped', async () => {
    const whole = watched({ epochs: 3 });
    const uninterrupted = rightOf(await train(whole.training, startOf())());
    const [first, second] = [watched({ epochs: 1 }), watched({ epochs: 3 })];
    const halfway = rightOf(await train(first.training, startOf())());
    const resumed = rightOf(await train(second.training, halfway.progress)());
    expect(resumed.progress).to.deep.equal(uninterrupted.progress);
    expect([...rowsOf(first.batches), ...rowsOf(second.batches)]).to.deep.equal(rowsOf(whole.batches));
  });

  it('takes no further step where an earlier run has used the seconds up', async () => {
    const earlier = { ...startOf(), seconds: 7 };
    const { training, records } = watched({ seconds: 7 });
    expect(await train(training, earlier)()).to.deep.equal(E.right({ progress: earlier, ending: { _tag: 'Seconds' } }));
    expect(records).to.deep.equal([]);
  });

  it('lets other events happen between steps', async () => {
    let events = 0;
    const timer = setInterval(() => {
      events++;
    }, 0);
    const slow = recorder();
    const optimizer: Optimizer<OptimizerState> = {
      ...slow.optimizer,
      step: (state, batch) => {
        const until = performance.now() + 5;
        while (performance.now() < until);
        return slow.optimizer.step(state, batch);
      },
    };
    await train(watched({ epochs: 3 }, { ...slow, optimizer }).training, startOf())();
    clearInterval(timer);
    expect(events).to.be.at.least(3);
  });
});
