/** Looking inside: a model's graphs as plain records. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { DslError } from '../../dsl/error.js';
import type { Inspection } from './data.js';
import { levelsOf } from './derivation.js';
import { deriveGraph, type GraphName, type InspectedGraph, type InspectedModel } from './graphs.js';
import { inspectLevel } from './levels.js';
import { layoutOf } from './naming.js';

/** Looks into a graph that somebody else has staged, for example the whole step of an optimizer. */
export const inspectGraph = (model: InspectedModel, graph: InspectedGraph): Inspection => ({
  model: model.name,
  graph: graph.name,
  formula: graph.formula,
  titles: graph.titles,
  parameters: layoutOf(model.parameters),
  parameterCount: model.parameters.length,
  levels: levelsOf(model, graph).map((level) => inspectLevel(level, graph)),
});

/** Derives a graph of a model and looks into it. Left: a mistake that the model carries. */
export const inspect = (model: InspectedModel, graph: GraphName): E.Either<DslError, Inspection> =>
  pipe(
    deriveGraph(model, graph),
    E.map((derived) => inspectGraph(model, derived)),
  );
