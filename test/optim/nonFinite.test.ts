import { expect } from 'chai';
import * as O from 'fp-ts/lib/Option.js';
import {
  add,
  dense,
  div,
  type Expr,
  exp,
  initialisers,
  input,
  less,
  mean,
  meanSquaredError,
  mul,
  neg,
  parameter,
  pow,
  sub,
} from '../../dsl/index.js';
import {
  type Batch,
  type Problem,
  problem,
  readVector,
  type SgnHyperparameters,
  type SgnReport,
  sgd,
  sgdHyperparameters,
  sgn,
  sgnHyperparameters,
  showOptimizerError,
  solverSchemas,
  withOptimizer,
} from '../../optim/index.js';
import { interpreterTarget, type Target, wasmTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { batchOf } from './problems.js';

const x = input('x', ['batch']);
const y = input('y', ['batch']);

const fitting = (name: string, output: Expr<['batch']>): Problem =>
  rightOf(
    problem({
      name,
      input: x,
      target: y,
      output,
      loss: meanSquaredError,
      metric: 'loss',
      initialiser: initialisers.normal(1),
    }),
  );

// f(x; a) = exp(a · x): from a = 0, the Gauss-Newton step towards y = 1e8 is a ≈ 1e8, whose exponential overflows
const explosive = fitting('explosive', exp(mul(parameter('a', []), x)));

// NIST StRD BoxBOD, y = b₁ (1 − exp(−b₂ x)); its first Gauss-Newton step from (1, 1) leads to b₂ < −10
const boxBod = fitting('BoxBOD', mul(parameter('b1', []), sub(1, exp(neg(mul(parameter('b2', []), x))))));
const boxBodData = batchOf([
  [1, 109],
  [2, 149],
  [3, 149],
  [5, 191],
  [7, 213],
  [10, 224],
]);

// NIST StRD Rat43, y = b₁ / (1 + exp(b₂ − b₃x))^(1/b₄); its first step from here leads to exp(200), which float32 has not
const rat43 = fitting(
  'Rat43',
  div(
    parameter('b1', []),
    pow(add(1, exp(sub(parameter('b2', []), mul(parameter('b3', []), x)))), div(1, parameter('b4', []))),
  ),
);
const rat43Data = batchOf(
  [16.08, 33.83, 65.8, 97.2, 191.55, 326.2, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56, 717.41].map(
    (weight, i) => [i + 1, weight],
  ),
);

// Poisson regression of counts near exp(6 + x/2) from θ = 0: the first step is as long as the counts are large
const poisson = (() => {
  const rows = input('rows', ['batch', 1]);
  return rightOf(
    problem({
      name: 'poisson',
      input: rows,
      target: input('counts', ['batch', 1]),
      output: dense(rows, { name: '1', units: 1 }),
      loss: (z, counts) => mean(sub(exp(z), mul(counts, z))),
      metric: 'loss',
      initialiser: initialisers.normal(0),
    }),
  );
})();
const inputs = Float32Array.from({ length: 500 }, (_, i) => i / 250 - 1);
const counts: Batch = { count: 500, inputs, targets: inputs.map((at) => Math.round(Math.exp(6 + 0.5 * at))) };

type Settings = Partial<SgnHyperparameters>;

/** Steps on one batch until the end or an error; every θ that is left has a finite loss. */
const descend = async (
  of: Problem,
  target: Target,
  settings: Settings,
  batch: Batch,
  theta: readonly number[],
  steps: number,
) => {
  const optimizer = sgn(of, sgnHyperparameters.parse(settings), target);
  const reports: SgnReport[] = [];
  let state = optimizer.init(Float32Array.from(theta));
  for (let i = 0; i < steps; i++) {
    const stepped = rightOf(await optimizer.step(state, batch)());
    expect(Number.isFinite(stepped.report.loss), `loss of step ${i + 1}`).to.equal(true);
    expect(Number.isFinite(stepped.report.trialLoss), `loss after step ${i + 1}`).to.equal(true);
    reports.push(stepped.report);
    state = stepped.state;
  }
  return { theta: Array.from(rightOf(await readVector(state.theta)())), reports, state, optimizer };
};

/** A step from a state that must fail. */
const failureOf = async (of: Problem, target: Target, settings: Settings, batch: Batch, theta: readonly number[]) => {
  const optimizer = sgn(of, sgnHyperparameters.parse(settings), target);
  const state = optimizer.init(Float32Array.from(theta));
  const failure = leftOf(await optimizer.step(state, batch)());
  expect(failure.state).to.equal(state);
  return failure.error;
};

const fixed = { lineSearch: false, trustRegion: false } as const;

describe('a loss that is not finite after a step', () => {
  let wasm: Target;
  before(async () => {
    wasm = rightOf(await wasmTarget({ threads: 1 })());
  });
  after(() => wasm.dispose());
  const targets = (): readonly Target[] => [wasm, interpreterTarget];

  it('is a reason for the line search to shrink α, and for the trust region to raise ρ', async () => {
    for (const target of targets()) {
      const { reports, state } = await descend(boxBod, target, {}, boxBodData, [1, 1], 1);
      const [{ ratio, shrinks, stepSize, accepted, rho } = expect.fail('no report')] = reports;
      expect(ratio).to.deep.equal(O.some(Number.NEGATIVE_INFINITY));
      expect([shrinks > 0, stepSize, accepted]).to.deep.equal([true, 0.5 ** shrinks, true]);
      expect(state.damping).to.equal(1.5 * rho);
    }
  });

  for (const settings of [
    {},
    { trustRegion: false },
    { gradientMomentum: 0.1 },
    { warmStart: 0.5 },
    { adaptiveCgIterations: true, minCgIterations: 2 },
  ])
    it(`does not keep BoxBOD from its certified minimum: ${JSON.stringify(settings)}`, async () => {
      for (const target of targets()) {
        const { theta } = await descend(boxBod, target, settings, boxBodData, [1, 1], 300);
        expect(theta[0]).to.be.closeTo(213.80940889, 0.05);
        expect(theta[1]).to.be.closeTo(0.54723748542, 2e-4);
      }
    });

  it('does not keep a Poisson regression of large counts from its maximum likelihood', async () => {
    for (const target of targets()) {
      const { theta } = await descend(poisson, target, {}, counts, [0, 0], 60);
      expect(theta.toSorted((a, b) => a - b)[0]).to.be.closeTo(0.5, 1e-3);
      expect(theta.toSorted((a, b) => a - b)[1]).to.be.closeTo(6, 1e-3);
    }
  });

  it('is a rejected step where the step size is fixed: θ stays, ρ rises, the reports say so, until a step is finite', async () => {
    for (const target of targets()) {
      const settings = { lineSearch: false, gradientMomentum: 0.5, warmStart: 1 };
      const { reports } = await descend(boxBod, target, settings, boxBodData, [1, 1], 40);
      const rejected = reports.filter((report) => report.rejected);
      expect(rejected.length).to.be.greaterThan(3);
      for (const { stepSize, trialLoss, loss, ratio, accepted, step, rho } of rejected) {
        expect([stepSize, trialLoss, accepted]).to.deep.equal([0, loss, false]);
        expect(ratio).to.deep.equal(O.some(Number.NEGATIVE_INFINITY));
        expect(reports[step]?.rho).to.equal(1.5 * rho);
      }
      expect(reports.at(-1)).not.to.have.property('rejected');
      expect(reports.at(-1)?.stepSize).to.equal(1);
    }
  });

  it('is an error that says what to do where neither line search nor trust region can shorten the step', async () => {
    for (const target of targets()) {
      const error = await failureOf(boxBod, target, { ...fixed, stepSize: 0.75 }, boxBodData, [1, 1]);
      expect(showOptimizerError(error)).to.equal(
        'step 1: the loss L(θ + αΔθ) is finite for none of the α that were tried (1, the smallest 0.75) with ρ = 0.001; ' +
          'turn lineSearch or trustRegion on, lower stepSize, or raise damping',
      );
    }
  });

  it('is an error in the end where no step is finite at all, with how often and what to do', async () => {
    // z down to 0, and a cliff below it that no derivative sees
    const cliff = rightOf(
      problem({
        name: 'cliff',
        input: x,
        target: y,
        output: mul(parameter('a', []), x),
        loss: (z, wanted) => mean(add(sub(z, wanted), mul(1e60, less(z, 0)))),
        metric: 'loss',
        initialiser: initialisers.normal(1),
      }),
    );
    const batch = batchOf([[1, 0]]);
    for (const lineSearch of [true, false]) {
      const settings = { lineSearch, maxLineSearchIterations: 2 };
      const { reports, state, optimizer, theta } = await descend(cliff, interpreterTarget, settings, batch, [0], 100);
      expect(reports.every(({ rejected, stepSize }) => rejected && stepSize === 0)).to.equal(true);
      expect(theta).to.deep.equal([0]);
      const { error } = leftOf(await optimizer.step(state, batch)());
      expect(error).to.include({ _tag: 'NoFiniteStepError', step: 101, trials: lineSearch ? 3 : 1, rejections: 100 });
      expect(showOptimizerError(error)).to.include(', nor after 100 rejections before; start from other parameters');
    }
  });

  it('leads the line search on from step to step where the trust region is off', async () => {
    const settings = { trustRegion: false, maxLineSearchIterations: 0 };
    for (const target of targets()) {
      const { reports } = await descend(boxBod, target, settings, boxBodData, [1, 1], 12);
      const moved = reports.findIndex(({ rejected }) => rejected === undefined);
      expect(moved).to.be.within(1, 11);
      expect(reports[moved]?.stepSize).to.equal(0.5 ** moved);
      expect(reports.slice(0, moved).map(({ ratio }) => ratio)).to.deep.equal(
        reports.slice(0, moved).map(() => O.none),
      );
    }
  });

  const rat43Settings: readonly Settings[] = [{}, { trustRegion: false }, { lineSearch: false }];
  for (const settings of rat43Settings)
    it(`is finite, but not its gradient: the step that led there is taken back: ${JSON.stringify(settings)}`, async () => {
      const { reports } = await descend(rat43, wasm, settings, rat43Data, [100, 10, 1, 1], 100);
      expect(reports.map(({ withdrawn }) => withdrawn)).to.include(true);
      const [first, second] = reports;
      expect(second?.withdrawn).to.equal(true);
      // back at the first θ, with ρ raised or α shrunk
      expect(second?.loss).to.equal(first?.loss);
      if (settings.trustRegion !== false) expect(second?.rho).to.equal(1.5 * (first?.rho ?? 0));
      if (settings.lineSearch !== false) expect(second?.stepSize).to.be.at.most(0.5 * (first?.stepSize ?? 0));
      expect(reports.at(-1)?.loss).to.be.below(first?.loss ?? 0);
    });

  it('is finite, but not its gradient: an error where nothing can shorten the step that led there', async () => {
    const { state, optimizer } = await descend(rat43, wasm, fixed, rat43Data, [100, 10, 1, 1], 1);
    const { error } = leftOf(await optimizer.step(state, rat43Data)());
    expect(error).to.include({ _tag: 'NonFiniteError', step: 2, quantity: 'the squared gradient norm gᵀg' });
  });

  it('does not keep Rat43 from its certified minimum in float64', async () => {
    const { theta } = await descend(rat43, interpreterTarget, {}, rat43Data, [100, 10, 1, 1], 300);
    for (const [i, certified] of [699.6415127, 5.2771253025, 0.75962938329, 1.2792483859].entries())
      expect(theta[i]).to.be.closeTo(certified, 1e-3 * certified);
  });

  it('is none of the iterates that cgBacktracking chooses from, unless there is no other', async () => {
    // one parameter, so that CG has one iterate, and no finite loss there
    for (const target of targets()) {
      const settings = { cgBacktracking: true };
      const { reports } = await descend(explosive, target, settings, batchOf([[1, 1e8]]), [0], 40);
      // it is shortened, where Δθ = 0 would have passed for a good step
      expect(reports[0]).to.include({ rejected: true, shrinks: 10 });
      expect(reports[0]?.directionNorm).to.be.greaterThan(1e7);
      expect(reports.at(-1)?.loss).to.be.below(reports[0]?.loss ?? 0);
    }
  });

  const rows: readonly (readonly [Problem, Settings, Batch, readonly number[]])[] = [
    [boxBod, { lineSearch: false, gradientMomentum: 0.5, warmStart: 1 }, boxBodData, [1, 1]],
    [rat43, { gradientMomentum: 0.1, warmStart: 1 }, rat43Data, [100, 10, 1, 1]],
  ];
  for (const [of, settings, batch, theta] of rows)
    it(`goes on from copies of its states to the same bits, in the midst of rejections: ${of.name}`, async () => {
      const optimizer = sgn(of, sgnHyperparameters.parse(settings), wasm);
      /** What every step leaves, as plain data; each step starts from a copy of the last. */
      const states = async (copied: boolean): Promise<readonly unknown[]> => {
        const seen: unknown[] = [];
        let state = optimizer.init(Float32Array.from(theta));
        for (let i = 0; i < 20; i++) {
          const stepped = rightOf(await optimizer.step(state, batch)());
          const plain: unknown = JSON.parse(JSON.stringify(rightOf(await optimizer.encode(stepped.state)())));
          seen.push([plain, stepped.report.rejected, stepped.report.withdrawn]);
          state = copied ? rightOf(optimizer.decode(plain)) : stepped.state;
        }
        return seen;
      };
      const whole = await states(false);
      expect(whole.flat()).to.include(true);
      expect(await states(true)).to.deep.equal(whole);
    });

  it('reads states of before there were rejections', async () => {
    const optimizer = sgn(boxBod, sgnHyperparameters.parse({}), interpreterTarget);
    const state = optimizer.init(Float32Array.of(1, 2));
    const { rejections, origin, ...earlier } = { ...Object(rightOf(await optimizer.encode(state)())) };
    expect([rejections, origin]).to.deep.equal([0, { _tag: 'None' }]);
    expect(rightOf(optimizer.decode(earlier))).to.deep.equal(state);
  });
});

describe('values that are not finite', () => {
  it('within CG are an error that names what overflowed in float32', async () => {
    const target = rightOf(await wasmTarget({ threads: 1 })());
    // J = x = 1e15 and z = 1: gᵀg ≈ 4e30 is finite, pᵀGp ≈ 2e30 · 4e30 is not
    const error = await failureOf(explosive, target, {}, batchOf([[1e15, 2]]), [0]);
    target.dispose();
    expect(error).to.include({ _tag: 'NonFiniteError', step: 1, quantity: 'pᵀ(G + ρI)p of CG' });
  });

  const huge = { learningRate: 1e42 };
  for (const solver of ['sgd', 'momentum', 'nesterov', 'adam'] as const)
    it(`in the next parameters as float32 holds them are an error of ${solver}, where float64 would do`, async () => {
      const settings = solverSchemas[solver].parse(huge);
      const failed = await withOptimizer(solver, boxBod, settings, interpreterTarget, async (optimizer) =>
        leftOf(await optimizer.step(optimizer.init(Float32Array.of(1, 1)), boxBodData)()),
      );
      expect(failed.error).to.deep.equal({
        _tag: 'NonFiniteError',
        step: 1,
        quantity: 'the squared norm of the next parameters θᵀθ',
        value: Number.POSITIVE_INFINITY,
      });
    });

  it('in a direction as float32 holds it are an error of SGN, where float64 would do', async () => {
    // Gauss-Newton on 1e-8 a = 1e13 gives a = 1e21, whose square float32 has not
    const line = fitting('line', mul(parameter('a', []), x));
    const settings = { damping: 1e-60, minDamping: 1e-60, cgTolerance: 0 };
    const error = await failureOf(line, interpreterTarget, settings, batchOf([[1e-8, 1e13]]), [0]);
    expect(error).to.include({ _tag: 'NonFiniteError', quantity: 'the squared norm of the direction ΔθᵀΔθ' });
  });

  it('in the next parameters of SGD are an error', async () => {
    const settings = sgdHyperparameters.parse({ learningRate: 1e30 });
    const target = rightOf(await wasmTarget({ threads: 1 })());
    const optimizer = sgd(explosive, settings, target);
    const failure = leftOf(await optimizer.step(optimizer.init(Float32Array.of(0)), batchOf([[1, 1e10]]))());
    target.dispose();
    expect(failure.error).to.include({
      _tag: 'NonFiniteError',
      quantity: 'the squared norm of the next parameters θᵀθ',
    });
  });
});
