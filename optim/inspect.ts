/** Looking into a problem: its derivatives, and what one SGN step runs, staged as it runs it. */

import * as E from 'fp-ts/lib/Either.js';
import { graphNames, type InspectedGraph, laneTitles } from '../compiler/inspect/graphs.js';
import { type Inspected, inspect, inspectGraph } from '../compiler/inspect/inspect.js';
import { type DslError, type Expr, input, type ParameterSpace, postorder, splitParameters } from '../dsl/index.js';
import { internal } from '../dsl/internal.js';
import { hasOwnBatch, onCurvatureBatch } from './curvatureBatch.js';
import type { RunSettings } from './experiment.js';
import type { Problem } from './problem.js';
import { sgnProgram } from './sgnProgram.js';

/** Every graph that can be looked at. */
export const inspectableGraphs = [...graphNames, 'cg', 'step'] as const;

/** The name of a graph. */
export type InspectableGraph = (typeof inspectableGraphs)[number];

const runs: Readonly<Record<string, string>> = {
  linearize: 'once per step',
  solve: 'once per step, its loop once per direction',
  trial: 'once per step length of the line search',
};

const formulas: Readonly<Record<'cg' | 'step', string>> = {
  cg: '(G + ρI) Δθ = −m̂ by conjugate gradients   (eq. 15, algorithm 2)',
  step: 'one SGN step: g at θ, Δθ by conjugate gradients, the loss at θ⁺ = θ + αΔθ',
};

/** The loop variable that CG multiplies G with. */
const directionOf = (roots: readonly Expr[]): Expr | undefined =>
  postorder(roots)
    .flatMap(({ node }) => (node.op === 'iterate' ? node.variables : []))
    .find(({ node }) => node.op === 'variable' && node.name === 'direction');

/**
 * The points θ + Δ at which the model is run, that of the line search first: CG has one where it goes back to the lowest
 * loss.
 */
const pointsOf = (roots: readonly Expr[], theta: Expr, parameters: ParameterSpace): readonly Expr[] => {
  const within = new Set(postorder(roots));
  const found = [...within].filter(
    (expr) =>
      expr.node.op === 'map' &&
      expr.node.fn === 'add' &&
      expr.node.operands.includes(theta) &&
      splitParameters(parameters, expr).every((view) => within.has(view)),
  );
  return found.toReversed();
};

const inspectStep = (problem: Problem, { sgn }: Pick<RunSettings, 'sgn'>, name: 'cg' | 'step'): Inspected => {
  const definition = sgnProgram(problem, sgn);
  const stages = definition.stages
    .filter((stage) => name === 'step' || stage.name !== 'trial')
    .map((stage) => ({
      ...stage,
      runs: runs[stage.name] ?? internal('inspectStep', `no words for stage ${stage.name}`),
    }));
  const roots = stages.flatMap(({ outputs }): readonly Expr[] => Object.values(outputs));
  const direction = directionOf(roots);
  const theta: Expr = input('theta', [problem.parameters.length]);
  const graph: InspectedGraph = {
    name,
    formula: formulas[name],
    titles: laneTitles('of ∇ℓ, or of H J v in the loop'),
    stages,
    theta,
    points: pointsOf(roots, theta, problem.parameters),
    ...(hasOwnBatch(sgn) ? { onCurvatureBatch: (exprs) => onCurvatureBatch(problem, exprs) } : {}),
    ...(direction === undefined ? {} : { direction }),
  };
  const inspected = inspectGraph(problem, graph);
  return {
    ...inspected,
    compile: (sizes) => {
      // without a size of the batch, compilation says so
      const count = sizes[problem.batch];
      return inspected.compile({ ...(count === undefined ? {} : definition.sizes?.(count)), ...sizes });
    },
  };
};

/**
 * Looks into a graph of a problem; `cg` and `step` are those of the optimizer with these settings. Left: a mistake in the
 * problem.
 */
export const inspectProblem = (
  problem: Problem,
  settings: Pick<RunSettings, 'sgn'>,
  name: InspectableGraph,
): E.Either<DslError, Inspected> =>
  name === 'cg' || name === 'step' ? E.right(inspectStep(problem, settings, name)) : inspect(problem, name);
