/**
 * What may watch the iterations of CG: it keeps variables of its own in the same loop on the target, may end the loop,
 * and may choose an earlier iterate.
 */
import {
  add,
  broadcast,
  constant,
  dot,
  type Expr,
  equal,
  iota,
  iterate,
  less,
  max,
  mul,
  select,
  sub,
  sum,
} from '../dsl/index.js';
import {
  type CgLimits,
  type CgState,
  type CgSystem,
  type CgVariant,
  cg,
  codes,
  type Scalar,
  type Vector,
} from './cg.js';

/** Δθ and its residual r = (G + ρI)Δθ + m̂, both [d]. */
export type Iterate = Pick<CgState, 'solution' | 'residual'>;

/** Variables of a watcher, by names that no other part of the loop uses. */
type Variables = Readonly<Record<string, Expr>>;

/** Something that watches the iterations. */
export interface Watcher<W extends Variables> {
  /** Its variables before the first iteration. */
  readonly init: (state: CgState) => W;
  /** Its variables after the iteration that led to `state`. */
  readonly step: (watched: W, state: CgState) => W;
  /** The status of `state`, other than before where it ends the loop; `watched` is from before the iteration. */
  readonly status: (watched: W, state: CgState) => Scalar;
  /** The iterate to take, out of the last one and what was watched. */
  readonly choose: (watched: W, last: Iterate) => Iterate;
}

/** Watches nothing. */
export const unwatched: Watcher<Readonly<Record<never, Expr>>> = {
  init: () => ({}),
  step: () => ({}),
  status: (_, { status }) => status,
  choose: (_, last) => last,
};

/** Two watchers, of different variables. */
export const both = <A extends Variables, B extends Variables>(a: Watcher<A>, b: Watcher<B>): Watcher<A & B> => ({
  init: (state) => ({ ...a.init(state), ...b.init(state) }),
  step: (watched, state) => ({ ...a.step(watched, state), ...b.step(watched, state) }),
  status: (watched, state) => b.status(watched, { ...state, status: a.status(watched, state) }),
  choose: (watched, last) => b.choose(watched, a.choose(watched, last)),
});

/** The variables of `relativeProgress`. A type alias, so that it is a record of expressions. */
type Progress = {
  /** φ after iterations 0, 1, …, limit. */
  readonly progressHistory: Vector;
};

/** The least number of iterations over which progress is judged. */
const leastWindow = 10;

/**
 * Martens (2010, section 4.4): CG ends at iteration i > k where φ(Δθᵢ) < 0 and
 * (φ(Δθᵢ) − φ(Δθᵢ₋ₖ)) / φ(Δθᵢ) < kε, with k = max(10, 0.1 i) and the quadratic model φ(Δθ) = ½ (r + m̂)ᵀΔθ.
 * `limit` is the largest number of iterations that there can be.
 */
export const relativeProgress = (gradient: Vector, epsilon: number, limit: number): Watcher<Progress> => {
  const positions = iota(limit + 1);
  const model = ({ residual, solution }: Iterate): Scalar => mul(0.5, dot(add(residual, gradient), solution));
  return {
    init: (state) => ({ progressHistory: select(equal(positions, 0), model(state), 0) }),
    step: ({ progressHistory }, state) => ({
      progressHistory: select(equal(positions, state.iteration), model(state), progressHistory),
    }),
    status: ({ progressHistory }, state) => {
      const now = model(state);
      const window = max(leastWindow, mul(0.1, state.iteration));
      // ⌊i − k⌋: the one position that is at most i − k and more than i − k − 1
      const back = sub(state.iteration, window);
      const there = mul(sub(1, less(back, positions)), less(sub(back, 1), positions));
      const before = sum(mul(there, progressHistory));
      // divided by φ < 0, the inequality turns round
      const slow = less(mul(mul(window, epsilon), now), sub(now, before));
      const falls = mul(less(window, state.iteration), less(now, 0));
      const ends = mul(mul(falls, slow), equal(state.status, codes.running));
      return select(ends, codes.relativeProgress, state.status);
    },
    choose: (_, last) => last,
  };
};

/** The variables of `lowestLoss`. A type alias, so that it is a record of expressions. */
type Lowest = {
  readonly lowestLoss: Scalar;
  readonly lowestSolution: Vector;
  readonly lowestResidual: Vector;
};

// Above every loss that is finite in float32, but for the very last of them.
const anyLoss = 3.4e38;

/**
 * CG backtracking (Martens 2010, section 4.6): the iterate with the lowest loss L(θ + Δθ) on the batch, not the last
 * one. Martens looks at some of the iterates after CG; here each is looked at as CG goes, one forward pass per
 * iteration, so that only the best is kept and nothing leaves the target. Where no iterate has a finite loss it is the
 * last one, which the line search may shorten.
 */
export const lowestLoss = (lossOf: (solution: Vector) => Scalar): Watcher<Lowest> => ({
  init: ({ solution, residual }) => ({
    lowestLoss: constant(anyLoss),
    lowestSolution: solution,
    lowestResidual: residual,
  }),
  step: (lowest, { solution, residual }) => {
    const loss = lossOf(solution);
    const lower = less(loss, lowest.lowestLoss);
    const wide = broadcast(lower, solution.shape);
    return {
      lowestLoss: select(lower, loss, lowest.lowestLoss),
      lowestSolution: select(wide, solution, lowest.lowestSolution),
      lowestResidual: select(wide, residual, lowest.lowestResidual),
    };
  },
  status: (_, { status }) => status,
  choose: (lowest, last) => {
    const wide = broadcast(less(lowest.lowestLoss, anyLoss), last.solution.shape);
    return {
      solution: select(wide, lowest.lowestSolution, last.solution),
      residual: select(wide, lowest.lowestResidual, last.residual),
    };
  },
});

/** The state in which a watched solve ends, with the iterate that the watcher chooses as its solution and residual. */
export const solveWatched = <W extends Variables>(
  system: CgSystem,
  limits: CgLimits,
  variant: CgVariant,
  watcher: Watcher<W>,
): CgState => {
  const first = cg.init(system, limits, variant);
  const ended = iterate<CgState & W>({
    initial: { ...first, ...watcher.init(first) },
    step: (state) => {
      const next = cg.step(state, system, limits, variant);
      return { ...next, ...watcher.step(state, next), status: watcher.status(state, next) };
    },
    proceed: cg.proceed,
  });
  return { ...ended, ...watcher.choose(ended, ended) };
};
