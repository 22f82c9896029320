/**
 * Do samples of a batch depend on each other? The diagonal of G and the empirical Fisher matrix are sums over samples,
 * each of which must be told from the others. What matters is how derivatives flow: from where parameters enter to the
 * output, and from the output to the loss. What is computed of data alone, as the mean of the inputs, couples nothing.
 */
import {
  type DslError,
  type Expr,
  fold,
  type NodeOf,
  type ScalarFunction,
  type Shape,
  sameElementCount,
  unsupportedError,
} from '../dsl/index.js';
import { at, lookup, zip } from '../dsl/internal.js';
import { showOperand } from '../dsl/print.js';
import type { Problem } from './problem.js';

/** How an expression relates to the samples, as far as derivatives flow. */
type Relation =
  /** No derivative flows through it. */
  | { readonly _tag: 'Free' }
  /** A function of the parameters alone: it has no axis of samples yet. */
  | { readonly _tag: 'Shared' }
  /** Row n along `axis` depends on row n only of what has rows. */
  | { readonly _tag: 'Rows'; readonly axis: number }
  /** A sum over samples of what each gives, or a linear function of it. */
  | { readonly _tag: 'Summed'; readonly at: Expr }
  /** What samples give is mixed otherwise, first in `at`. */
  | { readonly _tag: 'Mixed'; readonly at: Expr };

const free: Relation = { _tag: 'Free' };
const rows = (axis: number): Relation => ({ _tag: 'Rows', axis });
const mixed = (at: Expr): Relation => ({ _tag: 'Mixed', at });

/** An expression, and the relations of its operands, in order. */
interface Seen {
  readonly expr: Expr;
  readonly relations: readonly Relation[];
  /** The dimension that counts samples. */
  readonly batch: string;
}

/** Functions whose derivative is 0 wherever there is one. */
const constants: ReadonlySet<ScalarFunction> = new Set(['less', 'equal', 'isFinite']);

/** Functions that are linear in all operands together. */
const linear: ReadonlySet<ScalarFunction> = new Set(['neg', 'add', 'sub']);

/** Is a function linear in what is summed, the others being free? */
const isLinearIn = ({ fn }: NodeOf<'map'>, relations: readonly Relation[]): boolean => {
  const summed = relations.map(({ _tag }) => _tag === 'Summed');
  if (linear.has(fn)) return relations.every(({ _tag }) => _tag === 'Summed' || _tag === 'Free');
  const others = relations.filter((_, i) => !summed[i]);
  const alone = summed.filter(Boolean).length === 1 && others.every(({ _tag }) => _tag === 'Free');
  return alone && (fn === 'mul' || (fn === 'div' && summed[0] === true));
};

/** Axes of the dimension that counts samples, out of some. */
const batchAxes = (shape: Shape, batch: string, axes: readonly number[]): readonly number[] =>
  axes.filter((axis) => shape[axis] === batch);

/** What is made of parameters alone, in a shape in which `added` axes come from elsewhere. */
const entering = ({ expr, batch }: Seen, added: readonly number[]): Relation => {
  const [axis, ...others] = batchAxes(expr.shape, batch, added);
  if (axis === undefined) return { _tag: 'Shared' };
  return others.length === 0 ? rows(axis) : mixed(expr);
};

/** The relation of what reads several operands element by element: those that are not free must agree. */
const together = (expr: Expr, relations: readonly Relation[]): Relation => {
  const [first, ...others] = relations.filter(({ _tag }) => _tag !== 'Free');
  if (first === undefined) return free;
  const agrees = (other: Relation): boolean =>
    other._tag === first._tag && (other._tag !== 'Rows' || first._tag !== 'Rows' || other.axis === first.axis);
  return others.every(agrees) ? first : mixed(expr);
};

const mapRelation = (node: NodeOf<'map'>, { expr, relations }: Seen): Relation => {
  if (constants.has(node.fn)) return free;
  // the condition of a select has no derivative
  const flowing = node.fn === 'select' ? relations.map((relation, i) => (i === 0 ? free : relation)) : relations;
  const summed = flowing.find(({ _tag }) => _tag === 'Summed');
  if (summed === undefined) return together(expr, flowing);
  return isLinearIn(node, flowing) ? summed : mixed(expr);
};

/** Where rows stay rows: a sum over them else. */
const rowsOrSum = (expr: Expr, axis: number): Relation => (axis < 0 ? { _tag: 'Summed', at: expr } : rows(axis));

