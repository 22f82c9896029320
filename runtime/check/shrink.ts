/**
 * From a law that does not hold to the operation that breaks it: every operation below is taken out, put over inputs of
 * its own that have the values of its operands, and checked alone, smallest first.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Derivations } from '../../compiler/differentiate/derive.js';
import { bindShape, type Environment, evaluate } from '../../compiler/evaluate.js';
import { forwardNames, type Names } from '../../compiler/print/names.js';
import { pathTo } from '../../compiler/print/path.js';
import { operationOf } from '../../compiler/print/rules.js';
import { writer } from '../../compiler/print/statements.js';
import { type Expr, input, make, operandsOf, postorder, random, rebuild, type Sizes } from '../../dsl/index.js';
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
  const order = postorder(roots, (expr) => environment.has(expr));
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
      const over = operandsOf(original.node).map((operand) => lookup(inputs, operand, 'operation by itself'));
      const cotangent: Expr = input('u', [...original.shape]);
      return {
        original,
        output: make(rebuild(original.node, over)),
        directions,
        cotangent,
        environment: new Map<Expr, ArrayLike<number>>([
          ...[...inputs].map(([operand, x]) => [x, lookup(computed, operand, 'operation by itself')] as const),
          ...directions.map(([, d], i) => [d, normal(d, sizes, 31 * seed + i)] as const),
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

/** Is the transpose of one operation its adjoint? */
export const adjointOf = (
  { output, directions, cotangent, environment }: Isolated,
  sizes: Sizes,
  { jvp, vjp }: Derivations,
): E.Either<unknown, Comparison> => {
  const pushed = jvp(output, new Map(directions));
  const pulled = vjp(
    output,
    directions.map(([x]) => x),
    cotangent,
  );
  const along = directions.map(([, d]) => d);
  return pipe(
    valuesOf([cotangent, pushed, ...pulled, ...along], environment, sizes),
    E.map(([u, Jv, ...others]) => {
      const pairs = zip(others.slice(0, pulled.length), others.slice(pulled.length), 'adjoint of an operation');
      const right = pairs.reduce((sum, [back, d]) => sum + inner(back, d), 0);
      return equalProducts(inner(u, Jv), right, productSize(u, Jv));
    }),
  );
};

/** A check of one operation; Left where it cannot be made. */
export type OperationCheck = (isolated: Isolated) => Promise<E.Either<unknown, Comparison>>;

const describe = (root: Expr, given: Names, { original }: Isolated, error: number): Culprit => {
  const names = new Map([...given, ...forwardNames([root], given)]);
  return {
    operation: operationOf(original),
    expression: writer(names, 'text').define(original).text,
    path: pathTo({ model: root }, original, given),
    error,
  };
};

/** The first operation, operands first, that fails one of the checks. */
export const smallestFailure = async (
  root: Expr,
  given: Names,
  environment: Environment,
  sizes: Sizes,
  checks: readonly OperationCheck[],
): Promise<Culprit | undefined> => {
  const operations = isolatedOperations([root], environment, sizes);
  if (E.isLeft(operations)) return undefined;
  for (const isolated of operations.right)
    for (const check of checks) {
      const comparison = await check(isolated);
      if (E.isRight(comparison) && comparison.right.verdict._tag === 'Failed')
        return describe(root, given, isolated, comparison.right.error);
    }
  return undefined;
};
