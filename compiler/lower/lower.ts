/**
 * Lowering: expressions of several stages → the steps of a program. Each kept expression becomes one kernel, in the
 * earliest stage in which it can be computed and outside of every loop that it does not depend on.
 */
import { at, internal, lookup, zip } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';
import type { Sizes } from '../../dsl/shape.js';
import { bindShape } from '../evaluate.js';
import type { Buffer, Port, Stage, Step } from '../program.js';
import { type Analysis, analyze, type Scope, type StageRule } from './analysis.js';
import { updateInPlace } from './carry.js';
import { expandKernel } from './expand.js';
import { materialize } from './materialize.js';
import { groupFactors } from './reassociate.js';
import { isLeafBuffer } from './views.js';

/** A stage as expressions: the input leaves it introduces and its named outputs. */
export interface StageExpressions {
  readonly name: string;
  readonly inputs: readonly Expr[];
  readonly outputs: Readonly<Record<string, Expr>>;
}

/** The stages with their outputs replaced, in order. */
export const withOutputs = (
  stages: readonly StageExpressions[],
  outputs: readonly Expr[],
): readonly StageExpressions[] => {
  const names = stages.flatMap((stage, position) => Object.keys(stage.outputs).map((name) => ({ name, position })));
  const replaced = zip(names, outputs, 'withOutputs');
  return stages.map((stage, position) => ({
    ...stage,
    outputs: Object.fromEntries(
      replaced.filter(([output]) => output.position === position).map(([{ name }, expr]) => [name, expr]),
    ),
  }));
};

/** A program's steps and buffers, before memory is planned. */
export interface Lowered {
  readonly buffers: readonly Buffer[];
  readonly stages: readonly Stage[];
  /** The name of the kernel that computes an expression, for those that one computes. */
  readonly kernelOf: ReadonlyMap<Expr, string>;
}

const loopsOf = (order: readonly Expr[]): readonly (Expr & { readonly node: NodeOf<'iterate'> })[] =>
  order.filter((expr): expr is Expr & { readonly node: NodeOf<'iterate'> } => expr.node.op === 'iterate');

/** Everything that must have a buffer, constants included: outputs of stages and what loops start from, carry and test. */
const rootsOf = (outputs: readonly Expr[], order: readonly Expr[]): ReadonlySet<Expr> =>
  new Set([...outputs, ...loopsOf(order).flatMap(({ node }) => [...node.initial, ...node.next, node.proceed])]);

/** The expression whose buffer shows the value of a kept, leaf or reshaped expression. */
export const storedAs = (expr: Expr): Expr => {
  let at = expr;
  while (at.node.op === 'reshape') at = at.node.operand;
  return at;
};

const lengthOf = (expr: Expr, sizes: Sizes): number => bindShape(expr.shape, sizes).reduce((a, b) => a * b, 1);

const inputName = ({ node }: Expr): string =>
  node.op === 'input' ? node.name : internal('lower', `${node.op} among the inputs of a stage`);

/** Buffers by expression, made on first use. */
const bufferTable = (sizes: Sizes, kept: ReadonlySet<Expr>) => {
  const buffers: Buffer[] = [];
  const positions = new Map<Expr, number>();
  const add = (name: string, length: number, kind: Buffer['kind']): number => buffers.push({ name, length, kind }) - 1;
  const hintOf = ({ node }: Expr): string => (node.op === 'map' ? node.fn : node.op === 'reduce' ? node.kind : node.op);
  const of = (expr: Expr): number => {
    const known = positions.get(expr);
    if (known !== undefined) return known;
    const { node } = expr;
    // the result of a loop is where the loop kept its variable
    const variable =
      node.op === 'result' && node.iterate.node.op === 'iterate' ? node.iterate.node.variables[node.index] : undefined;
    const position =
      variable !== undefined
        ? of(variable)
        : node.op === 'input'
          ? add(node.name, lengthOf(expr, sizes), 'input')
          : add(`${hintOf(expr)}_${buffers.length}`, lengthOf(expr, sizes), 'temporary');
    positions.set(expr, position);
    return position;
  };
  /** The buffer of an expression that has one. */
  const find = (expr: Expr): number | undefined => {
    const at = storedAs(expr);
    return kept.has(at) || isLeafBuffer(at) ? of(at) : undefined;
  };
  /** The buffer of an expression that has to have one. */
  const require = (expr: Expr): number => {
    const buffer = find(expr);
    return buffer ?? internal('lower', `${expr.node.op} was not kept`);
  };
  return { buffers, add, of, find, require };
};

type BufferTable = ReturnType<typeof bufferTable>;

const isJoin = (expr: Expr): boolean => expr.node.op === 'concat' && expr.node.axis === 0;

const kernelName = (expr: Expr, table: BufferTable): string => {
  const output = table.of(expr);
  return `k${output}_${at(table.buffers, output, 'lower').name}`;
};