const contractRelation = (node: NodeOf<'contract'>, seen: Seen): Relation => {
  const { expr, relations } = seen;
  const sides = zip([node.leftLabels, node.rightLabels], relations, 'the operands of a contraction');
  const flowing = sides
    .map(([labels, relation]) => ({ labels, relation }))
    .filter(({ relation }) => relation._tag !== 'Free');
  const summed = flowing.find(({ relation }) => relation._tag === 'Summed');
  if (summed !== undefined) return flowing.length === 1 ? summed.relation : mixed(expr);
  const samples = flowing.flatMap(({ labels, relation }) =>
    relation._tag === 'Rows' ? [at(labels, relation.axis, 'the label of the samples')] : [],
  );
  const [label, other] = samples;
  if (label !== undefined)
    return other === undefined || label === other ? rowsOrSum(expr, node.output.indexOf(label)) : mixed(expr);
  const own = new Set(flowing.flatMap(({ labels }) => labels));
  return entering(
    seen,
    node.output.flatMap((l, axis) => (own.has(l) ? [] : [axis])),
  );
};

const reduceRelation = ({ kind, axes }: NodeOf<'reduce'>, expr: Expr, relation: Relation): Relation => {
  if (kind === 'argmax') return free;
  if (relation._tag === 'Summed') return kind === 'sum' ? relation : mixed(expr);
  if (relation._tag !== 'Rows') return relation;
  if (axes.includes(relation.axis)) return kind === 'sum' ? { _tag: 'Summed', at: expr } : mixed(expr);
  return rows(relation.axis - axes.filter((axis) => axis < relation.axis).length);
};

/** Where a movement of elements takes the axis of the samples; undefined where it mixes them. */
const movedAxis = ({ node }: Expr, axis: number, batch: string): number | undefined => {
  switch (node.op) {
    case 'broadcast':
      return at(node.axes, axis, 'the axis of the samples');
    case 'transpose':
      return node.permutation.indexOf(axis);
    case 'reshape': {
      // rows stay rows where as many elements come before their axis as did
      const before = node.operand.shape.slice(0, axis);
      const to = node.shape.findIndex((dim, i) => dim === batch && sameElementCount(node.shape.slice(0, i), before));
      return to < 0 ? undefined : to;
    }
    case 'slice':
    case 'pad':
    case 'concat':
      return node.axis === axis ? undefined : axis;
    case 'window':
    case 'windowAdjoint':
      return node.windows.some((window) => window.axis === axis) ? undefined : axis;
    default:
      return undefined;
  }
};

/** The relation of an expression of which some operand is not free. */
const ruled = (seen: Seen): Relation => {
  const { expr, relations, batch } = seen;
  const { node } = expr;
  const relation = together(expr, relations);
  switch (node.op) {
    case 'map':
      return mapRelation(node, seen);
    case 'contract':
      return contractRelation(node, seen);
    case 'reduce':
      return reduceRelation(node, expr, relation);
    case 'iterate':
      return mixed(expr);
    case 'result':
      return relation;
    default: {
      if (node.op === 'broadcast' && relation._tag === 'Shared')
        return entering(
          seen,
          [...node.shape.keys()].filter((axis) => !node.axes.includes(axis)),
        );
      if (relation._tag !== 'Rows') return relation;
      const axis = movedAxis(expr, relation.axis, batch);
      return axis === undefined ? mixed(expr) : rows(axis);
    }
  }
};

/** How a root relates to the samples, given how some expressions below it do. */
const relationOf = (root: Expr, batch: string, seeds: ReadonlyMap<Expr, Relation>): Relation => {
  const relations = fold<Relation>([root], (expr, operands) => {
    const seed = seeds.get(expr);
    if (seed !== undefined) return seed;
    if (operands.every(({ _tag }) => _tag === 'Free') || expr.node.op === 'stopGradient') return free;
    return operands.find(({ _tag }) => _tag === 'Mixed') ?? ruled({ expr, relations: operands, batch });
  });
  return lookup(relations, root, 'coupling');
};

/** Where the output of a sample depends on parameters through other samples, as with statistics of the batch. */
export const coupledOutput = ({
  output,
  batch,
  parameters,
}: Pick<Problem, 'output' | 'batch' | 'parameters'>): Expr | undefined => {
  const seeds = new Map<Expr, Relation>(parameters.entries.map(({ parameter }) => [parameter, { _tag: 'Shared' }]));
  const relation = relationOf(output, batch, seeds);
  if (relation._tag === 'Mixed' || relation._tag === 'Summed') return relation.at;
  return relation._tag === 'Rows' && relation.axis !== 0 ? output : undefined;
};

/** Where the loss is no sum over samples of what each output gives: as in the root of a mean. */
export const coupledLoss = ({ output, batch, loss }: Pick<Problem, 'output' | 'batch' | 'loss'>): Expr | undefined => {
  const value = loss(output);
  const relation = relationOf(value, batch, new Map([[output, rows(0)]]));
  if (relation._tag === 'Mixed') return relation.at;
  return relation._tag === 'Rows' ? value : undefined;
};

/** Samples depend on each other where they must not. */
export const couplingError = (operation: string, at: Expr, instead: string): DslError =>
  unsupportedError(
    operation,
    `samples that do not depend on each other; ${instead}`,
    `${showOperand(at)}, which mixes them`,
  );
