import { expect } from 'chai';
import { compile } from '../../compiler/index.js';
import { readVector, type SgnHyperparameters, sgn, sgnHyperparameters, sgnProgram } from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';
import { batchOf, smallMlp, twoParameterProblem } from './problems.js';
import { type Pair, referenceStart, referenceStep, type Samples } from './reference.js';

// float32 holds what it is given, so that both sides see the same samples
const rounded = (samples: Samples): Samples => samples.map(([x, y]) => [Math.fround(x), Math.fround(y)]);

const batches: readonly Samples[] = [
  rounded([
    [0.5, 1.1],
    [-1.2, -1.6],
    [2, 1.9],
    [0.1, 0.3],
  ]),
  rounded([
    [1.5, 1.7],
    [-0.4, -0.9],
    [-2.2, -2.1],
    [0.8, 1.2],
  ]),
];

// what a curvature with samples of its own is given
const others = rounded([
  [0.9, 1.2],
  [-0.7, -0.6],
  [1.8, 2.4],
  [-1.4, -1.1],
  [0.3, 0.2],
  [-0.2, -0.5],
]);

const drawnFor = ({ curvatureSamples }: SgnHyperparameters, { length }: Samples, step: number): Samples =>
  [...others.slice(step), ...others.slice(0, step)].slice(0, curvatureSamples === 0 ? length : curvatureSamples);

const steps = 4;

// from here the full step overshoots: the line search and the trust region have something to do
const start: Pair = [2.5, 0.75];

interface Seen {
  readonly theta: readonly number[];
  readonly damping: number;
  readonly loss: number;
  readonly trialLoss: number;
  readonly stepSize: number;
  readonly cgIterations: number;
  readonly stopReason: string;
}

const runCompiled = async (settings: SgnHyperparameters): Promise<readonly Seen[]> => {
  const optimizer = sgn(rightOf(twoParameterProblem), settings, interpreterTarget);
  const seen: Seen[] = [];
  let state = optimizer.init(Float32Array.from(start));
  for (let i = 0; i < steps; i++) {
    const samples = batches[i % batches.length] ?? [];
    // without an independent batch what was drawn is not looked at
    const batch = { ...batchOf(samples), curvature: batchOf(drawnFor(settings, samples, i)) };
    const stepped = rightOf(await optimizer.step(state, batch)());
    state = stepped.state;
    const theta = Array.from(rightOf(await readVector(state.theta)()));
    seen.push({ ...stepped.report, theta, damping: state.damping });
  }
  return seen;
};

const runReference = (settings: SgnHyperparameters): readonly Seen[] => {
  const seen: Seen[] = [];
  let state = referenceStart(settings, start);
  for (let i = 0; i < steps; i++) {
    const samples = batches[i % batches.length] ?? [];
    const stepped = referenceStep(settings, state, samples, drawnFor(settings, samples, i));
    state = stepped.state;
    seen.push({ ...stepped.report, theta: state.theta, damping: state.damping });
  }
  return seen;
};

type Overrides = Partial<SgnHyperparameters>;

