/** A graph with its origins and names, followed through the passes of the compiler. */

import { postorder } from '../../dsl/expr.js';
import { lookup, zip } from '../../dsl/internal.js';
import { input } from '../../dsl/leaves.js';
import type { Expr } from '../../dsl/node.js';
import { splitParameters } from '../../dsl/parameters.js';
import { type Shape, sameShape } from '../../dsl/shape.js';
import { operandsOf } from '../../dsl/structure.js';
import { analyze } from '../lower/analysis.js';
import { groupFactors } from '../lower/reassociate.js';
import { runPasses } from '../passes.js';
import { isConstant, type Names } from '../print/names.js';
import { boundModel, type InspectedGraph, type InspectedModel } from './graphs.js';
import { graphNamesOf } from './naming.js';
import { type Origin, type Origins, originsOf } from './origins.js';

/** The graph as it stands after one pass. */
export interface Level {
  /** The last pass that has run; `derived` before the first, `staged` after the regrouping that lowering begins with. */
  readonly pass: string;
  /** The outputs of each stage. */
  readonly stages: readonly { readonly name: string; readonly outputs: Readonly<Record<string, Expr>> }[];
  readonly given: Names;
  readonly names: Names;
  readonly origins: Origins;
  /** What uses a value of the forward pass, as it was derived. */
  readonly users: ReadonlyMap<Expr, readonly Expr[]>;
  /** The derived expressions that became an expression, in the order in which they were derived. */
  readonly derivedFrom: ReadonlyMap<Expr, Expr>;
}

const firstWins = <V>(entries: Iterable<readonly [Expr, V]>): ReadonlyMap<Expr, V> => {
  const table = new Map<Expr, V>();
  for (const [expr, value] of entries) if (!table.has(expr)) table.set(expr, value);
  return table;
};

const usersOf = (order: readonly Expr[]): ReadonlyMap<Expr, readonly Expr[]> => {
  const users = new Map<Expr, Expr[]>();
  for (const expr of order)
    for (const operand of new Set(operandsOf(expr.node))) {
      const known = users.get(operand);
      if (known === undefined) users.set(operand, [expr]);
      else known.push(expr);
    }
  return users;
};

/** What every pass makes of some expressions, and what staging makes of them in the end. */
const traceOf = (
  outputs: readonly Expr[],
  followed: readonly Expr[],
  { stages }: InspectedGraph,
): readonly { readonly pass: string; readonly outputs: readonly Expr[] }[] => {
  // Every pass rewrites an expression by itself: run over all of them, it tells what became of each.
  const trace = runPasses(followed);
  const last = trace.at(-1)?.outputs ?? followed;
  const stageOfInput = new Map(stages.flatMap(({ inputs }, stage) => inputs.map((leaf) => [leaf, stage] as const)));
  const image = new Map(zip(followed, last, 'traceOf'));
  const roots = outputs.map((expr) => lookup(image, expr, 'traceOf'));
  const analysis = analyze(roots, (leaf) => lookup(stageOfInput, leaf, 'stages of inputs'));
  return [...trace, { pass: 'staged', outputs: groupFactors(roots, analysis, last) }];
};

const withoutOnes = (shape: Shape): Shape => shape.filter((dim) => dim !== 1);

/** What an array has under views that only give it axes of size 1. */
const withoutUnitAxes = (expr: Expr): Expr => {
  const { node, shape } = expr;
  const narrower = node.op === 'reshape' || node.op === 'broadcast' ? node.operand : undefined;
  return narrower !== undefined && sameShape(withoutOnes(narrower.shape), withoutOnes(shape))
    ? withoutUnitAxes(narrower)
    : expr;
};

/** Origins, and the same on the samples of the curvature. */
const onBothBatches = (origins: Origins, { onCurvatureBatch }: InspectedGraph): Origins => {
  const exprs = [...origins.keys()];
  const images = onCurvatureBatch?.(exprs) ?? exprs;
  const image = new Map(zip(exprs, images, 'onBothBatches'));
  const moved = [...origins].map(([expr, { of, ...origin }]): readonly [Expr, Origin] => [
    image.get(expr) ?? expr,
    of === undefined ? origin : { ...origin, of: image.get(of) ?? of },
  ]);
  return firstWins([...origins, ...moved]);
};

/** Follows a graph of a model through all passes. */
export const levelsOf = (model: InspectedModel, graph: InspectedGraph): readonly Level[] => {
  const space = model.parameters;
  const bound = boundModel(model, graph.theta);
  const origins = originsOf(bound, model.loss, {
    tangents: splitParameters(space, graph.direction ?? input('v', [space.length])),
    cotangent: graph.cotangent ?? input('u', [...bound.output.shape]),
    others: (graph.points ?? []).map((point) => boundModel(model, point)),
  });
  const outputs = graph.stages.flatMap((stage) => Object.values(stage.outputs));
  const within = new Set(postorder(outputs));
  const relevant: Origins = new Map([...onBothBatches(origins, graph)].filter(([expr]) => within.has(expr)));
  const { given, names } = graphNamesOf(space, graph, (theta) => [boundModel(model, theta).output], relevant, [
    ...within,
  ]);
  const values = [bound.output, bound.loss];
  const users = usersOf(postorder([...values, ...(graph.onCurvatureBatch?.(values) ?? [])]));
  const followed = [...new Set([...outputs, ...given.keys(), ...within])];
  return traceOf(outputs, followed, graph).map(({ pass, outputs: images }): Level => {
    const image = new Map(zip(followed, images, 'levelsOf'));
    const of = (expr: Expr): Expr => image.get(expr) ?? expr;
    const carried = <V>(table: ReadonlyMap<Expr, V>): ReadonlyMap<Expr, V> =>
      firstWins([...table].map(([expr, value]) => [of(expr), value] as const));
    const givenNow = carried(given);
    const carriedNames = [...carried(names)];
    const inGraph = new Set(postorder(graph.stages.flatMap(({ outputs }) => Object.values(outputs).map(of))));
    // a value of which the graph has only what is under its axes of size 1 leaves it its name
    const narrowed = carriedNames.map(
      ([expr, name]) => [inGraph.has(expr) ? expr : withoutUnitAxes(expr), name] as const,
    );
    const namesNow = [...firstWins([...carriedNames, ...narrowed])].filter(
      ([expr]) => !givenNow.has(expr) && !isConstant(expr),
    );
    return {
      pass,
      stages: graph.stages.map((stage) => ({
        name: stage.name,
        outputs: Object.fromEntries(Object.entries(stage.outputs).map(([name, expr]) => [name, of(expr)])),
      })),
      given: givenNow,
      names: new Map(namesNow),
      origins: carried<Origin>(relevant),
      users,
      derivedFrom: firstWins([...within].map((expr) => [of(expr), expr] as const)),
    };
  });
};
