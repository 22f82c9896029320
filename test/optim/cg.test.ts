import { expect } from 'chai';
import fc from 'fast-check';
import { broadcast, constant, type Expr, input, matmul, mul } from '../../dsl/index.js';
import { cg, type LinearMap, stopReason, type Vector } from '../../optim/index.js';
import { evaluatedAll } from '../support/evaluation.js';
import { distance, inner, numbers, plus } from '../support/numbers.js';

interface Solve {
  readonly matrix: Float64Array;
  readonly gradient: Float64Array;
  readonly damping: number;
  readonly tolerance: number;
  readonly iterations: number;
  readonly diagonal?: Float64Array;
}

const names = ['solution', 'residual', 'iteration', 'status'] as const;

/** Solves through the expression, in float64. */
const solve = ({ matrix, gradient, damping, tolerance, iterations, diagonal }: Solve) => {
  const n = gradient.length;
  const [A, g, M]: readonly [Expr<[number, number]>, Vector, Vector] = [
    input('A', [n, n]),
    input('g', [n]),
    input('M', [n]),
  ];
  const curvature: LinearMap = (v) => matmul(A, v);
  const preconditioner: LinearMap = diagonal === undefined ? (v) => v : (v) => mul(M, v);
  const state = cg.solve(
    { gradient: g, curvature, damping: constant(damping), preconditioner },
    { tolerance: constant(tolerance), iterations: constant(iterations) },
  );
  const ones = new Float64Array(n).fill(1);
  const values = evaluatedAll(
    names.map((name) => state[name]),
    new Map<string, Float64Array>([
      ['A', matrix],
      ['g', gradient],
      ['M', diagonal ?? ones],
    ]),
  );
  return {
    solution: values[0] ?? ones,
    residual: values[1] ?? ones,
    iterations: values[2]?.[0],
    reason: stopReason(values[3]?.[0] ?? Number.NaN)._tag,
  };
};

/** Rows × vector. */
const times = (matrix: ArrayLike<number>, vector: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: vector.length }, (_, i) =>
    inner(Array.from(matrix).slice(i * vector.length, (i + 1) * vector.length), vector),
  );

/** BᵀB, positive semi-definite of rank ≤ n. */
const gram = (seed: number, n: number): Float64Array => {
  const B = numbers(seed, n * n);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return Array.from({ length: n }, (_row, k) => (B[k * n + i] ?? 0) * (B[k * n + j] ?? 0)).reduce((a, b) => a + b, 0);
  });
};

/** Gaussian elimination with partial pivoting: (A + ρI) x = −g. */
const denseSolve = (matrix: Float64Array, damping: number, gradient: Float64Array): Float64Array => {
  const n = gradient.length;
  const rows = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_column, j) => (matrix[i * n + j] ?? 0) + (i === j ? damping : 0)),
    -(gradient[i] ?? 0),
  ]);
  const entry = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let k = 0; k < n; k++) {
    const pivot = Array.from({ length: n - k }, (_, i) => i + k).reduce((best, i) =>
      Math.abs(entry(i, k)) > Math.abs(entry(best, k)) ? i : best,
    );
    [rows[k], rows[pivot]] = [rows[pivot] ?? [], rows[k] ?? []];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = entry(i, k) / entry(k, k);
      rows[i] = Array.from({ length: n + 1 }, (_, j) => entry(i, j) - factor * entry(k, j));
    }
  }
  return Float64Array.from({ length: n }, (_, i) => entry(i, n) / entry(i, i));
};

const systems = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  n: fc.integer({ min: 1, max: 8 }),
  damping: fc.double({ min: 0.05, max: 2, noNaN: true }),
});

