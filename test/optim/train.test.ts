import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { random } from '../../dsl/index.js';
import {
  type Batch,
  type Dataset,
  type EpochRecord,
  type Optimizer,
  type OptimizerState,
  type Split,
  type Training,
  train,
} from '../../optim/index.js';

const split = (count: number): Split => ({
  count,
  inputs: Float32Array.from({ length: count }, (_, row) => row),
  inputShape: [1],
  targets: Float32Array.from({ length: count }, (_, row) => 100 + row),
  targetShape: [],
});

const dataset: Dataset = { name: 'numbers', train: split(10), test: split(4) };

/** An optimizer that only remembers what it was given; its loss is the sum of the batch's inputs. */
const recorder = (fails: (step: number) => boolean = () => false) => {
  const batches: Batch[] = [];
  const optimizer: Optimizer<OptimizerState> = {
    init: (theta) => ({ step: 0, theta }),
    prepare: () => TE.right(undefined),
    encode: () => TE.right(null),
    decode: () => E.left({ _tag: 'StateError', field: 'step', problem: 'none' }),
    step: (state, batch) => {
      const step = state.step + 1;
      if (fails(step))
        return TE.left({
          state,
          error: { _tag: 'NonFiniteError', step, quantity: 'the loss L(θ)', value: Number.NaN },
        });
      batches.push({ ...batch, inputs: batch.inputs.slice(), targets: batch.targets.slice() });
      const loss = batch.inputs.reduce((sum, x) => sum + x, 0);
      return TE.right({ state: { ...state, step }, report: { step, loss, stepSize: step, rho: 10 * step } });
    },
  };
  return { optimizer, batches };
};

interface Watched {
  readonly training: Training<OptimizerState>;
  readonly batches: readonly Batch[];
  readonly records: readonly EpochRecord[];
  readonly steps: readonly (readonly [done: number, of: number])[];
}

const watched = (given: Partial<Training<OptimizerState>> = {}, { optimizer, batches } = recorder()): Watched => {
  const records: EpochRecord[] = [];
  const steps: [number, number][] = [];
  const training: Training<OptimizerState> = {
    dataset,
    metric: 'loss',
    optimizer,
    evaluate: () => TE.right(0.25),
    batchSize: 4,
    epochs: 2,
    seconds: Number.POSITIVE_INFINITY,
    clock: () => 0,
    interrupted: () => false,
    onStep: (_, done, of) => () => {
      steps.push([done, of]);
    },
    onEpoch: (record) => async () => {
      records.push(record);
    },
    ...given,
  };
  return { training, batches, records, steps };
};

const start = (seed = 1) => ({
  state: { step: 0, theta: new Float32Array(1) },
  generator: random.generator(seed),
  history: [],
  seconds: 0,
});

const rowsOf = (batches: readonly Batch[]): readonly number[] => batches.flatMap(({ inputs }) => Array.from(inputs));

describe('training', () => {
  it('goes through every sample once per epoch, in consecutive batches, the last one smaller', async () => {
    const { training, batches, steps } = watched();
    await train(training, start())();
    expect(batches.map(({ count }) => count)).to.deep.equal([4, 4, 2, 4, 4, 2]);
    const all = Array.from(dataset.train.inputs);
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
    await train(training, start())();
    for (const { inputs, targets } of batches)
      expect(Array.from(targets)).to.deep.equal(Array.from(inputs, (x) => x + 100));
  });

  it('shuffles anew every epoch, the same way for the same seed', async () => {
    const runs = [watched(), watched(), watched()];
    for (const [i, { training }] of runs.entries()) await train(training, start(i < 2 ? 1 : 2))();
    const orders = runs.map(({ batches }) => rowsOf(batches));
    expect(orders[0]).to.deep.equal(orders[1]);
    expect(orders[0]).not.to.deep.equal(orders[2]);
    expect(orders[0]?.slice(0, 10)).not.to.deep.equal(orders[0]?.slice(10));
  });

  it('records the mean loss before the steps, the last step, and the measurement, by the name of the metric', async () => {
    const { training, records } = watched();
    const result = await train(training, start())();
    const trainLoss = 45 / 3;
    expect(records).to.deep.equal([
      { epoch: 1, trainLoss, testLoss: 0.25, seconds: 0, stepSize: 3, rho: 30 },
      { epoch: 2, trainLoss, testLoss: 0.25, seconds: 0, stepSize: 6, rho: 60 },
    ]);
    expect(result.progress.history).to.deep.equal(records);
    expect(result.ending).to.deep.equal({ _tag: 'Epochs' });
    const classified = watched({ metric: 'accuracy', epochs: 1 });
    await train(classified.training, start())();
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
    const { ending, progress } = await train(training, start())();
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
    const { ending, progress } = await train(training, start())();
    expect(ending).to.deep.equal({ _tag: 'Interrupted' });
    expect(progress.state.step).to.equal(4);
    expect(records.map(({ epoch }) => epoch)).to.deep.equal([1, 1 + 1 / 3]);
  });

  it('ends with a failed step and keeps the last good state and the history', async () => {
    const { training } = watched(
      {},
      recorder((step) => step === 5),
    );
    const { ending, progress } = await train(training, start())();
    expect(ending).to.deep.equal({
      _tag: 'Failed',
      error: { _tag: 'NonFiniteError', step: 5, quantity: 'the loss L(θ)', value: Number.NaN },
    });
    expect(progress.state.step).to.equal(4);
    expect(progress.history).to.have.length(1);
  });

  it('refuses a measurement that is not finite', async () => {
    const { training } = watched({ evaluate: () => TE.right(Number.NaN) });
    const { ending } = await train(training, start())();
    expect(ending).to.have.nested.property('error.quantity', 'the test loss');
  });

  it('goes on from what an earlier run reached as if it had never stopped', async () => {
    const whole = watched({ epochs: 3 });
    const uninterrupted = await train(whole.training, start())();
    const [first, second] = [watched({ epochs: 1 }), watched({ epochs: 3 })];
    const halfway = await train(first.training, start())();
    const resumed = await train(second.training, halfway.progress)();
    expect(resumed.progress).to.deep.equal(uninterrupted.progress);
    expect([...rowsOf(first.batches), ...rowsOf(second.batches)]).to.deep.equal(rowsOf(whole.batches));
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
    await train(watched({ epochs: 3 }, { ...slow, optimizer }).training, start())();
    clearInterval(timer);
    expect(events).to.be.at.least(3);
  });
});
