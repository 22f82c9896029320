import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import {
  type Batch,
  checkRun,
  type Dataset,
  parseRunSettings,
  type Run,
  readVector,
  run,
  type Snapshot,
  type Split,
  type Start,
  sgn,
  sgnHyperparameters,
  showConfigError,
  showOptimizerError,
  snapshotSchema,
  train,
} from '../../optim/index.js';
import { interpreterTarget, type Target, wasmTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { numbers } from '../support/numbers.js';
import { smallBatch, smallMlp } from './problems.js';
import { recorder, startOf, watched } from './recording.js';

/** What an optimizer that asks for `curvatureSamples` is given in two epochs of 3 steps on 4, 4 and 2 of 10 rows. */
const batchesFor = async (curvatureSamples?: (count: number) => number): Promise<readonly Batch[]> => {
  const { training, batches } = watched({}, recorder({ curvatureSamples }));
  await train(training, startOf(3))();
  return batches;
};

const rowsOf = (batches: readonly Batch[]): readonly number[] =>
  batches.flatMap(({ curvature }) => Array.from(curvature?.inputs ?? []));
const all = Array.from({ length: 10 }, (_, row) => row);
const sorted = (rows: readonly number[]): readonly number[] => rows.toSorted((a, b) => a - b);

describe('an independent batch for the curvature', () => {
  it('is not drawn where the optimizer does not ask for it', async () => {
    for (const batch of await batchesFor()) expect(batch).not.to.have.property('curvature');
  });

  it('has as many samples as it is asked for, all different, every input with its target', async () => {
    for (const size of [1, 3, 7, 10])
      for (const { curvature } of await batchesFor(() => size)) {
        const rows = Array.from(curvature?.inputs ?? []);
        expect(curvature?.count).to.equal(size);
        expect(new Set(rows).size).to.equal(size);
        expect(Array.from(curvature?.targets ?? [])).to.deep.equal(rows.map((row) => row + 100));
      }
  });

  it('goes through the data in an order of its own, anew every epoch', async () => {
    const batches = await batchesFor((count) => count);
    expect(batches.map(({ count, curvature }) => [count, curvature?.count])).to.deep.equal(
      [4, 4, 2, 4, 4, 2].map((count) => [count, count]),
    );
    const [first, second] = [rowsOf(batches.slice(0, 3)), rowsOf(batches.slice(3))];
    for (const epoch of [first, second]) expect(sorted(epoch)).to.deep.equal(all);
    const gradients = batches.map(({ inputs }) => Array.from(inputs));
    const orders = [first, second, gradients.slice(0, 3).flat(), gradients.slice(3).flat()];
    expect(new Set(orders.map(String)).size).to.equal(orders.length);
  });

  it('starts its order over where it is larger than the batch of the gradient', async () => {
    const epoch = rowsOf((await batchesFor(() => 7)).slice(0, 3));
    expect(sorted(epoch.slice(0, 10))).to.deep.equal(all);
    expect(epoch.slice(10)).to.deep.equal([...epoch.slice(0, 10), ...epoch.slice(0, 1)]);
  });

  it('leaves the first order of the gradient as it is', async () => {
    const [without, having] = [await batchesFor(), await batchesFor(() => 3)];
    const gradientOf = (batches: readonly Batch[]) => batches.slice(0, 3).map(({ inputs }) => Array.from(inputs));
    expect(gradientOf(having)).to.deep.equal(gradientOf(without));
  });
});

describe('SGN with an independent batch', () => {
  const settings = sgnHyperparameters.parse({ curvatureBatch: 'independent', curvatureSamples: 5 });
  const optimizer = sgn(rightOf(smallMlp), settings, interpreterTarget);
  const refusal = async (batch: Batch): Promise<string> =>
    showOptimizerError(leftOf(await optimizer.step(optimizer.init(new Float32Array(32)), batch)()).error);

  it('asks for it, and otherwise for none', () => {
    expect([1, 8].map((count) => optimizer.curvatureSamples?.(count))).to.deep.equal([5, 5]);
    const asMany = { ...settings, curvatureSamples: 0 };
    expect(sgn(rightOf(smallMlp), asMany, interpreterTarget).curvatureSamples?.(8)).to.equal(8);
    const subset = { ...settings, curvatureBatch: 'subset' as const };
    expect(sgn(rightOf(smallMlp), subset, interpreterTarget).curvatureSamples).to.equal(undefined);
  });

  it('refuses a batch without it, of another size, or with arrays of other lengths, by name', async () => {
    expect(await refusal(smallBatch(1, 8))).to.equal('batch: expected 5 samples drawn for the curvature, got none');
    expect(await refusal({ ...smallBatch(1, 8), curvature: smallBatch(2, 4) })).to.equal(
      'batch: expected 5 samples drawn for the curvature, got 4',
    );
    expect(await refusal({ ...smallBatch(1, 8), curvature: { ...smallBatch(2, 4), count: 5 } })).to.equal(
      'batch: expected 5 × 3 numbers for curvatureInputs, got 12',
    );
  });
});

describe('a run with an independent batch', () => {
  const split = (seed: number, count: number): Split => ({
    count,
    inputs: Float32Array.from(numbers(seed, 3 * count)),
    inputShape: [3],
    targets: Float32Array.from(numbers(seed + 1, 2 * count)),
    targetShape: [2],
  });
  const dataset: Dataset = { name: 'random', train: split(1, 22), test: split(3, 5) };

  let target: Target;
  before(async () => {
    target = rightOf(await wasmTarget({ threads: 1 })());
  });
  after(() => target.dispose());

  const runOf = (sgn: object, epochs: number): Run => ({
    problem: rightOf(smallMlp),
    settings: rightOf(parseRunSettings({ batchSize: 8, epochs, seed: 5, sgn })),
    dataset,
    target,
  });

  /** θ after the run's epochs, bit by bit, and the last epoch's snapshot as JSON holds it. */
  const finish = async (sgn: object, epochs: number, start?: Start) => {
    let snapshot: Snapshot | undefined;
    const hooks = {
      clock: () => 0,
      interrupted: () => false,
      onStep: () => () => undefined,
      onEpoch: (_: unknown, _progress: unknown, taken: TE.TaskEither<unknown, Snapshot>) => async () => {
        snapshot = snapshotSchema.parse(JSON.parse(JSON.stringify(rightOf(await taken()))));
      },
    };
    const { progress, ending } = rightOf(await run(runOf(sgn, epochs), hooks, start)());
    expect(ending).to.deep.equal({ _tag: 'Epochs' });
    if (snapshot === undefined) throw new Error('a run of at least one epoch');
    const theta = rightOf(await readVector(progress.state.theta)());
    return { bits: Array.from(new Uint32Array(theta.buffer)), snapshot };
  };

  const independent = { curvatureBatch: 'independent', curvatureSamples: 6 };

  for (const given of [independent, { ...independent, curvatureSamples: 0 }, { ...independent, curvatureSamples: 22 }])
    it(`of ${given.curvatureSamples} samples goes on from a snapshot to the same bits`, async () => {
      const whole = await finish(given, 4);
      const half = await finish(given, 2);
      const resumed = await finish(given, 4, { _tag: 'Snapshot', snapshot: half.snapshot });
      expect(resumed.bits).to.deep.equal(whole.bits);
      expect(half.bits).not.to.deep.equal(whole.bits);
      expect(whole.bits).not.to.deep.equal((await finish({ curvatureSamples: given.curvatureSamples }, 4)).bits);
    });

  it('is refused where the curvature wants more samples than there are, by name', () => {
    const refusal = (sgn: object) => checkRun(runOf(sgn, 1));
    expect(showConfigError(leftOf(refusal({ ...independent, curvatureSamples: 23 })))).to.equal(
      'sgn.curvatureSamples: 23 is more than the 22 training samples; choose at most 22',
    );
    expect(E.isRight(refusal({ ...independent, curvatureSamples: 22 }))).to.equal(true);
    expect(E.isRight(refusal({ curvatureSamples: 23 }))).to.equal(true);
  });
});
