/** Looking inside: a model's graphs as plain records. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type DslError, nameError } from '../../dsl/error.js';
import type { Sizes } from '../../dsl/shape.js';
import type { CompileError } from '../compile.js';
import type { Inspection } from './data.js';
import { levelsOf } from './derivation.js';
import { deriveGraph, type GraphName, type InspectedGraph, type InspectedModel } from './graphs.js';
import { inspectLevel } from './levels.js';
import { layoutOf } from './naming.js';
import { type CompiledGraph, compileGraph } from './program.js';

/** A graph with everything that was found in it. */
export interface Inspected {
  readonly inspection: Inspection;
  /** Compiles it for one binding of the dimensions. */
  readonly compile: (sizes: Sizes) => E.Either<CompileError, CompiledGraph>;
}

/** Looks into a graph that somebody else has staged, for example the whole step of an optimizer. */
export const inspectGraph = (model: InspectedModel, graph: InspectedGraph): Inspected => {
  const levels = levelsOf(model, graph);
  const [derived] = levels;
  const staged = levels.at(-1);
  return {
    inspection: {
      model: model.name,
      graph: graph.name,
      formula: graph.formula,
      titles: graph.titles,
      parameters: layoutOf(model.parameters),
      parameterCount: model.parameters.length,
      levels: derived === undefined ? [] : levels.map((level) => inspectLevel(level, derived, graph)),
    },
    compile: (sizes) =>
      staged === undefined
        ? E.left(nameError('inspect', 'a graph with stages', graph.name))
        : compileGraph(graph, staged, sizes),
  };
};

/** Derives a graph of a model and looks into it. Left: a mistake that the model carries. */
export const inspect = (model: InspectedModel, graph: GraphName): E.Either<DslError, Inspected> =>
  pipe(
    deriveGraph(model, graph),
    E.map((derived) => inspectGraph(model, derived)),
  );
