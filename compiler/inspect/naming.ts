/**
 * Names of everything in a derived graph: values by layer, tangents with a dot, cotangents of zₖ as δₖ, results by
 * parameter, and values at another point θ⁺ with a plus.
 */
import { zip } from '../../dsl/internal.js';
import type { Expr } from '../../dsl/node.js';
import type { ParameterSpace } from '../../dsl/parameters.js';
import { splitParameters } from '../../dsl/parameters.js';
import { accented, type Name, nameOf, showName } from '../print/name.js';
import { forwardNames, isConstant, type Names } from '../print/names.js';
import type { InspectedGraph } from './graphs.js';
import type { Origin, Origins } from './origins.js';

/** Names of expressions as they were derived. */
export interface GraphNames {
  /** Views of θ, v and the like: they stand for leaves, or for parts of θ⁺. */
  readonly given: Names;
  readonly names: Names;
}

const thetaName: Name = { base: 'θ', index: '', accent: 'none' };

const letters: Readonly<Record<string, Name>> = { theta: thetaName };

const leafName = (expr: Expr): Name => {
  const { node } = expr;
  const spelled = node.op === 'input' || node.op === 'variable' || node.op === 'parameter' ? node.name : 'leaf';
  return letters[spelled] ?? nameOf(spelled);
};

const unmarked = (name: Name): Name => name;

/** The name at the i-th other point: with one plus more than at the one before. */
const atPoint = (name: Name, i: number): Name => ({ ...name, raised: '⁺'.repeat(i + 1) });

/** The views of a flat vector by the parameters that they are the parts of. */
const viewNames = (space: ParameterSpace, flat: Expr, mark: (name: Name) => Name): readonly (readonly [Expr, Name])[] =>
  zip(splitParameters(space, flat), space.entries, 'viewNames').flatMap(([view, { name }]) => {
    const as = mark(nameOf(name));
    // without its axes of size 1, a matrix is the slice of θ that it is a view of, and keeps its name
    return view.node.op === 'reshape' ? [[view, as] as const, [view.node.operand, as] as const] : [[view, as] as const];
  });

const givenNames = (space: ParameterSpace, { theta, direction, cotangent, points = [] }: InspectedGraph): Names => {
  const leaves = [theta, direction, cotangent].flatMap((leaf) =>
    leaf === undefined ? [] : [[leaf, leafName(leaf)] as const],
  );
  return new Map([
    ...leaves,
    ...viewNames(space, theta, unmarked),
    ...(direction === undefined ? [] : viewNames(space, direction, (name) => accented(name, 'dot'))),
    ...points.flatMap((point, i) => viewNames(space, point, (name) => atPoint(name, i))),
  ]);
};

/** Other points, and what the forward pass `at` each of them has: the names that it has at θ, with a plus. */
const pointNames = (
  space: ParameterSpace,
  points: readonly Expr[],
  at: (point: Expr) => readonly Expr[],
): readonly (readonly [Expr, Name])[] =>
  points.flatMap((point, i): readonly (readonly [Expr, Name])[] => [
    [point, atPoint(thetaName, i)],
    ...[...forwardNames(at(point), new Map(viewNames(space, point, unmarked)))].map(
      ([expr, name]) => [expr, atPoint(name, i)] as const,
    ),
  ]);

/** The functions that an activation's derivative is written with. */
const functionNames: Readonly<Record<string, string>> = { sigmoid: 'σ', max: 'relu', select: 'leaky' };

/** σ′(z₁): the factor d of a tangent d ⊙ ẋ of y = σ(x). */
const derivativeName = (y: Expr, tangent: Expr, names: Names): readonly [Expr, Name] | undefined => {
  if (y.node.op !== 'map' || tangent.node.op !== 'map' || tangent.node.fn !== 'mul') return undefined;
  const varying = y.node.operands.filter((operand) => !isConstant(operand));
  const [x] = varying;
  const at = x === undefined || varying.length !== 1 ? undefined : names.get(x);
  const [factor] = tangent.node.operands;
  if (at === undefined || factor === undefined || names.has(factor) || isConstant(factor)) return undefined;
  return [factor, { base: functionNames[y.node.fn] ?? y.node.fn, index: '', accent: 'none', at }];
};