// every option, beside settings that differ in nothing else
const cases: readonly { readonly name: string; readonly settings: Overrides; readonly than: Overrides }[] = [
  { name: 'damping', settings: { damping: 0.5 }, than: {} },
  { name: 'minDamping', settings: { minDamping: 1e-3 }, than: {} },
  { name: 'no trust region', settings: { trustRegion: false }, than: {} },
  {
    name: 'a linear schedule of the damping',
    settings: { trustRegion: false, damping: 0.5, dampingSchedule: 'linear' },
    than: { trustRegion: false, damping: 0.5 },
  },
  {
    name: 'a cosine schedule of the damping',
    settings: { trustRegion: false, damping: 0.5, dampingSchedule: 'cosine' },
    than: { trustRegion: false, damping: 0.5, dampingSchedule: 'linear' },
  },
  {
    name: 'the steps of a schedule',
    settings: { trustRegion: false, damping: 0.5, dampingSchedule: 'linear', dampingScheduleSteps: 2 },
    than: { trustRegion: false, damping: 0.5, dampingSchedule: 'linear' },
  },
  {
    name: 'where a cosine schedule ends',
    settings: { trustRegion: false, damping: 0.5, dampingSchedule: 'cosine', dampingScheduleSteps: 2, minDamping: 0.2 },
    than: { trustRegion: false, damping: 0.5, dampingSchedule: 'cosine', dampingScheduleSteps: 2 },
  },
  { name: 'gradientMomentum', settings: { gradientMomentum: 0.6 }, than: {} },
  {
    name: 'a diagonal preconditioner',
    settings: { preconditioner: 'diagonal', minCgIterations: 1 },
    than: { minCgIterations: 1 },
  },
  {
    name: 'preconditionerExponent',
    settings: { preconditioner: 'diagonal', preconditionerExponent: 0.5, minCgIterations: 1 },
    than: { preconditioner: 'diagonal', minCgIterations: 1 },
  },
  {
    name: 'a preconditioner of a gradient with momentum',
    settings: { preconditioner: 'diagonal', preconditionerExponent: 0.75, gradientMomentum: 0.9, minCgIterations: 1 },
    than: { preconditioner: 'diagonal', preconditionerExponent: 0.75, minCgIterations: 1 },
  },
  { name: 'cgTolerance', settings: { cgTolerance: 0.05 }, than: {} },
  { name: 'minCgIterations', settings: { minCgIterations: 1 }, than: {} },
  { name: 'maxCgIterations', settings: { maxCgIterations: 1, cgSwitchStep: 3 }, than: { cgSwitchStep: 3 } },
  {
    name: 'cgSwitchStep',
    settings: { maxCgIterations: 1, cgSwitchStep: 2 },
    than: { maxCgIterations: 1, cgSwitchStep: 3 },
  },
  { name: 'no line search', settings: { lineSearch: false }, than: {} },
  { name: 'a fixed step', settings: { lineSearch: false, stepSize: 0.3 }, than: { lineSearch: false } },
  {
    name: 'a fixed step without trust region',
    settings: { lineSearch: false, stepSize: 0.3, trustRegion: false },
    than: { lineSearch: false, trustRegion: false },
  },
  { name: 'where the line search starts', settings: { stepSize: 0.7 }, than: {} },
  { name: 'sufficientDecrease', settings: { sufficientDecrease: 0.9 }, than: {} },
  { name: 'shrink', settings: { shrink: 0.3 }, than: {} },
  { name: 'the exact Hessian', settings: { curvature: 'hessian' }, than: {} },
  { name: 'the Fisher matrix', settings: { curvature: 'fisher', damping: 0.1 }, than: { damping: 0.1 } },
  { name: 'the empirical Fisher matrix', settings: { curvature: 'empiricalFisher' }, than: {} },
  { name: 'curvatureSamples', settings: { curvatureSamples: 2 }, than: {} },
  {
    name: 'more curvatureSamples than there are',
    settings: { curvatureSamples: 9, damping: 0.5 },
    than: { curvatureSamples: 2, damping: 0.5 },
  },
  { name: 'an independent batch for the curvature', settings: { curvatureBatch: 'independent' }, than: {} },
  {
    name: 'a smaller independent batch for the curvature',
    settings: { curvatureBatch: 'independent', curvatureSamples: 2 },
    than: { curvatureSamples: 2 },
  },
  {
    name: 'a larger independent batch for the curvature',
    settings: { curvatureBatch: 'independent', curvatureSamples: 6 },
    than: { curvatureBatch: 'independent' },
  },
  {
    name: 'a Jacobi preconditioner from an independent batch',
    settings: { curvatureBatch: 'independent', preconditioner: 'jacobi', minCgIterations: 1 },
    than: { preconditioner: 'jacobi', minCgIterations: 1 },
  },
  { name: 'gradient descent on the model', settings: { innerSolver: 'gradientDescent', minCgIterations: 5 }, than: {} },
  {
    name: 'warmStart',
    settings: { warmStart: 0.5, damping: 2, minCgIterations: 1 },
    than: { damping: 2, minCgIterations: 1 },
  },
  {
    name: 'cgProgressTolerance',
    settings: { innerSolver: 'gradientDescent', minCgIterations: 40, cgTolerance: 0, cgProgressTolerance: 1e-3 },
    than: { innerSolver: 'gradientDescent', minCgIterations: 40, cgTolerance: 0 },
  },
  { name: 'cgBacktracking', settings: { cgBacktracking: true }, than: {} },
  {
    name: 'a Jacobi preconditioner',
    settings: { preconditioner: 'jacobi', minCgIterations: 1 },
    than: { preconditioner: 'diagonal', minCgIterations: 1 },
  },
  {
    name: 'a Jacobi preconditioner from two samples',
    settings: { preconditioner: 'jacobi', minCgIterations: 1, curvatureSamples: 2 },
    than: { preconditioner: 'jacobi', minCgIterations: 1 },
  },
  {
    name: 'adaptiveCgIterations',
    settings: { adaptiveCgIterations: true, minCgIterations: 1 },
    than: { minCgIterations: 1 },
  },
  { name: 'maxLineSearchIterations', settings: { maxLineSearchIterations: 1, shrink: 0.8 }, than: { shrink: 0.8 } },
];

