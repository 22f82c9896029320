import { expect } from 'chai';
import { constant, input } from '../../dsl/index.js';
import {
  cg,
  curvatures,
  gradientAt,
  paperVariant,
  readVector,
  type SgnHyperparameters,
  sgn,
  sgnHyperparameters,
  stopReason,
  type Vector,
} from '../../optim/index.js';
import { interpreterTarget } from '../../runtime/index.js';
import { evaluatedAll, rightOf } from '../support/evaluation.js';
import { batchOf, twoParameterProblem } from './problems.js';
import type { Pair } from './reference.js';

const damping = 1e-3;
const sample: Pair = [1, -3];

/** g and ∇²L + ρI = [aa, ab; ab, bb] by hand: f = b tanh(a x) at the one sample, t = tanh a, s = 1 − t², r = bt + 3. */
const byHand = ([a, b]: Pair) => {
  const t = Math.tanh(a);
  const s = 1 - t ** 2;
  const r = b * t + 3;
  const g: Pair = [2 * r * b * s, 2 * r * t];
  const [aa, ab, bb] = [
    2 * b ** 2 * s ** 2 - 4 * r * b * t * s + damping,
    2 * b * t * s + 2 * r * s,
    2 * t ** 2 + damping,
  ];
  /** pᵀ(∇²L + ρI)p. */
  const along = ([u, v]: Pair): number => aa * u ** 2 + 2 * ab * u * v + bb * v ** 2;
  return { g, along, determinant: aa * bb - ab ** 2 };
};

/** ∇²L + ρI is indefinite at both: along −g it is negative at the first and positive at the second. */
const [concave, saddle]: readonly [Pair, Pair] = [
  [1, 3],
  [1, 1],
];

/** θ′ − θ of the step α = 1, as it comes from CG. */
const stepFrom = async (theta: Pair, given: Partial<SgnHyperparameters>) => {
  const settings = sgnHyperparameters.parse({ damping, trustRegion: false, lineSearch: false, ...given });
  const optimizer = sgn(rightOf(twoParameterProblem), settings, interpreterTarget);
  const stepped = rightOf(await optimizer.step(optimizer.init(Float32Array.from(theta)), batchOf([sample]))());
  const next = rightOf(await readVector(stepped.state.theta)());
  const { stopReason: reason, cgIterations, directionNorm } = stepped.report;
  return { moved: theta.map((value, i) => (next[i] ?? Number.NaN) - value), reason, cgIterations, directionNorm };
};

const expectPair = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  expect(actual).to.have.length(expected.length);
  // θ is read back as float32
  for (const [i, value] of expected.entries()) expect(actual[i]).to.be.closeTo(value, 1e-6 * Math.abs(value) + 1e-6);
};

/** CG itself on the Hessian: Δθ, its iterations, and why it stopped. */
const solve = (theta: Pair, guard: boolean) => {
  const problem = rightOf(twoParameterProblem);
  const point: Vector = input('theta', [2]);
  const { solution, iteration, status } = cg.solve(
    {
      gradient: gradientAt(problem, point),
      curvature: curvatures.hessian(problem, point),
      damping: constant(damping),
      preconditioner: (vector) => vector,
    },
    { tolerance: constant(1e-6), iterations: constant(10) },
    { ...paperVariant, guard },
  );
  const environment = new Map<string, readonly number[]>([
    ['theta', theta],
    ['x', [sample[0]]],
    ['y', [sample[1]]],
  ]);
  const [direction = [], [iterations] = [], [code = Number.NaN] = []] = evaluatedAll(
    [solution, iteration, status],
    environment,
    { batch: 1 },
  );
  return { direction: Array.from(direction), iterations, reason: stopReason(code)._tag };
};

