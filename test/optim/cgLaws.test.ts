import { expect } from 'chai';
import fc from 'fast-check';
import type { Environment } from '../../compiler/index.js';
import { add, type Expr, input } from '../../dsl/index.js';
import {
  both,
  type CgState,
  type CgSystem,
  type CgVariant,
  cg,
  curvatures,
  gradientAt,
  lossAt,
  lowestLoss,
  paperVariant,
  relativeProgress,
  type Scalar,
  solveWatched,
  stopReason,
  type Vector,
  type Watcher,
} from '../../optim/index.js';
import { evaluated, evaluatedAll, rightOf } from '../support/evaluation.js';
import { distance, inner, numbers, plus } from '../support/numbers.js';
import { smallMlp } from './problems.js';

// The GGN of a random perceptron 3–5–2, 32 parameters, in float64.
const problem = rightOf(smallMlp);
const { length } = problem.parameters;
const batch = 20;

const vector = (name: string): Vector => input(name, [length]);
const scalar = (name: string): Scalar => input(name, []);
const theta = vector('theta');
const system: CgSystem = {
  gradient: gradientAt(problem, theta),
  curvature: curvatures.ggn(problem, theta),
  damping: scalar('damping'),
  preconditioner: (v) => v,
};
const limits = { tolerance: scalar('tolerance'), iterations: scalar('iterations') };
const lossAfter = (direction: Vector): Scalar => lossAt(problem, add(theta, direction));

const warmVariant: CgVariant = { ...paperVariant, start: vector('start') };
const descent: CgVariant = { ...paperVariant, conjugate: false };

interface Given {
  readonly seed: number;
  readonly damping: number;
  readonly tolerance?: number;
  readonly iterations?: number;
  readonly start?: ArrayLike<number>;
}

const environmentOf = ({ seed, damping, tolerance = 1e-10, iterations = 400, start = [] }: Given): Environment =>
  new Map<string, ArrayLike<number>>([
    ['theta', numbers(seed, length, -2, 2)],
    ['rows', numbers(seed + 1, 3 * batch, -2, 2)],
    ['wanted', numbers(seed + 2, 2 * batch)],
    ['damping', [damping]],
    ['tolerance', [tolerance]],
    ['iterations', [iterations]],
    ['start', start],
  ]);

/** A state's numbers. */
interface Reached {
  readonly solution: Float64Array;
  readonly residual: Float64Array;
  readonly iterations: number;
  readonly reason: string;
}

const none = new Float64Array(0);

const reachedBy = ({ solution, residual, iteration, status }: CgState, given: Given): Reached => {
  const [x = none, r = none, [iterations = Number.NaN] = none, [code = Number.NaN] = none] = evaluatedAll(
    [solution, residual, iteration, status],
    environmentOf(given),
    { batch },
  );
  return { solution: x, residual: r, iterations, reason: stopReason(code)._tag };
};

const coldState = cg.solve(system, limits);
const warmState = cg.solve(system, limits, warmVariant);
const cold = (given: Given): Reached => reachedBy(coldState, given);
const warm = (given: Given, start: ArrayLike<number>): Reached => reachedBy(warmState, { ...given, start });

const gradientOf = (given: Given): Float64Array => evaluated(system.gradient, environmentOf(given), { batch });

const dampedProduct = system.curvature(vector('v'));

/** (G + ρI)v. */
const productOf = (given: Given, v: ArrayLike<number>): Float64Array =>
  plus(evaluated(dampedProduct, new Map([...environmentOf(given), ['v', v]]), { batch }), v, given.damping);

/** φ(v) = m̂ᵀv + ½ vᵀ(G + ρI)v. */
const modelOf = (given: Given, v: ArrayLike<number>): number =>
  inner(gradientOf(given), v) + 0.5 * inner(v, productOf(given, v));

const systems = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  damping: fc.double({ min: 0.02, max: 0.5, noNaN: true }),
});

