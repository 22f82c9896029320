/** From expressions to records: the named values of a graph after one pass. */

import { postorder } from '../../dsl/expr.js';
import { at, lookup, zip } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import { showShape } from '../../dsl/shape.js';
import { operandsOf } from '../../dsl/structure.js';
import { type Analysis, analyze } from '../lower/analysis.js';
import { type Style, showName } from '../print/name.js';
import { isConstant, type Names, showsLeaf, viewed } from '../print/names.js';
import { operationOf, ruleOf } from '../print/rules.js';
import { type Statements, statementsOf, writer } from '../print/statements.js';
import type { InspectedLeaf, InspectedLevel, InspectedValue, Notation } from './data.js';
import type { Level } from './derivation.js';
import type { InspectedGraph } from './graphs.js';
import { outputName } from './naming.js';
import { type Lane, lanes } from './origins.js';

/** A text in every style. */
export const notation = (write: (style: Style) => string): Notation => ({
  text: write('text'),
  math: write('math'),
  latex: write('latex'),
});

/** The statements of a level. */
export const levelStatements = (level: Level): Statements =>
  statementsOf({
    outputs: level.stages.flatMap(({ outputs }) =>
      Object.entries(outputs).map(([name, expr]) => ({ name: outputName(name), expr })),
    ),
    given: level.given,
    names: level.names,
  });

/** The definitions of a level's values in every style. */
export const definitions = (names: Names): ((expr: Expr) => Notation) => {
  const writers = { text: writer(names, 'text'), math: writer(names, 'math'), latex: writer(names, 'latex') };
  return (expr) => notation((style) => writers[style].define(expr).text);
};

const isView = (expr: Expr): boolean => viewed(expr) !== undefined;

/** A named part of something computed: W₁⁺ of θ⁺. */
const isPart = (expr: Expr): boolean => isView(expr) && !showsLeaf(expr);

/** The leaves, and the expressions with a statement of their own, that a definition mentions. */
const mentioned = (expr: Expr, names: Names, given: Names): readonly Expr[] => {
  const within = (e: Expr): boolean => given.has(e) && isPart(e);
  return postorder([expr], (e) => e !== expr && names.has(e) && !within(e)).filter(
    (e) => e !== expr && (names.has(e) || isLeaf(e)) && !within(e),
  );
};

const isLeaf = ({ node }: Expr): boolean => node.op === 'input' || node.op === 'variable' || node.op === 'parameter';

/** What depends on the direction (or cotangent) that products are taken with. */
const dependents = (order: readonly Expr[], sources: readonly Expr[]): ReadonlySet<Expr> => {
  const found = new Set(sources);
  for (const expr of order) if (operandsOf(expr.node).some((operand) => found.has(operand))) found.add(expr);
  return found;
};

/** Lanes by expression: by origin; what no rule made by itself goes with the furthest of its operands. */
const lanesOf = (order: readonly Expr[], level: Level, graph: InspectedGraph): ReadonlyMap<Expr, Lane> => {
  const sources = [graph.direction, graph.cotangent].flatMap((leaf) => leaf ?? []);
  const moving = dependents(order, sources);
  const table = new Map<Expr, Lane>();
  for (const expr of order) {
    const origin = level.origins.get(expr);
    const below = operandsOf(expr.node).map((operand) => lanes.indexOf(lookup(table, operand, 'lanesOf')));
    const furthest = at(lanes, Math.max(0, ...below), 'lanesOf');
    // what is fixed at the linearisation point belongs to it, whichever rule asked for it
    const fixed = moving.has(expr) ? false : origin?.role === 'part' && furthest === 'primal';
    const flat = expr.node.op === 'concat' && level.names.has(expr);
    const own = origin?.lane ?? (flat || !level.derivedFrom.has(expr) || isView(expr) ? furthest : 'solver');
    table.set(expr, fixed || isLeaf(expr) || isConstant(expr) ? 'primal' : own);
  }
  return table;
};

/** An expression and the folds directly under it that no name stands for: what one line of a listing does. */
const stepsOf = (of: Expr): readonly Expr[] => [
  of,
  ...operandsOf(of.node).filter(({ node }) => of.node.op === 'map' && (node.op === 'contract' || node.op === 'reduce')),
];