const complete = (overrides: Overrides): SgnHyperparameters => sgnHyperparameters.parse(overrides);

const expectSame = (actual: readonly Seen[], expected: readonly Seen[]): void => {
  expect(actual).to.have.length(expected.length);
  for (const [i, want] of expected.entries()) {
    const got = actual[i];
    const where = `step ${i + 1}`;
    expect(got?.stopReason, `${where}: stop reason`).to.equal(want.stopReason);
    expect(got?.cgIterations, `${where}: CG iterations`).to.equal(want.cgIterations);
    expect(got?.stepSize, `${where}: α`).to.equal(want.stepSize);
    expect(got?.damping, `${where}: ρ`).to.be.closeTo(want.damping, 1e-9 * want.damping);
    expect(got?.loss, `${where}: loss`).to.be.closeTo(want.loss, 1e-9);
    expect(got?.trialLoss, `${where}: loss after the step`).to.be.closeTo(want.trialLoss, 1e-9);
    // θ is read back as float32
    for (const [k, entry] of want.theta.entries())
      expect(got?.theta[k], `${where}: θ[${k}]`).to.be.closeTo(entry, 1e-6 * Math.abs(entry));
  }
};

describe('sgn', () => {
  it('has no kernel at θ for what CG decides by one number: it is part of the kernels that ask', () => {
    const { name, stages, batch } = sgnProgram(rightOf(smallMlp), complete({}));
    const [linearize] = rightOf(compile({ name, sizes: { [batch]: 8 }, stages })).stages;
    const kernels = (linearize?.steps ?? []).flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : []));
    const ofNumbers = kernels.filter(({ axes, body }) => axes.length === 0 && body.some(({ op }) => op === 'load'));
    expect(kernels).to.have.length.greaterThan(5);
    expect(ofNumbers).to.deep.equal([]);
  });

  // ρ₀ = 0.5, ρ_min = 0.01, K = 4: s(t / K) at steps t = 1, 2, …
  const schedules: readonly (readonly [SgnHyperparameters['dampingSchedule'], readonly number[]])[] = [
    ['constant', [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
    ['linear', [0.3775, 0.255, 0.1325, 0.01, 0.01, 0.01]],
    ['cosine', [0.5 * Math.cos(Math.PI / 8), 0.5 * Math.SQRT1_2, 0.5 * Math.cos((3 * Math.PI) / 8), 0.01, 0.01, 0.01]],
  ];
  for (const [dampingSchedule, expected] of schedules)
    it(`steps with the ρ of the paper's formula at t / K, t = 1, 2, …: ${dampingSchedule}`, async () => {
      const settings = { trustRegion: false, damping: 0.5, minDamping: 0.01, dampingSchedule, dampingScheduleSteps: 4 };
      const optimizer = sgn(rightOf(twoParameterProblem), complete(settings), interpreterTarget);
      let state = optimizer.init(Float32Array.from(start));
      for (const rho of expected) {
        const stepped = rightOf(await optimizer.step(state, batchOf(batches[0] ?? []))());
        expect(stepped.report.rho).to.be.closeTo(rho, 1e-15);
        state = stepped.state;
      }
    });

  it('steps as the reference does with the defaults of the paper', async () => {
    expectSame(await runCompiled(complete({})), runReference(complete({})));
  });

  for (const { name, settings, than } of cases)
    it(`steps as the reference does with ${name}, and otherwise than without it`, async () => {
      const expected = runReference(complete(settings));
      expectSame(await runCompiled(complete(settings)), expected);
      expect(expected, 'the option changes nothing here').not.to.deep.equal(runReference(complete(than)));
    });
});
