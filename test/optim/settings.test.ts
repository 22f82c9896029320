import { expect } from 'chai';
import { initialisers, input, meanSquaredError, mlp } from '../../dsl/index.js';
import {
  experimentOf,
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
    [{ sgn: { damping: Number.NaN } }, /^sgn\.damping: .*NaN/],
    [{ sgn: { gradientMomentum: 1 } }, /^sgn\.gradientMomentum: .*<1/],
    [{ sgn: { maxCgIterations: 1.5 } }, /^sgn\.maxCgIterations: .*int/],
    [{ sgn: { preconditioner: 'jacobian' } }, /^sgn\.preconditioner: .*"none"/],
    [{ sgn: { adaptiveCgIterations: true, trustRegion: false } }, /^sgn\.adaptiveCgIterations: .*trustRegion/],
    [{ sgn: { adaptiveCgIterations: true, maxCgIterations: 3 } }, /^sgn\.minCgIterations: .*maxCgIterations/],
    [{ sgn: { curvatureBatch: 'other' } }, /^sgn\.curvatureBatch: .*"subset"/],
    [{ sgn: { rho: 1 } }, /^sgn: .*"rho"/],
    [{ sgd: { learningRate: 0 } }, /^sgd\.learningRate: .*>0/],
    [{ solver: 'adamant' }, /^solver: .*"sgn"/],
    [{ target: 'abacus' }, /^target: .*"auto"/],
    [{ batchSize: 0 }, /^batchSize: .*>0/],
    [{ seconds: -3 }, /^seconds: .*>0/],
    [{ seed: -3 }, /^seed: .*>=0/],
    [{ epoch: 3 }, /"epoch"/],
  ];
  for (const [given, message] of bad)
    it(`refuse ${JSON.stringify(given)} by name, in one line`, () => {
      expect(refusal(given)).to.match(message).and.not.to.include('\n');
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

  it('must have leaves as inputs', () => {
    expect(leftOf(problem({ ...definition, input: definition.output }))).to.include({ operation: 'p: input' });
  });
});