describe('negative curvature', () => {
  it('is there, by hand, on both sides of the first direction', () => {
    for (const theta of [concave, saddle]) expect(byHand(theta).determinant).to.be.below(0);
    expect(byHand(concave).along(byHand(concave).g)).to.be.below(-1000);
    expect(byHand(saddle).along(byHand(saddle).g)).to.be.above(100);
  });

  it('along the first direction: the guarded CG ends at once with Δθ = −g', () => {
    const { g } = byHand(concave);
    const { direction, iterations, reason } = solve(concave, true);
    expect([iterations, reason]).to.deep.equal([0, 'NonPositiveCurvature']);
    for (const [i, value] of g.entries()) expect(direction[i]).to.be.closeTo(-value, 1e-12);
  });

  it('along the first direction: CG without the guard ends at once with Δθ = 0', () => {
    expect(solve(concave, false)).to.deep.equal({ direction: [0, 0], iterations: 0, reason: 'NonPositiveCurvature' });
  });

  it('along a later direction: CG ends with what it has, Δθ = −(gᵀg / gᵀ(∇²L + ρI)g) g, with and without the guard', () => {
    const { g, along } = byHand(saddle);
    const alpha = (g[0] ** 2 + g[1] ** 2) / along(g);
    for (const guard of [true, false]) {
      const { direction, iterations, reason } = solve(saddle, guard);
      expect([iterations, reason]).to.deep.equal([1, 'NonPositiveCurvature']);
      for (const [i, value] of g.entries()) expect(direction[i]).to.be.closeTo(-alpha * value, 1e-12);
    }
  });

  it('SGN with the Hessian steps along −g, whether the option is on or off', async () => {
    const { g } = byHand(concave);
    for (const negativeCurvatureGuard of [true, false]) {
      const { moved, reason, cgIterations } = await stepFrom(concave, { curvature: 'hessian', negativeCurvatureGuard });
      expect([cgIterations, reason]).to.deep.equal([0, 'NonPositiveCurvature']);
      expectPair(moved, [-g[0], -g[1]]);
    }
  });

  it('SGN with the Hessian steps along −Mg where it has a preconditioner', async () => {
    const { g } = byHand(concave);
    const step = g.map((value) => -value / (value ** 2 + damping) ** 0.25);
    // −Mg has negative curvature as well
    expect(byHand(concave).along([step[0] ?? 0, step[1] ?? 0])).to.be.below(0);
    const { moved, reason } = await stepFrom(concave, {
      curvature: 'hessian',
      preconditioner: 'diagonal',
      preconditionerExponent: 0.25,
    });
    expect(reason).to.equal('NonPositiveCurvature');
    expectPair(moved, step);
  });

  it('SGN with the Hessian takes the first step of CG where only the second direction has negative curvature', async () => {
    const { g, along } = byHand(saddle);
    const alpha = (g[0] ** 2 + g[1] ** 2) / along(g);
    const { moved, reason, cgIterations } = await stepFrom(saddle, { curvature: 'hessian' });
    expect([cgIterations, reason]).to.deep.equal([1, 'NonPositiveCurvature']);
    expectPair(moved, [-alpha * g[0], -alpha * g[1]]);
  });

  it('SGN with the GGN meets pᵀ(G + ρI)p too small to divide by: the option decides between −g and no step', async () => {
    // g = (0, 6a) here, and pᵀ(G + ρI)p = (2a² + ρ) (6a)² < 1e-30
    const theta: Pair = [Math.fround(1e-16), 0];
    const expected = 6 * theta[0];
    const [on, off] = [
      await stepFrom(theta, { cgTolerance: 0, negativeCurvatureGuard: true }),
      await stepFrom(theta, { cgTolerance: 0 }),
    ];
    expect([on.reason, off.reason]).to.deep.equal(['NonPositiveCurvature', 'NonPositiveCurvature']);
    expect(on.directionNorm).to.be.closeTo(expected, 1e-9 * expected);
    expect(on.moved[1]).to.be.closeTo(-expected, 1e-6 * expected);
    expect([off.directionNorm, off.moved[1]]).to.deep.equal([0, 0]);
  });
});
