/** The compiler, end to end: staged expressions → a program. */
import * as E from 'fp-ts/lib/Either.js';
import { type DslError, nameError } from '../dsl/error.js';
import { postorder } from '../dsl/expr.js';
import { at } from '../dsl/internal.js';
import type { Expr } from '../dsl/node.js';
import { showOperand } from '../dsl/print.js';
import { type Sizes, showShape } from '../dsl/shape.js';
import { analyze, earliestStage, type StageRule } from './lower/analysis.js';
import { lower, type StageExpressions, withOutputs } from './lower/lower.js';
import { planMemory } from './memory.js';
import { passesBy, runPasses } from './passes.js';
import { pathTo } from './print/path.js';
import type { Program } from './program.js';
import { type SimplifyRules, simplifyRules } from './simplify/simplify.js';

/** What to compile. */
export interface ProgramExpressions {
  readonly name: string;
  /** Sizes of every symbolic dimension that occurs. */
  readonly sizes: Sizes;
  /**
   * The stages in order. Inputs are `input` leaves; every node is computed in the earliest stage in which its inputs
   * are known, and stages share subexpressions simply by using the same ones.
   */
  readonly stages: readonly StageExpressions[];
}

/** Why a program cannot be compiled. */
export type CompileError = DslError;

const refuse = (expected: string, actual: string, path: readonly string[] = []): E.Either<CompileError, never> =>
  E.left({ ...nameError('compile', expected, actual), path });

const checkNames = ({ stages }: ProgramExpressions): E.Either<CompileError, unknown> => {
  const names = stages.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return refuse('stages of different names', `${twice} twice`);
  const inputs = stages.flatMap((stage) => stage.inputs);
  const notLeaf = inputs.find(({ node }) => node.op !== 'input');
  if (notLeaf !== undefined) return refuse('input leaves as inputs of stages', String(notLeaf));
  const labels = inputs.flatMap(({ node }) => (node.op === 'input' ? [node.name] : []));
  const repeated = labels.find((label, i) => labels.indexOf(label) !== i);
  return repeated === undefined ? E.right(stages) : refuse('inputs of different names', `${repeated} twice`);
};

/** The names on the way to an expression, for errors that have to be traced back to the user's own definition. */
type Path = (expr: Expr) => readonly string[];

const checkDims = (expr: Expr, sizes: Sizes, path: Path): E.Either<CompileError, unknown> => {
  for (const dim of [...expr.shape, ...(expr.node.op === 'size' ? [expr.node.dim] : [])]) {
    const extent = typeof dim === 'number' ? dim : sizes[dim];
    if (extent === undefined || !Number.isInteger(extent) || extent < 1)
      return refuse(
        `a size of at least 1 for dimension ${dim}`,
        `${extent} for ${showOperand(expr)} ${showShape(expr.shape)}`,
        path(expr),
      );
  }
  return E.right(expr);
};

/** Checks one stage's outputs: no mistakes, no unknown leaves, nothing that is known only later. */
const checkLeaves = (
  outputs: StageExpressions['outputs'],
  known: ReadonlySet<Expr>,
  stage: string,
  sizes: Sizes,
): E.Either<CompileError, unknown> => {
  const order = postorder(Object.values(outputs));
  const path: Path = (expr) => pathTo(outputs, expr);
  const bound = new Set(order.flatMap(({ node }) => (node.op === 'iterate' ? node.variables : [])));
  for (const expr of order) {
    const { node } = expr;
    if (node.op === 'invalid') return E.left({ ...node.error, path: [...path(expr), ...node.error.path] });
    if (node.op === 'input' && !known.has(expr))
      return refuse(
        `input ${node.name} among the inputs of stage ${stage} or an earlier one`,
        'nothing of that name and shape',
        path(expr),
      );
    if (node.op === 'parameter')
      return refuse(`parameter ${node.name} bound to a view of θ (bindParameters)`, 'a free parameter', path(expr));
    if (node.op === 'variable' && !bound.has(expr))
      return refuse('variables bound by a loop only', `the free variable ${node.name}`, path(expr));
    const dims = checkDims(expr, sizes, path);
    if (E.isLeft(dims)) return dims;
  }
  return E.right(outputs);
};

/** A variable has a value only inside its loop. */
const checkScopes = (outputs: readonly Expr[]): E.Either<CompileError, unknown> => {
  const { scopeOf } = analyze(outputs, () => 0);
  const escaped = outputs.find((output) => scopeOf(output) !== undefined);
  return escaped === undefined
    ? E.right(outputs)
    : refuse('variables used inside their loop only', `a loop variable in ${String(escaped)}`);
};

const check = (program: ProgramExpressions): E.Either<CompileError, unknown> => {
  const names = checkNames(program);
  if (E.isLeft(names)) return names;
  const known = new Set<Expr>();
  for (const { name, inputs, outputs } of program.stages) {
    for (const input of inputs) {
      const dims = checkDims(input, program.sizes, ({ node }) => (node.op === 'input' ? [name, node.name] : [name]));
      if (E.isLeft(dims)) return dims;
      known.add(input);
    }
    const leaves = checkLeaves(outputs, known, name, program.sizes);
    if (E.isLeft(leaves)) return leaves;
  }
  return E.right(program);
};

/** A program with where its kernels come from. */
export interface Compilation {
  readonly program: Program;
  /** The name of the kernel that computes an expression, as it was lowered, for those that one computes. */
  readonly kernelOf: ReadonlyMap<Expr, string>;
}

/** What the compiler goes by before it makes kernels; checks give other rules to see whether they are noticed. */
export interface CompilerRules {
  readonly simplify: SimplifyRules;
  readonly stage: StageRule;
}

/** The rules of the compiler. */
export const compilerRules: CompilerRules = { simplify: simplifyRules, stage: earliestStage };

/** Compiles as `compile` does, and tells which kernel computes what. */
export const compileTraced = (
  source: ProgramExpressions,
  rules: CompilerRules = compilerRules,
): E.Either<CompileError, Compilation> => {
  const checked = check(source);
  if (E.isLeft(checked)) return checked;
  const outputs = source.stages.flatMap((stage) => Object.values(stage.outputs));
  const trace = runPasses(outputs, passesBy(rules.simplify));
  const scopes = checkScopes(at(trace, 0, 'passes').outputs);
  if (E.isLeft(scopes)) return scopes;
  const passed = at(trace, trace.length - 1, 'passes').outputs;
  const invalid = passed.find(({ node }) => node.op === 'invalid');
  if (invalid?.node.op === 'invalid') return E.left(invalid.node.error);
  const { buffers, stages, kernelOf } = lower(withOutputs(source.stages, passed), source.sizes, rules.stage);
  const program = { name: source.name, buffers, stages, memory: planMemory(buffers, stages) };
  return E.right({ program, kernelOf });
};

/**
 * Compiles staged expressions for one binding of the symbolic dimensions. Left: a mistake that an expression carries,
 * a free parameter or variable, an unknown or repeated name, or a dimension without a size.
 */
export const compile = (source: ProgramExpressions): E.Either<CompileError, Program> =>
  E.map(({ program }: Compilation) => program)(compileTraced(source));