const law = (check: (given: Given) => void): void => {
  fc.assert(fc.property(systems, check), { numRuns: 12 });
};

describe('a warm start of CG on a perceptron', () => {
  it('reaches the solution of a cold one, from wherever the model is below 0', () => {
    fc.assert(
      fc.property(
        systems,
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        (given, iterations, share) => {
          const whole = cold(given);
          const start = cold({ ...given, iterations }).solution.map((x) => share * x);
          expect(modelOf(given, start)).to.be.below(0);
          const warmed = warm(given, start);
          expect([whole.reason, warmed.reason]).to.deep.equal(['Converged', 'Converged']);
          expect(distance(warmed.solution, whole.solution)).to.be.below(1e-7);
          // and does start there
          expect(warm({ ...given, iterations: 0 }, start).solution).to.deep.equal(start);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('ends after the one iteration that there always is, at the start, where that is the solution', () => {
    law((given) => {
      const { solution } = cold({ ...given, tolerance: 1e-12 });
      const warmed = warm({ ...given, tolerance: 1e-9 }, solution);
      expect([warmed.iterations, warmed.reason]).to.deep.equal([1, 'Converged']);
      expect(distance(warmed.solution, solution)).to.be.below(1e-9);
    });
  });

  it('is left aside where the model is not below 0: the same bits as a cold start', () => {
    law((given) => {
      const iterations = 5;
      const uphill = gradientOf(given);
      const far = cold(given).solution.map((x) => 3 * x);
      for (const start of [uphill, far, new Float64Array(length)]) {
        expect(modelOf(given, start)).to.be.at.least(0);
        expect(warm({ ...given, iterations }, start)).to.deep.equal(cold({ ...given, iterations }));
      }
    });
  });

  it('keeps r = (G + ρI)Δθ + m̂ and never lets the model rise above that of the start', () => {
    law((given) => {
      const start = cold({ ...given, iterations: 3 }).solution;
      let last = modelOf(given, start);
      for (const iterations of [0, 1, 2, 4, 8, 16]) {
        const { solution, residual } = warm({ ...given, iterations }, start);
        expect(distance(residual, plus(productOf(given, solution), gradientOf(given)), 1)).to.be.below(1e-9);
        const model = modelOf(given, solution);
        expect(model).to.be.at.most(last + 1e-12);
        last = model;
      }
    });
  });
});

/** One state of CG as numbers, with the model and the loss there. */
interface Traced extends Reached {
  readonly model: number;
  readonly loss: number;
}

const stateOf: CgState = {
  solution: vector('solution'),
  residual: vector('residual'),
  direction: vector('direction'),
  residualProduct: scalar('residualProduct'),
  curvature: scalar('curvature'),
  iteration: scalar('iteration'),
  status: scalar('status'),
};
const keys = ['solution', 'residual', 'direction', 'residualProduct', 'curvature', 'iteration', 'status'] as const;
const rootsOf = (state: CgState): readonly Expr[] => [
  ...keys.map((key) => state[key]),
  lossAfter(state.solution),
  cg.proceed(state),
];
const firstRoots = rootsOf(cg.init(system, limits));
const nextRoots = (variant: CgVariant) => rootsOf(cg.step(stateOf, system, limits, variant));
const roots = new Map([paperVariant, descent].map((variant) => [variant, nextRoots(variant)]));

/** All states of an unwatched CG, one evaluation each, from the first. */
const trace = (given: Given, variant: CgVariant): readonly Traced[] => {
  const environment = environmentOf(given);
  const gradient = gradientOf(given);
  const states: Traced[] = [];
  let values = evaluatedAll(firstRoots, environment, { batch });
  for (;;) {
    const [solution = none, residual = none, , , , ...rest] = values;
    const [iterations = 0, code = 0, loss = 0, proceed = 0] = rest.map(([value]) => value);
    const model = 0.5 * inner(plus(residual, gradient), solution);
    states.push({ solution, residual, iterations, reason: stopReason(code)._tag, model, loss });
    if (proceed === 0) return states;
    const at = new Map([...environment, ...keys.map((key, i) => [key, values[i] ?? none] as const)]);
    values = evaluatedAll(roots.get(variant) ?? [], at, { batch });
  }
};

/** The first iteration at which Martens' rule ends CG. */
const endOfProgress = (states: readonly Traced[], epsilon: number): number => {
  const end = states.findIndex(({ model }, i) => {
    const k = Math.max(10, 0.1 * i);
    const before = states[Math.floor(i - k)]?.model ?? 0;
    return i > k && model < 0 && (model - before) / model < k * epsilon;
  });
  return end < 0 ? states.length - 1 : end;
};

/** The iterate with the lowest loss, the start aside. */
const lowestOf = (states: readonly Traced[]): Traced | undefined =>
  states
    .slice(1)
    .reduce<Traced | undefined>((best, state) => (best && best.loss <= state.loss ? best : state), undefined);

type Variables = Readonly<Record<string, Expr>>;

const watched = <W extends Variables>(given: Given, variant: CgVariant, watcher: Watcher<W>): Reached =>
  reachedBy(solveWatched(system, limits, variant, watcher), given);

const lowest = lowestLoss(lossAfter);

const seeds = [1, 2, 3, 4];

const kinds = [
  { name: 'conjugate gradients', variant: paperVariant, epsilon: 1e-3, iterations: 100 },
  // slow enough that the window grows beyond 10 iterations
  { name: 'gradient descent', variant: descent, epsilon: 1e-4, iterations: 220 },
] as const;

for (const { name, variant, epsilon, iterations } of kinds)
  describe(`watched ${name} on a perceptron`, () => {
    const progress = relativeProgress(system.gradient, epsilon, iterations);
    // with so little damping the model's lowest point is not the loss's
    const weak = (seed: number): Given => ({ seed, damping: 1e-3, tolerance: 1e-10, iterations });

    it('ends at the iteration of Martens’ rule, with the iterate there', () => {
      for (const seed of seeds) {
        const states = trace(weak(seed), variant);
        const end = endOfProgress(states, epsilon);
        const { solution, residual } = states[end] ?? { solution: none, residual: none };
        // neither at once nor at the limit, so that the rule decides
        expect(end).to.be.within(11, states.length - 2);
        expect(watched(weak(seed), variant, progress)).to.deep.equal({
          solution,
          residual,
          iterations: end,
          reason: 'RelativeProgress',
        });
      }
    });

    it('takes the iterate with the lowest loss, its residual with it, and ends as unwatched', () => {
      for (const seed of seeds) {
        const given = { ...weak(seed), iterations: 25 };
        const states = trace(given, variant);
        const [best, last] = [lowestOf(states), states.at(-1)];
        expect(watched(given, variant, lowest)).to.deep.equal({
          solution: best?.solution,
          residual: best?.residual,
          iterations: last?.iterations,
          reason: last?.reason,
        });
      }
    });

    it('does both at once, in either order: the lowest loss of the iterates up to where the rule ends', () => {
      const earlier: number[] = [];
      for (const seed of seeds) {
        const states = trace(weak(seed), variant);
        const end = endOfProgress(states, epsilon);
        const best = lowestOf(states.slice(0, end + 1));
        const expected = {
          solution: best?.solution,
          residual: best?.residual,
          iterations: end,
          reason: 'RelativeProgress',
        };
        expect(watched(weak(seed), variant, both(progress, lowest))).to.deep.equal(expected);
        expect(watched(weak(seed), variant, both(lowest, progress))).to.deep.equal(expected);
        if (best !== undefined && best.iterations < end) earlier.push(seed);
      }
      expect(earlier, 'the last iterate is always the best').not.to.deep.equal([]);
    });
  });