/** The rule that made an expression, by its origin. */
const ruleFor = (expr: Expr, level: Level): string => {
  const origin = level.origins.get(expr);
  if (origin?.of === undefined)
    return level.derivedFrom.has(expr) ? operationOf(expr) : `${operationOf(expr)}, made by a pass`;
  const { of, role, lane } = origin;
  if (role === 'part') return `within ∂ ${operationOf(of)}: ${ruleOf(of).forward}`;
  if (lane === 'hessian' && role === 'cotangent') return 'H J v: the tangent of ∂ℓ/∂z along ż = J v';
  if (role === 'tangent')
    return stepsOf(of)
      .map((step) => `∂ ${operationOf(step)}: ${ruleOf(step).forward}`)
      .join('; ');
  // a cotangent comes from the transposes of what used the value
  const users = level.users.get(of) ?? [];
  const rules = [...new Set(users.map((user) => `(∂ ${operationOf(user)})ᵀ: ${ruleOf(user).reverse}`))];
  return rules.length === 0 ? 'the seed of the transposition' : rules.join('; summed with ');
};

const leafKind = (expr: Expr, graph: InspectedGraph): InspectedLeaf['kind'] => {
  if (expr === graph.direction) return 'direction';
  if (expr === graph.cotangent) return 'cotangent';
  if (expr === graph.theta || expr.node.op === 'parameter') return 'parameter';
  return expr.node.op === 'variable' ? 'variable' : 'input';
};

const loopsAround = (expr: Expr, analysis: Analysis): readonly Expr[] => {
  const loop = analysis.scopeOf(expr);
  if (loop === undefined) return [];
  const outer: Expr[] = [loop];
  for (let at = analysis.outerScope(loop); at !== undefined; at = analysis.outerScope(at)) outer.unshift(at);
  return outer;
};

/** The records of a graph after a pass; `derived` is the level before the first. */
export const inspectLevel = (level: Level, derived: Level, graph: InspectedGraph): InspectedLevel => {
  const { list, names } = levelStatements(level);
  const outputs = level.stages.flatMap((stage) => Object.values(stage.outputs));
  const stageOfInput = new Map(
    graph.stages.flatMap(({ inputs }, stage) => inputs.map((leaf) => [leaf, stage] as const)),
  );
  const analysis = analyze(outputs, (leaf) => lookup(stageOfInput, leaf, 'stages of inputs'));
  const lane = lanesOf(analysis.order, level, graph);
  const define = definitions(names);
  const defineDerived = definitions(levelStatements(derived).names);
  const use = writer(names, 'text').use;
  const loopOf = new Map(
    analysis.order.flatMap((expr) =>
      expr.node.op === 'iterate' ? expr.node.variables.map((variable) => [variable, expr] as const) : [],
    ),
  );
  // a loop's variable may be called like another's, or like a result
  const keyOf = (expr: Expr): string => {
    const loop = loopOf.get(expr);
    return loop === undefined ? use(expr).text : `${use(loop).text}.${use(expr).text}`;
  };
  const nameOf = (expr: Expr): Notation => notation((style) => writer(names, style).use(expr).text);
  const values = list.map(
    ({ expr, name }): InspectedValue => ({
      key: showName(name, 'text'),
      name: notation((style) => showName(name, style)),
      shape: showShape(expr.shape),
      lane: lookup(lane, expr, 'lanes of values'),
      stage: analysis.stageOf(expr),
      loops: loopsAround(expr, analysis).map(keyOf),
      operation: operationOf(expr),
      definition: define(expr),
      rule: ruleFor(expr, level),
      derived: defineDerived(level.derivedFrom.get(expr) ?? expr),
      uses: mentioned(expr, names, level.given).map(keyOf),
    }),
  );
  const leaves = postorder(outputs, (expr) => level.given.has(expr) && !isPart(expr))
    .filter((expr) => (level.given.has(expr) && !isPart(expr)) || isLeaf(expr))
    .map((expr): InspectedLeaf => {
      const inputs = postorder([expr]).filter(isLeaf);
      // a part of something computed from no input stands for itself
      const root = inputs[0] ?? expr;
      const loop = loopOf.get(expr);
      return {
        key: keyOf(expr),
        name: nameOf(expr),
        shape: showShape(expr.shape),
        kind: leafKind(root, graph),
        ...(loop === undefined ? {} : { loop: keyOf(loop) }),
        stage: analysis.stageOf(root),
      };
    });
  const distinct = leaves.filter(({ key }, i) => leaves.findIndex((other) => other.key === key) === i);
  const stages = zip(level.stages, graph.stages, 'stages of a level').map(([stage, { runs, inputs }]) => ({
    name: stage.name,
    runs,
    inputs: inputs.map(keyOf),
    outputs: Object.fromEntries(Object.entries(stage.outputs).map(([name, expr]) => [name, keyOf(expr)])),
  }));
  return { pass: level.pass, values, leaves: distinct, stages };
};
