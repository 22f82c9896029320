/** What a problem can be wrong in, beside shapes: names that are taken, data that nothing gives, derivatives that there are not. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { z } from 'zod';
import { dependents } from '../compiler/differentiate/dependents.js';
import { grad } from '../compiler/index.js';
import {
  type DslError,
  type Expr,
  guarded,
  type Likelihood,
  nameError,
  type ParameterSpace,
  postorder,
  showShape,
  unsupportedError,
} from '../dsl/index.js';
import { showOperand } from '../dsl/print.js';
import { curvatureDimension } from './curvatureBatch.js';

/** Names that an object of JavaScript has anyway, so that no table of arrays by name can hold them. */
const isInherited = (name: string): boolean => name in Object.prototype;

/** The name of a leaf of a problem: an input by a name that is not taken. A mistake of the leaf is its own. */
export const inputName = (
  problem: string,
  part: 'input' | 'target',
  { node, shape }: Expr,
  taken: readonly string[],
): E.Either<DslError, string> => {
  const operation = `${problem}: ${part}`;
  if (node.op === 'invalid') return E.left({ ...node.error, path: [problem, part, ...node.error.path] });
  if (node.op !== 'input') return E.left(nameError(operation, 'an input', node.op));
  if (taken.includes(node.name))
    return E.left(nameError(operation, `an input not named ${taken.join(', ')}`, node.name));
  if (isInherited(node.name))
    return E.left(nameError(operation, 'an input not named as something that every object has', node.name));
  return shape[0] === curvatureDimension
    ? E.left(nameError(operation, `a batch dimension not named ${curvatureDimension}`, curvatureDimension))
    : E.right(node.name);
};

/** Are the leaves of the data the only ones that values come from? */
export const checkInputs = (
  problem: string,
  roots: readonly Expr[],
  data: readonly Expr[],
): E.Either<DslError, void> => {
  const other = postorder(roots).find((expr) => expr.node.op === 'input' && !data.includes(expr));
  return other === undefined
    ? E.right(undefined)
    : E.left(
        nameError(
          problem,
          `no input but ${data.map(showOperand).join(' and ')}, as nothing gives the values of another`,
          `${showOperand(other)} ${showShape(other.shape)}`,
        ),
      );
};

// What a safetensors file has beside its arrays.
const metadataName = '__metadata__';

/** Can every parameter be kept under its name? */
export const checkParameterNames = (problem: string, { entries }: ParameterSpace): E.Either<DslError, void> => {
  const wrong = entries.find(({ name }) => name === metadataName || isInherited(name));
  return wrong === undefined
    ? E.right(undefined)
    : E.left(
        nameError(
          `${problem}: parameters`,
          `names that a file of parameters can hold: not ${metadataName}, and none that every object has`,
          wrong.name,
        ),
      );
};

/** Is there a gradient of the loss? A loop has a derivative forwards, but none backwards. */
export const checkDerivable = (problem: string, value: Expr, { entries }: ParameterSpace): E.Either<DslError, void> => {
  const leaves = entries.map(({ parameter }) => parameter);
  const bad = grad(value, leaves).find(({ node }) => node.op === 'invalid');
  if (bad === undefined || bad.node.op !== 'invalid') return E.right(undefined);
  const { error } = bad.node;
  const loop = [...dependents([value], new Set(leaves))].find(({ node }) => node.op === 'result');
  return E.left(
    loop === undefined
      ? { ...error, path: [problem, 'gradient', ...error.path] }
      : unsupportedError(
          `${problem}: gradient`,
          'no parameter inside a loop (iterate), through which there is no gradient: write its rounds out, or take stopGradient of its result',
          showOperand(loop),
        ),
  );
};

/** What can be seen of a likelihood in a module of JavaScript. */
const likelihoodForm = z.object({
  name: z.string(),
  targets: z.object({ _tag: z.enum(['Labels', 'Probabilities', 'Counts', 'Numbers']) }),
  prediction: z.object({ _tag: z.enum(['LargestOutput', 'Sign', 'None']) }),
  fisher: z.custom<Likelihood['fisher']>(
    (value) => typeof value === 'function',
    'a function (output, tangent) → F_z tangent',
  ),
});

/** Is what a loss carries a likelihood? */
export const checkLikelihood = (problem: string, likelihood: unknown): E.Either<DslError, void> => {
  if (likelihood === undefined) return E.right(undefined);
  const refuse = (reason: string) =>
    E.left(nameError(`${problem}: loss`, 'a likelihood, such as likelihoods.categorical', `one of which ${reason}`));
  return pipe(
    guarded(() => likelihoodForm.safeParse(likelihood)),
    E.match(
      (reason) => refuse(`a part throws: ${reason}`),
      ({ error }) => {
        const [issue] = error?.issues ?? [];
        return issue === undefined
          ? E.right(undefined)
          : refuse(`${['likelihood', ...issue.path].join('.')} is wrong (${issue.message})`);
      },
    ),
  );
};