/** Names on the samples of the curvature: as on the batch, with a c. */
const curvatureNames = (names: Names, { onCurvatureBatch }: InspectedGraph): readonly (readonly [Expr, Name])[] => {
  if (onCurvatureBatch === undefined) return [];
  return zip([...names], onCurvatureBatch([...names.keys()]), 'curvatureNames').flatMap(([[expr, name], image]) =>
    image === expr ? [] : [[image, { ...name, raised: 'ᶜ' }] as const],
  );
};

/** How the derivative of a value is called. */
const derivedName = (of: Name, { role, curvature }: Origin): Name => {
  if (role === 'tangent') return accented(of, 'dot');
  if (of.base !== 'z') return accented(of, 'bar');
  return { ...of, base: 'δ', accent: curvature ? 'dot' : 'none' };
};

/** The products that the outputs are called after. */
const products: Readonly<Record<string, string>> = { JTu: 'Jᵀu' };

/** The name of an output, as it is spelled. */
export const outputName = (output: string): Name => ({
  base: Object.hasOwn(products, output) ? (products[output] ?? output) : output,
  index: '',
  accent: 'none',
});

/** The result for a parameter: `Gv.W1`. */
const resultName = (result: string, parameter: string): Name => ({
  ...outputName(result),
  piece: nameOf(parameter),
});

const underReshape = (expr: Expr): Expr => (expr.node.op === 'reshape' ? underReshape(expr.node.operand) : expr);

/** Flat vectors of one piece per parameter: an output by its name, else g or Gv by what their pieces are. */
const flatNames = (
  space: ParameterSpace,
  { stages }: InspectedGraph,
  order: readonly Expr[],
  origins: Origins,
): readonly (readonly [Expr, Name])[] => {
  const outputs = new Map(
    stages.flatMap((stage) => Object.entries(stage.outputs).map(([name, expr]) => [expr, name] as const)),
  );
  return order.flatMap((expr): readonly (readonly [Expr, Name])[] => {
    if (expr.node.op !== 'concat' || expr.node.operands.length !== space.entries.length) return [];
    const pieces = expr.node.operands.map(underReshape);
    const [first] = pieces.flatMap((piece) => origins.get(piece) ?? []);
    if (first?.role !== 'cotangent') return [];
    const result = outputs.get(expr) ?? (first.curvature ? 'Gv' : 'g');
    return [
      [expr, outputName(result)],
      ...zip(pieces, space.entries, 'flatNames').map(([piece, { name }]) => [piece, resultName(result, name)] as const),
    ];
  });
};

/** Names everything in a graph, as it was derived; `forward` is z at a point, `order` all of the graph, operands first. */
export const graphNamesOf = (
  space: ParameterSpace,
  graph: InspectedGraph,
  forward: (theta: Expr) => readonly Expr[],
  origins: Origins,
  order: readonly Expr[],
): GraphNames => {
  const given = givenNames(space, graph);
  const names = new Map<Expr, Name>(forwardNames(forward(graph.theta), given));
  const name = (expr: Expr): Name | undefined => given.get(expr) ?? names.get(expr);
  const add = (expr: Expr, as: Name): void => {
    if (name(expr) === undefined && !isConstant(expr)) names.set(expr, as);
  };
  for (const [expr, as] of curvatureNames(names, graph)) add(expr, as);
  for (const [expr, as] of pointNames(space, graph.points ?? [], forward)) add(expr, as);
  for (const [expr, as] of flatNames(space, graph, order, origins)) add(expr, as);
  for (const [expr, { of, role, lane }] of origins) {
    if (of === undefined || role !== 'tangent' || lane !== 'tangent') continue;
    const found = derivativeName(of, expr, new Map([...given, ...names]));
    if (found !== undefined) add(...found);
  }
  for (const [expr, origin] of origins) {
    const of = origin.of === undefined || origin.role === 'part' ? undefined : name(origin.of);
    if (of !== undefined && of.at === undefined) add(expr, derivedName(of, origin));
  }
  return { given, names };
};

/** The names of the parameters with their shapes, as θ holds them: `W1 [784, 20]`. */
export const layoutOf = (space: ParameterSpace): readonly string[] =>
  space.entries.map(({ name, shape }) => `${showName(nameOf(name), 'text')} [${shape.join(', ')}]`);
