/** A graph with its origins and names, followed through the passes of the compiler. */
import { postorder } from '../../dsl/expr.js';
import { input } from '../../dsl/leaves.js';
import type { Expr } from '../../dsl/node.js';
import { splitParameters } from '../../dsl/parameters.js';
import { type PassName, runPasses } from '../passes.js';
import type { Name } from '../print/name.js';
import { isConstant, type Names } from '../print/names.js';
import { boundModel, type InspectedGraph, type InspectedModel } from './graphs.js';
import { graphNamesOf } from './naming.js';
import { type Origin, type Origins, originsOf } from './origins.js';

/** The graph as it stands after one pass. */
export interface Level {
  /** The last pass that has run; `derived` before the first. */
  readonly pass: PassName | 'derived';
  /** The outputs of each stage. */
  readonly stages: readonly { readonly name: string; readonly outputs: Readonly<Record<string, Expr>> }[];
  readonly given: Names;
  readonly names: Names;
  readonly origins: Origins;
  /** The derived expressions that became an expression, in the order in which they were derived. */
  readonly derivedFrom: ReadonlyMap<Expr, Expr>;
}

const firstWins = <V>(entries: Iterable<readonly [Expr, V]>): ReadonlyMap<Expr, V> => {
  const table = new Map<Expr, V>();
  for (const [expr, value] of entries) if (!table.has(expr)) table.set(expr, value);
  return table;
};

/** Follows a graph of a model through all passes. */
export const levelsOf = (model: InspectedModel, graph: InspectedGraph): readonly Level[] => {
  const space = model.parameters;
  const bound = boundModel(model, graph.theta);
  const origins = originsOf(bound, model.loss, {
    tangents: splitParameters(space, graph.direction ?? input('v', [space.length])),
    cotangent: graph.cotangent ?? input('u', [...bound.output.shape]),
  });
  const outputs = graph.stages.flatMap((stage) => Object.values(stage.outputs));
  const within = new Set(postorder(outputs));
  const relevant: Origins = new Map([...origins].filter(([expr]) => within.has(expr)));
  const { given, names } = graphNamesOf(space, graph, [bound.output], relevant);
  // Every pass rewrites an expression by itself: run over all of them, it tells what became of each.
  const followed = [...new Set([...outputs, ...given.keys(), ...within])];
  return runPasses(followed).map(({ pass, outputs: images }): Level => {
    const image = new Map(followed.map((expr, i) => [expr, images[i] ?? expr] as const));
    const of = (expr: Expr): Expr => image.get(expr) ?? expr;
    const carried = <V>(table: ReadonlyMap<Expr, V>): ReadonlyMap<Expr, V> =>
      firstWins([...table].map(([expr, value]) => [of(expr), value] as const));
    const givenNow = carried(given);
    const namesNow: readonly (readonly [Expr, Name])[] = [...carried(names)].filter(
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
      derivedFrom: firstWins([...within].map((expr) => [of(expr), expr] as const)),
    };
  });
};
