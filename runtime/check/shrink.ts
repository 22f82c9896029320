/**
 * From a law that does not hold to the operation that breaks it: every operation below is taken out, put over inputs of
 * its own that have the values of its operands, and checked alone, smallest first.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { dependents } from '../../compiler/differentiate/dependents.js';
import type { Derivations, LinearMap } from '../../compiler/differentiate/derive.js';
import { bindShape, type Environment, evaluate } from '../../compiler/evaluate.js';
import { forwardNames, type Names } from '../../compiler/print/names.js';
import { pathTo } from '../../compiler/print/path.js';
import { operationOf } from '../../compiler/print/rules.js';
import { writer } from '../../compiler/print/statements.js';
import {
  type Expr,
  freshVariable,
  input,
  make,
  operandsOf,
  postorder,
  random,
  rebuild,
  type Sizes,
} from '../../dsl/index.js';
import { lookup, zip } from '../../dsl/internal.js';
import type { Culprit } from './certificate.js';
import { againstDifference, type Comparison, equalProducts, inner, productSize, valuesOf } from './compare.js';

/** One operation by itself. */
export interface Isolated {
  readonly original: Expr;
  /** The operation over inputs. */
  readonly output: Expr;
  /** The inputs, with directions of their shapes. */
  readonly directions: readonly (readonly [Expr, Expr])[];
  /** A cotangent of the output's shape. */
  readonly cotangent: Expr;
  readonly environment: Environment;
}

// What is not a function of its operands' values alone, or is meant to have another derivative than its own.
const skipped: ReadonlySet<string> = new Set(['iterate', 'result', 'stopGradient', 'invalid']);

const normal = (expr: Expr, sizes: Sizes, seed: number): Float64Array => {
  const length = bindShape(expr.shape, sizes).reduce((a, b) => a * b, 1);
  return random.normal(random.generator(seed), length).values;
};

/** Every operation below some roots by itself, with the values that its operands have; operands first. */
const isolatedOperations = (
  roots: readonly Expr[],
  environment: Environment,
  sizes: Sizes,
): E.Either<unknown, readonly Isolated[]> => {
  const reached = postorder(roots, (expr) => environment.has(expr));
  // what depends on a loop's variables has a value in each round, and none here
  const bound = reached.flatMap(({ node }) => (node.op === 'iterate' ? node.variables : []));
  const inside = dependents(roots, new Set(bound));
  const order = reached.filter((expr) => !inside.has(expr));
  const operations = order.filter(
    (expr) => !environment.has(expr) && operandsOf(expr.node).length > 0 && !skipped.has(expr.node.op),
  );
  const values = evaluate(order, environment, sizes);
  if (E.isLeft(values)) return values;
  const computed = new Map(zip(order, values.right, 'values of operations'));
  return E.right(
    operations.map((original, seed): Isolated => {
      const operands = [...new Set(operandsOf(original.node))];
      const inputs = new Map(operands.map((operand, i) => [operand, input(`x${i}`, [...operand.shape])] as const));
      const directions = [...inputs.values()].map((x, i) => [x, input(`d${i}`, [...x.shape])] as const);
      const [condition] = original.node.op === 'map' && original.node.fn === 'select' ? original.node.operands : [];
      const over = operandsOf(original.node).map((operand) => lookup(inputs, operand, 'operation by itself'));
      // a condition is 0 or not: there is no direction in which it moves a little
      const still = condition && lookup(inputs, condition, 'operation by itself');
      const cotangent: Expr = input('u', [...original.shape]);
      return {
        original,
        output: make(rebuild(original.node, over)),
        directions,
        cotangent,
        environment: new Map<Expr, ArrayLike<number>>([
          ...[...inputs].map(([operand, x]) => [x, lookup(computed, operand, 'operation by itself')] as const),
          ...directions.map(([x, d], i) => {
            const value = normal(d, sizes, 31 * seed + i);
            return [d, x === still ? value.fill(0) : value] as const;
          }),
          [cotangent, normal(cotangent, sizes, 31 * seed + 17)],
        ]),
      };
    }),
  );
};

/** Is the rule of one operation its derivative? */
export const derivativeOf = (
  { output, directions, environment }: Isolated,
  sizes: Sizes,
  { jvp }: Derivations,
): E.Either<unknown, Comparison> =>
  againstDifference({ output, directions, tangent: jvp(output, new Map(directions)) }, environment, sizes);

/** ⟨u, A x⟩ = ⟨Aᵀ u, x⟩, from the values of u, A x, Aᵀ u and x, the last two by operand. */
const adjointIdentity = ([u, Ax, ...others]: readonly [Float64Array, Float64Array, ...Float64Array[]]): Comparison => {
  const half = others.length / 2;
  const pairs = zip(others.slice(0, half), others.slice(half), 'adjoint of an operation');
  const right = pairs.reduce((total, [back, x]) => total + inner(back, x), 0);
  return equalProducts(inner(u, Ax), right, productSize(u, Ax));
};

