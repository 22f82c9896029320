/** Does a target compute what float64 evaluation does, up to the rounding of float32? */
import * as E from 'fp-ts/lib/Either.js';
import { compile } from '../../compiler/compile.js';
import { type Environment, evaluate } from '../../compiler/evaluate.js';
import { type Expr, postorder, type Sizes, showDslError } from '../../dsl/index.js';
import { type Target, type TargetError, withExecutable } from '../target.js';
import { type Comparison, judged, relativeError } from './compare.js';
import type { Derivatives } from './derivatives.js';
import type { Point } from './points.js';
import type { Isolated } from './shrink.js';

// Float32 carries 24 bits; long folds lose some of them.
const tolerance = 2e-3;
// Values that are small against 1 are compared with 1: a difference of nearly equal numbers has their rounding.
const floor = 1;

/** What is compared. */
interface Outputs {
  readonly output: Expr;
  readonly loss: Expr;
  readonly derivatives: Derivatives;
  readonly sizes: Sizes;
}

type Failure = string | TargetError;

const rounded = (environment: Environment): ReadonlyMap<Expr | string, Float32Array> =>
  new Map([...environment].map(([name, values]) => [name, Float32Array.from(values)]));

const runOn = async (
  target: Target,
  outputs: Readonly<Record<string, Expr>>,
  environment: Environment,
  sizes: Sizes,
): Promise<E.Either<Failure, Comparison>> => {
  const inputs = postorder(Object.values(outputs)).filter(({ node }) => node.op === 'input');
  const program = compile({ name: 'check', sizes, stages: [{ name: 'all', inputs, outputs }] });
  if (E.isLeft(program)) return E.left(showDslError(program.left));
  const values = rounded(environment);
  const expected = evaluate(Object.values(outputs), values, sizes);
  if (E.isLeft(expected)) return E.left(showDslError(expected.left));
  const given = inputs.flatMap((leaf) =>
    leaf.node.op === 'input' ? [[leaf.node.name, values.get(leaf) ?? new Float32Array(0)] as const] : [],
  );
  return withExecutable<Failure, Comparison>(target, program.right, ({ run }) => async () => {
    const result = await run('all', Object.fromEntries(given))();
    if (E.isLeft(result)) return result;
    let worst = 0;
    for (const [i, name] of Object.keys(outputs).entries()) {
      const { [name]: scalar } = result.right.scalars;
      const actual = scalar === undefined ? await result.right.arrays[name]?.read() : E.right(Float32Array.of(scalar));
      if (actual === undefined) return E.left(`the target gave no ${name}`);
      if (E.isLeft(actual)) return actual;
      const error = relativeError(expected.right[i] ?? [], actual.right, floor);
      if (!(error <= worst)) worst = error;
    }
    return E.right(judged(worst, tolerance));
  })();
};

/** Compares z, the loss and all derivatives at a point. */
export const targetAgreement = (
  target: Target,
  { output, loss, derivatives: { Jv, JTu, gradient, Gv }, sizes }: Outputs,
  { environment }: Point,
): Promise<E.Either<Failure, Comparison>> =>
  runOn(target, { z: output, loss, Jv, JTu, gradient, Gv }, environment, sizes);

/** Compares one operation by itself. */
export const agreementOf =
  (target: Target, sizes: Sizes) =>
  ({ output, environment }: Isolated): Promise<E.Either<Failure, Comparison>> =>
    runOn(target, { y: output }, environment, sizes);
