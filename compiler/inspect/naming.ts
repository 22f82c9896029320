/** Names of everything in a derived graph: values by layer, tangents with a dot, cotangents of zₖ as δₖ, results by parameter. */
import type { Expr } from '../../dsl/node.js';
import type { ParameterSpace } from '../../dsl/parameters.js';
import { splitParameters } from '../../dsl/parameters.js';
import { accented, type Name, nameOf, showName } from '../print/name.js';
import { forwardNames, isConstant, type Names } from '../print/names.js';
import type { InspectedGraph } from './graphs.js';
import type { Origin, Origins } from './origins.js';

/** Names of expressions as they were derived. */
export interface GraphNames {
  /** Views of θ, v and the like: they stand for leaves. */
  readonly given: Names;
  readonly names: Names;
}

const letters: Readonly<Record<string, Name>> = {
  theta: { base: 'θ', index: '', accent: 'none' },
};

const leafName = (expr: Expr): Name => {
  const { node } = expr;
  const spelled = node.op === 'input' || node.op === 'variable' || node.op === 'parameter' ? node.name : 'leaf';
  return letters[spelled] ?? nameOf(spelled);
};

const givenNames = (space: ParameterSpace, { theta, direction, cotangent }: InspectedGraph): Names => {
  const views = (flat: Expr | undefined, rename: (name: Name) => Name): readonly (readonly [Expr, Name])[] =>
    flat === undefined
      ? []
      : splitParameters(space, flat).flatMap((view, i) =>
          space.entries.slice(i, i + 1).map(({ name }) => [view, rename(nameOf(name))] as const),
        );
  const leaves = [theta, direction, cotangent].flatMap((leaf) =>
    leaf === undefined ? [] : [[leaf, leafName(leaf)] as const],
  );
  return new Map([...leaves, ...views(theta, (name) => name), ...views(direction, (name) => accented(name, 'dot'))]);
};

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

/** How the derivative of a value is called. */
const derivedName = (of: Name, { role, curvature }: Origin): Name => {
  if (role === 'tangent') return accented(of, 'dot');
  if (of.base !== 'z') return accented(of, 'bar');
  return { base: 'δ', index: of.index, accent: curvature ? 'dot' : 'none' };
};

/** The products that the outputs are called after. */
const products: Readonly<Record<string, string>> = { JTu: 'Jᵀu' };

/** The name of an output. */
export const outputName = (output: string): Name =>
  Object.hasOwn(products, output) ? { base: products[output] ?? output, index: '', accent: 'none' } : nameOf(output);

/** The result for a parameter: `Gv.W1`. */
const resultName = (result: string, parameter: string): Name => ({
  ...outputName(result),
  piece: nameOf(parameter),
});

const underReshape = (expr: Expr): Expr => (expr.node.op === 'reshape' ? underReshape(expr.node.operand) : expr);

const pieceNames = (space: ParameterSpace, { stages }: InspectedGraph): readonly (readonly [Expr, Name])[] =>
  stages.flatMap(({ outputs }) =>
    Object.entries(outputs).flatMap(([result, { node }]) =>
      node.op === 'concat' && node.operands.length === space.entries.length
        ? node.operands.flatMap((piece, i) =>
            space.entries.slice(i, i + 1).map(({ name }) => [underReshape(piece), resultName(result, name)] as const),
          )
        : [],
    ),
  );

/** Names everything in a graph, as it was derived. */
export const graphNamesOf = (
  space: ParameterSpace,
  graph: InspectedGraph,
  forward: readonly Expr[],
  origins: Origins,
): GraphNames => {
  const given = givenNames(space, graph);
  const names = new Map<Expr, Name>(forwardNames(forward, given));
  const name = (expr: Expr): Name | undefined => given.get(expr) ?? names.get(expr);
  const add = (expr: Expr, as: Name): void => {
    if (name(expr) === undefined && !isConstant(expr)) names.set(expr, as);
  };
  for (const [piece, as] of pieceNames(space, graph)) add(piece, as);
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
