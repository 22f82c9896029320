/**
 * What SGN's options do: SGN(10) with the paper's settings, and the same with one option changed at a time. Sources are
 * in `docs/optimizers.md`, and so is what this study measured.
 */
import { type StudyInput, study } from '../optim/index.js';

type Sgn = NonNullable<StudyInput['solvers'][string]['sgn']>;

const variant = (changed: Sgn): StudyInput['solvers'][string] => ({
  solver: 'sgn',
  sgn: { damping: 1e-4, maxCgIterations: 10, ...changed },
});

export default study({
  name: 'options',
  title: "SGN's options, one at a time",
  benchmarks: {
    boston: { experiment: 'boston', epochs: 100 },
    sine: { experiment: 'sine', epochs: 100 },
    mnist: { experiment: 'mnist', seconds: 25 },
  },
  solvers: {
    'SGN(10)': variant({}),
    'gradient momentum': variant({ gradientMomentum: 0.5 }),
    'diagonal preconditioner': variant({ preconditioner: 'diagonal', preconditionerExponent: 0.75 }),
    'Jacobi preconditioner': variant({ preconditioner: 'jacobi', preconditionerExponent: 0.75 }),
    'relative progress': variant({ cgProgressTolerance: 5e-4, minCgIterations: 50, maxCgIterations: 50 }),
    'CG backtracking': variant({ cgBacktracking: true }),
    'warm start': variant({ warmStart: 0.95 }),
    'curvature on a subset': variant({ curvatureSamples: 50 }),
    'curvature on other samples': variant({ curvatureSamples: 50, curvatureBatch: 'independent' }),
    'adaptive CG': variant({ adaptiveCgIterations: true, minCgIterations: 2 }),
    'gradient descent inside': variant({ innerSolver: 'gradientDescent' }),
    Hessian: variant({ curvature: 'hessian' }),
    Fisher: variant({ curvature: 'fisher' }),
    'empirical Fisher': variant({ curvature: 'empiricalFisher' }),
  },
  seeds: [0, 1, 2, 3, 4],
});
