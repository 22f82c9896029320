import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { initialisers, input, mlp, softmaxCrossEntropy } from '../../dsl/index.js';
import {
  batchInputs,
  evaluation,
  parseRunSettings,
  problem,
  type Run,
  type RunHooks,
  readVector,
  run,
  type Split,
  type Start,
  sgn,
  sgnHyperparameters,
  showOptimizerError,
  showRunFailure,
  solverNames,
  withOptimizer,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { batchOf, smallBatch, smallMlp, twoParameterProblem } from './problems.js';

const hooks: RunHooks = {
  clock: () => 0,
  interrupted: () => false,
  onStep: () => () => undefined,
  onEpoch: () => async () => undefined,
};

const features = input('features', ['batch', 2]);
const classifier = rightOf(
  problem({
    name: 'classifier',
    input: features,
    target: input('label', ['batch']),
    output: mlp(features, { hidden: [3], outputs: 2 }),
    loss: softmaxCrossEntropy,
    metric: 'loss',
    initialiser: initialisers.glorotUniform,
  }),
);

const split = (count: number): Split => ({
  count,
  inputs: Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * i)),
  inputShape: [2],
  targets: Float32Array.from({ length: count }, (_, i) => i % 2),
  targetShape: [],
});

const whole = split(40);
const test = split(10);
const settings = (given: object) => rightOf(parseRunSettings({ batchSize: 10, epochs: 2, ...given }));
const good: Run = {
  problem: classifier,
  settings: settings({}),
  dataset: { name: 'rows', train: whole, test },
  target: interpreterTarget,
};

const refusal = async (changed: Partial<Run>, start?: Start): Promise<string> => {
  const failure = leftOf(await run({ ...good, ...changed }, hooks, start)());
  expect(failure._tag).to.equal('RunRefused');
  return showRunFailure(failure);
};

const changedAt = (values: Float32Array, at: number, to: number) => values.map((value, i) => (i === at ? to : value));

describe('run', () => {
  it('gives Right for a run that ended well', async () => {
    expect(rightOf(await run(good, hooks)()).ending).to.deep.equal({ _tag: 'Epochs' });
  });

  const data = (train: Partial<Split>, tested: Partial<Split> = {}): Partial<Run> => ({
    dataset: { name: 'rows', train: { ...whole, ...train }, test: { ...test, ...tested } },
  });
  const wrong: readonly (readonly [what: string, Partial<Run>, RegExp])[] = [
    [
      'labels from 1',
      data({ targets: whole.targets.map((label) => label + 1) }),
      /^dataset: rows: expected .*got 2 in row 1 of train$/,
    ],
    ['a fractional label', data({ targets: changedAt(whole.targets, 3, 0.5) }), /got 0.5 in row 3 of train$/],
    ['a negative label', data({}, { targets: changedAt(test.targets, 3, -1) }), /got -1 in row 3 of test$/],
    [
      'a batch larger than the data',
      { settings: settings({ batchSize: 41 }) },
      /^batchSize: 41 is more than the 40 training samples; choose at most 40$/,
    ],
    [
      'a batch larger than what is not held out',
      { settings: settings({ batchSize: 40, validation: 1 }) },
      /^batchSize: 40 is more than the 39/,
    ],
    [
      'inputs too short',
      data({ inputs: whole.inputs.slice(1) }),
      /^dataset: rows, train: expected 40 × \[2\] = 80 numbers as inputs, got 79$/,
    ],
    ['a fractional count', data({ count: 39.5 }), /^dataset: rows, train: expected at least one row, got count 39.5$/],
    ['a negative count', data({ count: -40 }), /^dataset: rows, train: expected at least one row, got count -40$/],
    [
      'an empty test set',
      data({}, { count: 0, inputs: new Float32Array(0), targets: new Float32Array(0) }),
      /^dataset: rows, test: expected at least one row/,
    ],
    [
      'NaN in the inputs',
      data({ inputs: changedAt(whole.inputs, 7, Number.NaN) }),
      /^dataset: rows, train: expected finite numbers as inputs, got NaN in row 3$/,
    ],
    [
      '∞ in the test inputs',
      data({}, { inputs: changedAt(test.inputs, 19, Number.POSITIVE_INFINITY) }),
      /^dataset: rows, test: expected finite numbers as inputs, got Infinity in row 9$/,
    ],
    [
      'samples of another shape',
      { problem: rightOf(smallMlp) },
      /^dataset: the inputs of rows have shape \[2\] per sample, small needs \[3\]$/,
    ],
    [
      'settings that nobody checked',
      { settings: { ...settings({}), sgn: { ...settings({}).sgn, damping: -1 } } },
      /^sgn\.damping: /,
    ],
    ['a size that nobody checked', { settings: { ...settings({}), batchSize: 0.5 } }, /^batchSize: /],
  ];
  for (const [what, changed, message] of wrong)
    it(`refuses ${what}, before it begins`, async () => {
      expect(await refusal(changed))
        .to.match(message)
        .and.not.to.include('\n');
    });

  it('refuses parameters to start from that are not those of the problem, or not finite', async () => {
    const { length } = classifier.parameters;
    expect(await refusal({}, { _tag: 'Parameters', theta: new Float32Array(3) })).to.equal(
      `theta: expected ${length} parameters to start from, got 3`,
    );
    expect(
      await refusal({}, { _tag: 'Parameters', theta: changedAt(new Float32Array(length), 2, Number.NaN) }),
    ).to.equal('theta: expected finite parameters to start from, got NaN at 2');
  });

  it('gives Left for a run that fails, with all that it had reached', async () => {
    // grows without bound: 1 − lr·λ is far below −1
    const rows = {
      count: 4,
      inputs: Float32Array.of(1, 2, 3, 4),
      inputShape: [],
      targets: Float32Array.of(1, 2, 3, 4),
      targetShape: [],
    };
    const diverging = run(
      {
        problem: rightOf(twoParameterProblem),
        settings: settings({
          solver: 'momentum',
          batchSize: 4,
          epochs: 1000,
          momentum: { learningRate: 3, momentum: 0.999 },
        }),
        dataset: { name: 'rows', train: rows, test: rows },
        target: interpreterTarget,
      },
      {
        ...hooks,
        onEpoch:
          ({ epoch }) =>
          async () => {
            kept.push(epoch);
          },
      },
      { _tag: 'Parameters', theta: Float32Array.of(1e18, 1e18) },
    );
    const kept: number[] = [];
    const failure = leftOf(await diverging());
    if (failure._tag !== 'RunFailed') return expect.fail('refused');
    const { progress, error } = failure;
    expect(error).to.include({ _tag: 'NonFiniteError', step: progress.state.step + 1 });
    expect(progress.history.map(({ epoch }) => epoch)).to.deep.equal(kept);
    expect(rightOf(await readVector(progress.state.theta)()).every(Number.isFinite)).to.equal(true);
    expect(showRunFailure(failure)).to.match(/^step \d+: .*; what was reached before is kept$/);
  });

  it('exports no infinity from the interpreter, which computes in float64: a learning rate of 1e42 fails', async () => {
    for (const solver of ['sgd', 'momentum', 'nesterov', 'adam'] as const) {
      const failure = leftOf(
        await run({ ...good, settings: settings({ solver, [solver]: { learningRate: 1e42 } }) }, hooks)(),
      );
      expect(failure).to.have.nested.property('error._tag', 'NonFiniteError');
      if (failure._tag !== 'RunFailed') return expect.fail('refused');
      expect(rightOf(await readVector(failure.progress.state.theta)()).every(Number.isFinite)).to.equal(true);
    }
  });
});

