import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { initialisers, input, meanSquaredError, mlp, softmaxCrossEntropy } from '../../dsl/index.js';
import {
  checkRun,
  type Dataset,
  experiment,
  experimentOf,
  type LoadDataset,
  loadDataset,
  optimizerInputs,
  parseRunSettings,
  problem,
  sgnHyperparameters,
  showConfigError,
  solverSchemas,
} from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const settings = { batchSize: 10, epochs: 1 };
const refusal = (given: object): string => showConfigError(leftOf(parseRunSettings({ ...settings, ...given })));

describe('hyperparameters', () => {
  it('of SGN default to those of the paper', () => {
    expect(sgnHyperparameters.parse({})).to.deep.equal({
      damping: 1e-3,
      minDamping: 1e-6,
      trustRegion: true,
      dampingSchedule: 'constant',
      dampingScheduleSteps: 10,
      gradientMomentum: 0,
      preconditioner: 'none',
      preconditionerExponent: 1,
      cgTolerance: 1e-6,
      minCgIterations: 10,
      maxCgIterations: 10,
      cgSwitchStep: 10,
      lineSearch: true,
      stepSize: 1,
      sufficientDecrease: 1e-4,
      shrink: 0.5,
      maxLineSearchIterations: 10,
      curvature: 'ggn',
      curvatureSamples: 0,
      curvatureBatch: 'subset',
      innerSolver: 'cg',
      warmStart: 0,
      cgProgressTolerance: 0,
      cgBacktracking: false,
      negativeCurvatureGuard: false,
      adaptiveCgIterations: false,
    });
  });

  for (const [solver, schema] of Object.entries(solverSchemas))
    it(`of ${solver} all have a description, which the command line shows`, () => {
      for (const [key, field] of Object.entries(schema.shape)) expect(field.description, key).to.be.a('string');
    });

  const bad: readonly (readonly [given: object, message: RegExp])[] = [
    [{ sgn: { damping: -1 } }, /^sgn\.damping: .*>0/],
    [{ sgn: { damping: 0 } }, /^sgn\.damping: .*>0/],
    [{ sgn: { damping: 1e-7 } }, /^sgn\.damping: must not be below minDamping/],
    [{ sgn: { damping: 1e-7, trustRegion: false, dampingSchedule: 'cosine' } }, /^sgn\.damping: .*minDamping/],
    [{ sgn: { damping: Number.NaN } }, /^sgn\.damping: .*NaN/],
    [{ sgn: { gradientMomentum: 1 } }, /^sgn\.gradientMomentum: .*<1/],
    [{ sgn: { maxCgIterations: 1.5 } }, /^sgn\.maxCgIterations: .*int/],
    [{ sgn: { preconditioner: 'jacobian' } }, /^sgn\.preconditioner: .*"none"/],
    [{ sgn: { adaptiveCgIterations: true, trustRegion: false } }, /^sgn\.adaptiveCgIterations: .*trustRegion/],
    [{ sgn: { adaptiveCgIterations: true, maxCgIterations: 3 } }, /^sgn\.minCgIterations: .*maxCgIterations/],
    [{ sgn: { curvatureBatch: 'other' } }, /^sgn\.curvatureBatch: .*"subset"/],
    [{ sgn: { rho: 1 } }, /^sgn: there is no setting "rho"; there are damping, .*adaptiveCgIterations$/],
    [{ adam: { rho: 1 } }, /^adam: there is no setting "rho"; there are learningRate, .*epsilon$/],
    [{ sgd: { learningRate: 0 } }, /^sgd\.learningRate: .*>0/],
    [{ solver: 'adamant' }, /^solver: .*"sgn"/],
    [{ target: 'abacus' }, /^target: .*"auto"/],
    [{ batchSize: 0 }, /^batchSize: .*>0/],
    [{ seconds: -3 }, /^seconds: .*>0/],
    [{ seed: -3 }, /^seed: .*>=0/],
    [{ epoch: 3 }, /^there is no setting "epoch"; there are solver, batchSize, epochs, .*adam$/],
  ];
  for (const [given, message] of bad)
    it(`refuse ${JSON.stringify(given)} by name, in one line`, () => {
      expect(refusal(given)).to.match(message).and.not.to.include('\n');
    });

  it('may have any damping where nothing changes it', () => {
    expect(rightOf(parseRunSettings({ ...settings, sgn: { damping: 1e-7, trustRegion: false } })).sgn.damping).to.equal(
      1e-7,
    );
  });

  it('that are right are completed', () => {
    expect(rightOf(parseRunSettings({ ...settings, sgn: { damping: 0.5 } }))).to.deep.include({
      solver: 'sgn',
      seed: 0,
      target: 'auto',
      sgn: { ...sgnHyperparameters.parse({}), damping: 0.5 },
    });
  });
});