/** The first operation of a linear map, operands first, whose transpose is not its adjoint; none if each is by itself. */
const wronglyTransposed = (
  { variables, tangent }: LinearMap,
  environment: Environment,
  sizes: Sizes,
  { transpose }: Derivations,
): string | undefined => {
  const linear = dependents([tangent], new Set(variables));
  const wrong = postorder([tangent]).find((expr, seed) => {
    if (!linear.has(expr) || variables.includes(expr)) return false;
    const moving = [...new Set(operandsOf(expr.node))].filter((operand) => linear.has(operand));
    const own = new Map(moving.map((operand) => [operand, freshVariable('tangent', operand.shape)] as const));
    const output = make(
      rebuild(
        expr.node,
        operandsOf(expr.node).map((operand) => own.get(operand) ?? operand),
      ),
    );
    const cotangent = freshVariable('cotangent', expr.shape);
    const along = [...own.values()];
    const leaves = [cotangent, ...along].map((leaf, i) => [leaf, normal(leaf, sizes, 31 * seed + i)] as const);
    const values = valuesOf(
      [cotangent, output, ...transpose([output], [cotangent], along), ...along],
      new Map([...environment, ...leaves]),
      sizes,
    );
    return E.isRight(values) && adjointIdentity(values.right).verdict._tag === 'Failed';
  });
  return wrong && operationOf(wrong);
};

/** How an operation by itself compares, and which operation within its derivative is to blame, if it is another. */
type OperationComparison = Comparison & { readonly operation?: string };

/** Is the transpose of one operation its adjoint? If not, the operation of its derivative that is to blame is named. */
export const adjointOf = (
  { output, directions, cotangent, environment }: Isolated,
  sizes: Sizes,
  derived: Derivations,
): E.Either<unknown, OperationComparison> => {
  const { jvp, linearize, vjp } = derived;
  const pushed = jvp(output, new Map(directions));
  const pulled = vjp(
    output,
    directions.map(([x]) => x),
    cotangent,
  );
  const along = directions.map(([, d]) => d);
  return pipe(
    valuesOf([cotangent, pushed, ...pulled, ...along], environment, sizes),
    E.map((values) => {
      const comparison = adjointIdentity(values);
      if (comparison.verdict._tag !== 'Failed') return comparison;
      const map = linearize(
        output,
        directions.map(([x]) => x),
      );
      const operation = wronglyTransposed(map, environment, sizes, derived);
      return operation === undefined ? comparison : { ...comparison, operation };
    }),
  );
};

/** A check of one operation; Left where it cannot be made. */
export type OperationCheck = (isolated: Isolated) => Promise<E.Either<unknown, OperationComparison>>;

const describe = (
  roots: readonly Expr[],
  given: Names,
  original: Expr,
  { error, operation = operationOf(original) }: OperationComparison,
): Culprit => {
  const names = new Map([...given, ...forwardNames(roots, given)]);
  const places = Object.fromEntries(roots.map((root, i) => [i === 0 ? 'model' : `derivative ${i}`, root] as const));
  return {
    operation,
    expression: writer(names, 'text').define(original).text,
    path: pathTo(places, original, given),
    error,
  };
};

/** The first operation, operands first, that fails one of the checks. */
export const smallestFailure = async (
  roots: readonly Expr[],
  given: Names,
  environment: Environment,
  sizes: Sizes,
  checks: readonly OperationCheck[],
): Promise<Culprit | undefined> => {
  const operations = isolatedOperations(roots, environment, sizes);
  if (E.isLeft(operations)) return undefined;
  for (const isolated of operations.right)
    for (const check of checks) {
      const comparison = await check(isolated);
      if (E.isRight(comparison) && comparison.right.verdict._tag === 'Failed')
        return describe(roots, given, isolated.original, comparison.right);
    }
  return undefined;
};

/** The first expression, operands first, whose value is not what it has to be, where its operands' values are. */
export const firstToDiffer = (
  roots: readonly Expr[],
  given: Names,
  compare: (expr: Expr) => E.Either<unknown, Comparison>,
): Culprit | undefined => {
  for (const expr of postorder(roots)) {
    if (operandsOf(expr.node).length === 0 || skipped.has(expr.node.op)) continue;
    const comparison = compare(expr);
    if (E.isRight(comparison) && comparison.right.verdict._tag === 'Failed')
      return describe(roots, given, expr, comparison.right);
  }
  return undefined;
};