describe('cg', () => {
  it('solves (G + ρI) Δθ = −m̂ as Gaussian elimination does', () => {
    fc.assert(
      fc.property(systems, ({ seed, n, damping }) => {
        const [matrix, gradient] = [gram(seed, n), numbers(seed + 1, n)];
        const solved = solve({ matrix, gradient, damping, tolerance: 1e-10, iterations: 200 });
        expect(solved.reason).to.equal('Converged');
        expect(distance(solved.solution, denseSolve(matrix, damping, gradient))).to.be.below(1e-7);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the same solution with a preconditioner', () => {
    fc.assert(
      fc.property(systems, ({ seed, n, damping }) => {
        const [matrix, gradient] = [gram(seed, n), numbers(seed + 1, n)];
        const diagonal = Float64Array.from({ length: n }, (_, i) => 1 / ((matrix[i * n + i] ?? 0) + damping));
        const solved = solve({ matrix, gradient, damping, tolerance: 1e-10, iterations: 200, diagonal });
        expect(solved.reason).to.equal('Converged');
        expect(distance(solved.solution, denseSolve(matrix, damping, gradient))).to.be.below(1e-7);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the residual r = (G + ρI)Δθ + m̂ and descends in the model, iteration by iteration', () => {
    fc.assert(
      fc.property(systems, ({ seed, n, damping }) => {
        const [matrix, gradient] = [gram(seed, n), numbers(seed + 1, n)];
        const models = Array.from({ length: n }, (_, iterations) => {
          const { solution, residual } = solve({ matrix, gradient, damping, tolerance: 0, iterations });
          const product = plus(times(matrix, solution), solution, damping);
          expect(distance(residual, plus(product, gradient), 1)).to.be.below(1e-9);
          return inner(gradient, solution) + 0.5 * inner(solution, product);
        });
        for (const [i, model] of models.entries()) if (i > 0) expect(model).to.be.at.most((models[i - 1] ?? 0) + 1e-12);
      }),
      { numRuns: 30 },
    );
  });

  it('stops at its limit and says so', () => {
    const solved = solve({
      matrix: gram(3, 6),
      gradient: numbers(4, 6),
      damping: 0.01,
      tolerance: 1e-12,
      iterations: 2,
    });
    expect([solved.iterations, solved.reason]).to.deep.equal([2, 'MaxIterations']);
  });

  it('has converged before it begins where the gradient is zero', () => {
    const gradient = new Float64Array(3);
    const solved = solve({ matrix: gram(5, 3), gradient, damping: 0.1, tolerance: 0, iterations: 5 });
    expect([solved.iterations, solved.reason]).to.deep.equal([0, 'Converged']);
    expect(Array.from(solved.solution)).to.deep.equal([0, 0, 0]);
  });

  it('takes one iteration, as the algorithm does, where the gradient is within the tolerance from the start', () => {
    const [matrix, gradient] = [gram(5, 3), Float64Array.from([1e-7, -5e-7, 0])];
    const solved = solve({ matrix, gradient, damping: 0.1, tolerance: 1e-6, iterations: 5 });
    expect([solved.iterations, solved.reason]).to.deep.equal([1, 'Converged']);
    const product = plus(times(matrix, gradient), gradient, 0.1);
    const alpha = inner(gradient, gradient) / inner(gradient, product);
    for (const [i, entry] of gradient.entries()) expect(solved.solution[i]).to.be.closeTo(-alpha * entry, 1e-18);
  });

  it('takes none where rᵀr is too small to divide by', () => {
    const gradient = Float64Array.from([1e-16, -1e-16, 0]);
    const solved = solve({ matrix: gram(5, 3), gradient, damping: 0.1, tolerance: 1e-6, iterations: 5 });
    expect([solved.iterations, solved.reason]).to.deep.equal([0, 'Converged']);
    expect(Array.from(solved.solution)).to.deep.equal([0, 0, 0]);
  });

  it('does not break down when it iterates far beyond the dimension', () => {
    const [matrix, gradient] = [gram(7, 4), numbers(8, 4)];
    const solved = solve({ matrix, gradient, damping: 0.1, tolerance: 0, iterations: 200 });
    expect(distance(solved.solution, denseSolve(matrix, 0.1, gradient))).to.be.below(1e-9);
  });

  it('keeps the last solution where the curvature is not positive', () => {
    const matrix = Float64Array.from([1, 0, 0, -1]);
    const solved = solve({
      matrix,
      gradient: Float64Array.from([1, 1]),
      damping: 0,
      tolerance: 1e-9,
      iterations: 5,
    });
    expect([solved.iterations, solved.reason]).to.deep.equal([0, 'NonPositiveCurvature']);
    expect(Array.from(solved.solution)).to.deep.equal([0, 0]);
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    it(`says NonFinite for ${bad} in the gradient or the curvature`, () => {
      const matrix = gram(9, 3);
      const common = { damping: 0.1, tolerance: 1e-9, iterations: 5 };
      expect(solve({ ...common, matrix, gradient: Float64Array.from([1, bad, 1]) }).reason).to.equal('NonFinite');
      const spoilt = matrix.map((value, i) => (i === 4 ? bad : value));
      expect(solve({ ...common, matrix: spoilt, gradient: numbers(2, 3) }).reason).to.equal('NonFinite');
    });

  it('takes any code that it does not know for NonFinite', () => {
    expect(stopReason(0)._tag).to.equal('NonFinite');
    expect(stopReason(Number.NaN)._tag).to.equal('NonFinite');
  });

  it('starts from Δθ = 0, whatever the gradient holds', () => {
    const zero = broadcast(constant(0), [3]);
    const system = {
      gradient: input('g', [3]),
      curvature: (v: Vector) => v,
      damping: constant(1),
      preconditioner: (v: Vector) => v,
    };
    const limits = { tolerance: constant(0), iterations: constant(1) };
    expect(cg.init(system, limits).solution).to.equal(zero);
  });
});