/** The step that computes a kept expression. */
const stepFor = (expr: Expr, table: BufferTable, sizes: Sizes): Step => {
  const output = table.of(expr);
  if (expr.node.op === 'concat' && expr.node.axis === 0) {
    const parts = expr.node.operands.map(table.require);
    return { kind: 'join', output, parts };
  }
  return {
    kind: 'kernel',
    kernel: expandKernel(expr, kernelName(expr, table), output, { sizes, bufferOf: table.find }),
  };
};

/** The expressions of a loop's body that its condition needs. */
const conditionOf = (loop: NodeOf<'iterate'>, inside: readonly Expr[], analysis: Analysis): ReadonlySet<Expr> => {
  const needed = new Set<Expr>([loop.proceed]);
  for (const expr of analysis.order.toReversed()) {
    if (analysis.users(expr).some((user) => needed.has(user))) needed.add(expr);
  }
  return new Set(inside.filter((expr) => needed.has(expr)));
};

const outputsOf = (stages: readonly StageExpressions[]): readonly Expr[] =>
  stages.flatMap((stage) => Object.values(stage.outputs));

const analysisOf = (stages: readonly StageExpressions[], stageRule: StageRule): Analysis => {
  const stageOfInput = new Map(
    stages.flatMap(({ inputs }, position) => inputs.map((input) => [input, position] as const)),
  );
  return analyze(outputsOf(stages), (input) => lookup(stageOfInput, input, 'stages of inputs'), stageRule);
};

/** Lowers stages whose outputs have been through all passes; products are grouped by when their factors are known. */
export const lower = (passed: readonly StageExpressions[], sizes: Sizes, stageRule: StageRule): Lowered => {
  const stages = withOutputs(passed, groupFactors(outputsOf(passed), analysisOf(passed, stageRule)));
  const outputs = outputsOf(stages);
  const analysis = analysisOf(stages, stageRule);
  const roots = rootsOf(outputs, analysis.order);
  const kept = materialize(roots, analysis, sizes);
  const table = bufferTable(sizes, kept);
  for (const { inputs } of stages) for (const input of inputs) table.of(input);

  // steps by the loop (or none) that they are in; a loop is itself a step of its outer scope
  const inside = new Map<Scope, Expr[]>();
  for (const expr of analysis.order) {
    if (!kept.has(expr) && expr.node.op !== 'iterate') continue;
    const scope = expr.node.op === 'iterate' ? analysis.outerScope(expr) : analysis.scopeOf(expr);
    const list = inside.get(scope);
    if (list === undefined) inside.set(scope, [expr]);
    else list.push(expr);
  }

  const stepsIn = (scope: Scope): readonly Expr[] => inside.get(scope) ?? [];

  const stepsOf = (exprs: readonly Expr[]): readonly Step[] =>
    exprs.flatMap((expr) => (expr.node.op === 'iterate' ? loopSteps(expr, expr.node) : [stepFor(expr, table, sizes)]));

  const loopSteps = (loop: Expr, node: NodeOf<'iterate'>): readonly Step[] => {
    const own = stepsIn(loop);
    const condition = conditionOf(node, own, analysis);
    const ends = zip(node.initial, node.next, 'iterate');
    const carried = zip(node.variables, ends, 'iterate').map(([variable, [initial, next]]) => ({
      to: table.of(variable),
      initial: table.require(initial),
      next: table.require(next),
    }));
    const moved = carried.filter(({ next, to }) => next !== to);
    // a variable that becomes another variable is moved by way of a buffer in between
    const variables = carried.map(({ to }) => to);
    const aside = new Map(
      moved
        .filter(({ next }) => variables.includes(next))
        .map(({ next }) => [
          next,
          table.add(`aside_${table.buffers.length}`, at(table.buffers, next, 'iterate').length, 'temporary'),
        ]),
    );
    const copy = (from: number, to: number) => ({ kind: 'copy', from, to }) as const;
    return [
      ...carried.map(({ initial, to }) => copy(initial, to)),
      {
        kind: 'loop',
        name: `loop${table.of(at(node.variables, 0, 'iterate'))}`,
        condition: stepsOf(own.filter((expr) => condition.has(expr))),
        proceed: table.require(node.proceed),
        body: updateInPlace(
          [...stepsOf(own.filter((expr) => !condition.has(expr))), ...[...aside].map(([from, to]) => copy(from, to))],
          moved.map(({ next, to }) => copy(aside.get(next) ?? next, to)),
        ),
      },
    ];
  };

  const portOf = (name: string, expr: Expr): Port => ({
    name,
    buffer: table.require(expr),
    shape: bindShape(expr.shape, sizes),
  });
  const outside = stepsIn(undefined);
  const loweredStages = stages.map((stage, position): Stage => {
    const steps = stepsOf(outside.filter((expr) => analysis.stageOf(expr) === position));
    return {
      name: stage.name,
      inputs: stage.inputs.map((input) => portOf(inputName(input), input)),
      outputs: Object.entries(stage.outputs).map(([name, expr]) => portOf(name, expr)),
      steps,
    };
  });
  const computed = analysis.order.filter((expr) => kept.has(expr) && !isJoin(expr));
  const kernelOf = new Map(computed.map((expr) => [expr, kernelName(expr, table)]));
  return { buffers: table.buffers, stages: loweredStages, kernelOf };
};
