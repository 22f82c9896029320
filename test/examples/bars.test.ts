/** The paper's benchmarks that train in seconds, to the loss or accuracy that its runs reached. */
import { expect } from 'chai';
import boston from '../../examples/boston.js';
import mnist from '../../examples/mnist.js';
import sine from '../../examples/sine.js';
import { type EpochRecord, type Experiment, parseRunSettings, run } from '../../optim/index.js';
import { type Target, wasmTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';

const history = async (
  { problem, dataset, settings }: Experiment,
  target: Target,
  given: { readonly seed: number; readonly epochs: number },
): Promise<readonly EpochRecord[]> => {
  const result = await run(
    {
      problem: rightOf(problem),
      dataset: rightOf(await dataset({ folder: undefined, onDownload: () => undefined })()),
      settings: rightOf(parseRunSettings({ ...settings, ...given })),
      target,
    },
    {
      clock: () => performance.now(),
      interrupted: () => false,
      onStep: () => () => undefined,
      onEpoch: () => async () => undefined,
    },
  )();
  const { ending, progress } = rightOf(result);
  expect(ending).to.deep.equal({ _tag: 'Epochs' });
  return progress.history;
};

const histories = async (
  experiment: Experiment,
  target: Target,
  seeds: number,
  epochs: number,
): Promise<readonly (readonly EpochRecord[])[]> => {
  const all: (readonly EpochRecord[])[] = [];
  for (let seed = 0; seed < seeds; seed++) all.push(await history(experiment, target, { seed, epochs }));
  return all;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe('the paper’s quick benchmarks with SGN(10)', () => {
  let target: Target;
  before(async () => {
    target = rightOf(await wasmTarget()());
  });
  after(() => target.dispose());

  it('Boston: mean test loss of 3 seeds after epoch 10 ≤ 0.0125 (published 0.0105)', async () => {
    const runs = await histories(boston, target, 3, 10);
    expect(mean(runs.map((records) => records[9]?.testLoss ?? Number.NaN))).to.be.at.most(0.0125);
  });

  it('sine: median train loss of 5 seeds ≤ 1.5e-3 after epoch 10 and ≤ 5e-4 after epoch 30', async () => {
    const runs = await histories(sine, target, 5, 30);
    const trainLoss = (epoch: number) => median(runs.map((records) => records[epoch - 1]?.trainLoss ?? Number.NaN));
    expect(trainLoss(10)).to.be.at.most(1.5e-3);
    expect(trainLoss(30)).to.be.at.most(5e-4);
  });

  it('MNIST: mean test accuracy of 3 seeds ≥ 0.88 after epoch 1 and ≥ 0.905 after epoch 3 (published 0.903, 0.916)', async () => {
    const withTen = { ...mnist, settings: { ...mnist.settings, sgn: { ...mnist.settings.sgn, maxCgIterations: 10 } } };
    const runs = await histories(withTen, target, 3, 3);
    const testAccuracy = (epoch: number) => mean(runs.map((records) => records[epoch - 1]?.testAccuracy ?? Number.NaN));
    expect(testAccuracy(1)).to.be.at.least(0.88);
    expect(testAccuracy(3)).to.be.at.least(0.905);
  });
});