describe('optimizers by themselves', () => {
  it('take no step with settings that are refused, and say why', async () => {
    const message = 'sgn.damping: ';
    const optimizer = sgn(rightOf(smallMlp), { ...sgnHyperparameters.parse({}), damping: -1 }, interpreterTarget);
    const state = optimizer.init(new Float32Array(32));
    const failure = leftOf(await optimizer.step(state, smallBatch(1, 8))());
    expect(failure.state).to.equal(state);
    expect(showOptimizerError(failure.error)).to.include(message);
    expect(showOptimizerError(leftOf(await optimizer.prepare(8)()))).to.include(message);
  });

  for (const solver of solverNames)
    it(`${solver} refuses settings that there are not, parameters of another number, and no samples`, async () => {
      const complete = rightOf(parseRunSettings({ batchSize: 1, epochs: 1 }))[solver];
      const bad = { ...complete, nothing: 1 };
      await withOptimizer(solver, rightOf(smallMlp), bad, interpreterTarget, async ({ prepare }) => {
        expect(showOptimizerError(leftOf(await prepare(8)()))).to.match(
          new RegExp(`^${solver}: there is no setting "nothing"`),
        );
      });
      await withOptimizer(solver, rightOf(smallMlp), complete, interpreterTarget, async ({ init, step, prepare }) => {
        const { error } = leftOf(await step(init(new Float32Array(31)), smallBatch(1, 8))());
        expect(showOptimizerError(error)).to.match(/theta: expected 32 .*got 31/);
        for (const count of [0, -1, 1.5, Number.NaN]) {
          const none = leftOf(await step(init(new Float32Array(32)), { ...smallBatch(1, 8), count })());
          expect(none.error).to.include({ _tag: 'BatchError', actual: `${count}` });
          expect(leftOf(await prepare(count)())).to.include({ _tag: 'BatchError', actual: `${count}` });
        }
      });
    });

  it('and their batches: arrays of other lengths than their counts say are refused', () => {
    expect(E.isRight(batchInputs(rightOf(twoParameterProblem), batchOf([[1, 2]])))).to.equal(true);
    expect(leftOf(batchInputs(rightOf(twoParameterProblem), { ...batchOf([[1, 2]]), count: 2 }))).to.include({
      _tag: 'BatchError',
      expected: '2 × 1 numbers for x',
    });
  });

  it('and their evaluation: no samples, other lengths, and chunks of none are refused', async () => {
    const theta = new Float32Array(classifier.parameters.length);
    const occasion = { step: 0, data: 'test' };
    const measured = (rows: Partial<Split>, chunk = 5) =>
      evaluation(classifier, interpreterTarget, chunk)(theta, { ...test, ...rows }, occasion)();
    expect(rightOf(await measured({}))).to.be.closeTo(Math.LN2, 1e-6);
    for (const chunk of [0, -3, 2.5, Number.NaN])
      expect(leftOf(await measured({}, chunk))).to.include({ _tag: 'BatchError', actual: `${chunk}` });
    for (const rows of [{ count: 0 }, { count: 9 }, { count: 9.5 }, { inputs: new Float32Array(3) }])
      expect(leftOf(await measured(rows))).to.include({ _tag: 'BatchError' });
  });
});