describe('modules', () => {
  for (const module of [{}, { default: 3 }, { default: { _tag: 'Experiment' } }, null, 'text'])
    it(`without an experiment are refused: ${JSON.stringify(module)}`, () => {
      expect(showConfigError(leftOf(experimentOf('./m.js', module)))).to.match(/^\.\/m\.js: .*experiment\(\{/);
    });
});

describe('data', () => {
  const pixels = input('pixels', ['batch', 2]);
  const classifier = problem({
    name: 'classifier',
    input: pixels,
    target: input('label', ['batch']),
    output: mlp(pixels, { hidden: [], outputs: 3 }),
    loss: softmaxCrossEntropy,
    metric: 'accuracy',
    initialiser: initialisers.normal(1),
  });
  const part = (labels: readonly number[]) => ({
    count: labels.length,
    inputs: new Float32Array(2 * labels.length),
    inputShape: [2],
    targets: Float32Array.from(labels),
    targetShape: [],
  });
  const dataset: Dataset = { name: 'toy', train: part([0, 1, 2]), test: part([2]) };
  const checked = (changed: Partial<Dataset>) =>
    checkRun({
      problem: rightOf(classifier),
      settings: rightOf(parseRunSettings({ ...settings, batchSize: 2 })),
      dataset: { ...dataset, ...changed },
    });

  it('that fits is accepted', () => {
    expect(checked({})).to.deep.equal(E.right(undefined));
  });

  const misfits: readonly (readonly [changed: Partial<Dataset>, message: string])[] = [
    [
      { train: { ...dataset.train, inputs: new Float32Array(5) } },
      'dataset: toy, train: expected 3 × [2] = 6 numbers as inputs, got 5',
    ],
    [{ test: part([]) }, 'dataset: toy, test: expected at least one row, got count 0'],
    [{ train: part([0, 1, 3]) }, 'dataset: toy: expected labels from 0 to 2, got 3 in row 2 of train'],
    [{ test: part([-1]) }, 'dataset: toy: expected labels from 0 to 2, got -1 in row 0 of test'],
    [{ test: part([0, Number.NaN]) }, 'dataset: toy, test: expected finite numbers as targets, got NaN in row 1'],
  ];
  for (const [changed, message] of misfits)
    it(`that does not is refused: ${message}`, () => {
      expect(showConfigError(leftOf(checked(changed)))).to.equal(message);
    });

  it('whose loader throws, at once or later, is a failure in one line', async () => {
    const loaders: readonly LoadDataset[] = [
      () => {
        throw new Error('no disk\nat all');
      },
      () => () => Promise.reject(new Error('no disk')),
    ];
    for (const loader of loaders) {
      const own = experiment({ name: 'own', problem: classifier, dataset: loader, settings });
      const { message } = leftOf(await loadDataset(own, { folder: undefined, onDownload: () => undefined })());
      expect(message).to.equal('own: its dataset cannot be loaded: no disk');
    }
  });

  const { inputs } = dataset.train;
  // what a module of JavaScript may give
  const given: readonly (readonly [dataset: unknown, message: RegExp])[] = [
    [undefined, /dataset: .*expected object/],
    [{ ...dataset, test: undefined }, /dataset\.test: /],
    [{ ...dataset, train: { ...dataset.train, inputs: Array.from(inputs) } }, /dataset\.train\.inputs: .*Float32Array/],
    [{ ...dataset, train: { ...dataset.train, inputs: Float64Array.from(inputs) } }, /train\.inputs: .*Float32Array/],
  ];
  for (const [value, message] of given)
    it(`that is none is a failure in one line that names what is wrong: ${message.source}`, async () => {
      const loaded: unknown = { _tag: 'Right', right: value };
      const module: unknown = {
        default: {
          ...experiment({ name: 'own', problem: classifier, dataset: () => TE.right(dataset), settings }),
          dataset: () => async () => loaded,
        },
      };
      const own = rightOf(experimentOf('./m.js', module));
      const failure = leftOf(await loadDataset(own, { folder: undefined, onDownload: () => undefined })());
      expect(failure.message)
        .to.match(/^own: its dataset must give TE\.right\(/)
        .and.to.match(message)
        .and.not.include('\n');
    });

  it('must be an experiment’s, as its problem and settings must', () => {
    const own = experiment({ name: 'own', problem: classifier, dataset: () => TE.right(dataset), settings });
    const { problem: read, ...rest } = rightOf(experimentOf('./m.js', { default: own }));
    const { problem: written, ...others } = own;
    expect(rest).to.deep.equal(others);
    expect(rightOf(read).parameters).to.deep.equal(rightOf(written).parameters);
    for (const key of ['name', 'problem', 'dataset', 'settings'])
      expect(leftOf(experimentOf('./m.js', { default: { ...own, [key]: undefined } })).problem).to.include(key);
  });
});

describe('problems', () => {
  const x = input('x', ['batch', 3]);
  const y = input('y', ['batch', 2]);
  const definition = {
    name: 'p',
    input: x,
    target: y,
    output: mlp(x, { hidden: [4], outputs: 2 }),
    loss: meanSquaredError,
    metric: 'loss' as const,
    initialiser: initialisers.normal(1),
  };

  it('lay out their parameters', () => {
    const { parameters, batch } = rightOf(problem(definition));
    expect(parameters.length).to.equal(3 * 4 + 4 + 4 * 2 + 2);
    expect(batch).to.equal('batch');
  });

  it('must not use a name that the optimizers use', () => {
    for (const name of optimizerInputs)
      expect(leftOf(problem({ ...definition, target: input(name, ['batch', 2]) }))).to.include({
        _tag: 'NameError',
        operation: 'p: target',
        actual: name,
      });
  });

  it('must have inputs and targets of one batch', () => {
    const other = input('y', ['rows', 2]);
    const loss = () => meanSquaredError(definition.output, definition.output);
    expect(leftOf(problem({ ...definition, target: other, loss }))).to.include({ _tag: 'ShapeError' });
  });

  it('must have a metric and an initialiser that there are, also in JavaScript', () => {
    // @ts-expect-error no such metric
    const metric = problem({ ...definition, metric: 'accurate' });
    expect(leftOf(metric)).to.include({ operation: 'p: metric', expected: 'loss or accuracy', actual: 'accurate' });
    // @ts-expect-error no function
    const initialiser = problem({ ...definition, initialiser: 'glorot' });
    expect(leftOf(initialiser)).to.include({ operation: 'p: initialiser', actual: 'glorot' });
  });

  it('must have leaves as inputs', () => {
    expect(leftOf(problem({ ...definition, input: definition.output }))).to.include({ operation: 'p: input' });
  });
});
