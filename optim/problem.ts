/** What is to be learned: a network's output, a loss on it, and where its data and parameters enter. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { checkAuthored } from '../compiler/authored.js';
import {
  type DslError,
  type Expr,
  type Initialiser,
  isExpr,
  type Loss,
  misfit,
  nameError,
  type ParameterSpace,
  parameterSpace,
  type Shape,
  showValue,
  typed,
} from '../dsl/index.js';
import type { Scalar } from './cg.js';
import { exprGiven } from './given.js';
import { countedResponse, type Objective, objectiveOf } from './objective.js';
import { checkDerivable, checkInputs, checkLikelihood, checkParameterNames, inputName } from './problemChecks.js';

const metrics = ['loss', 'accuracy'] as const;

/** What a test measures: the mean loss, or the share of targets that are predicted right. */
export type Metric = (typeof metrics)[number];

/** A problem with its shapes forgotten, as optimizers use it. */
export interface Problem extends Objective {
  readonly name: string;
  /** The input leaf of the samples, [batch, …]. */
  readonly input: Expr;
  /** The input leaf of the targets, [batch, …]. */
  readonly target: Expr;
  /** The name of the dimension that counts samples. */
  readonly batch: string;
  /** z = f(x; θ), [batch, …], before the output nonlinearity. */
  readonly output: Expr;
  /** z ↦ mean over the batch of the loss of z and the target; convex in z. With the likelihood that its author gave it. */
  readonly loss: ((output: Expr) => Scalar) & Pick<Loss, 'likelihood'>;
  readonly metric: Metric;
  readonly initialiser: Initialiser;
  /** How the parameters lie in the flat θ [d]. */
  readonly parameters: ParameterSpace;
}

/** A problem as its author writes it, with shapes in types. */
export interface ProblemDefinition<X extends Shape, Y extends Shape, Z extends Shape> {
  readonly name: string;
  readonly input: Expr<X>;
  readonly target: Expr<Y>;
  readonly output: Expr<Z>;
  /** One of the library, a function of one's own, or such a function with its likelihood (`withLikelihood`). */
  readonly loss: Loss<Z, Y>;
  readonly metric: Metric;
  readonly initialiser: Initialiser;
}

/** Names of inputs that the optimizers add to those of the problem. */
export const optimizerInputs = [
  'theta',
  'momentum',
  'momentumCorrection',
  'damping',
  'cgTolerance',
  'cgIterations',
  'stepSize',
  'lastDirection',
  'curvatureInputs',
  'curvatureTargets',
  'velocity',
  'learningRate',
  'firstMoment',
  'firstMomentCorrection',
  'secondMoment',
  'secondMomentCorrection',
] as const;

/** The dimension that counts samples: the first of inputs, targets and outputs. */
const batchDimension = (input: Expr, target: Expr, output: Expr): E.Either<DslError, string> => {
  const [batch] = input.shape;
  if (typeof batch !== 'string' || target.shape[0] !== batch)
    return E.left(misfit('problem', 'inputs and targets [batch, …]', input, target));
  return output.node.op === 'invalid' || output.shape[0] === batch
    ? E.right(batch)
    : E.left(misfit('problem', `an output [${batch}, …]`, output));
};

const shown = (value: unknown): string => (typeof value === 'string' ? value : showValue(value));

/** What types do not hold in a module of JavaScript: the first part that is something else. */
const checkParts = (definition: Readonly<Record<keyof ProblemDefinition<[], [], []>, unknown>>) => {
  const { name, metric, initialiser, loss } = definition;
  const refuse = (part: string, expected: string, actual: unknown): E.Either<DslError, void> =>
    E.left(nameError(`${shown(name)}: ${part}`, expected, shown(actual)));
  if (typeof name !== 'string') return E.left(nameError('problem', 'a text as its name', shown(name)));
  for (const part of ['input', 'target', 'output'] as const)
    if (!isExpr(definition[part])) return refuse(part, 'an expression', definition[part]);
  if (typeof loss !== 'function') return refuse('loss', 'a function of output and target', loss);
  if (!metrics.some((known) => known === metric)) return refuse('metric', metrics.join(' or '), metric);
  return typeof initialiser === 'function'
    ? E.right(undefined)
    : refuse('initialiser', 'one of initialisers', initialiser);
};

/** What the loss says of the targets; Left: where accuracy is asked for and has no meaning. */
const checkObjective = (
  { name, loss, metric }: Pick<Problem, 'name' | 'metric'> & { readonly loss: Pick<Loss, 'likelihood'> },
  output: Expr,
  target: Expr,
  value: Expr,
): E.Either<DslError, Objective> => {
  const objective = objectiveOf(loss, output, target, value);
  return metric === 'loss'
    ? E.right(objective)
    : pipe(
        countedResponse(name, objective, output, target),
        E.map((response) => ({ ...objective, response })),
      );
};

/** Checks a definition and lays its parameters out; the error says which part does not fit. */
export const problem = <X extends Shape, Y extends Shape, Z extends Shape>(
  definition: ProblemDefinition<X, Y, Z>,
): E.Either<DslError, Problem> => {
  const { name, input, target, output, metric, initialiser } = definition;
  // The author's loss is typed for the shape of z; the compiler calls it with expressions of that very shape.
  const value = (z: Expr): Scalar =>
    typed(exprGiven(`the loss of ${name}`, () => definition.loss(typed<Z>(z), target)));
  // What the author's loss carries stays with it: a problem is made again from its parts where a module exports it.
  const loss = (): Problem['loss'] => {
    const { likelihood } = definition.loss;
    return likelihood === undefined ? value : Object.assign((z: Expr) => value(z), { likelihood });
  };
  return pipe(
    checkParts(definition),
    E.flatMap(() => checkLikelihood(name, definition.loss.likelihood)),
    E.flatMap(() => inputName(name, 'input', input, optimizerInputs)),
    E.flatMap((taken) => inputName(name, 'target', target, [taken, ...optimizerInputs])),
    E.flatMap(() => batchDimension(input, target, output)),
    E.bindTo('batch'),
    E.bind('value', () => checkAuthored({ name, output, loss: value })),
    E.tap(({ value }) => checkInputs(name, [output, value], [input, target])),
    E.bind('parameters', ({ value }) => parameterSpace([value])),
    E.tap(({ parameters }) => checkParameterNames(name, parameters)),
    E.tap(({ parameters, value }) => checkDerivable(name, value, parameters)),
    E.bind('objective', ({ value }) => checkObjective(definition, output, target, value)),
    E.map(({ batch, parameters, objective }) => ({
      name,
      input,
      target,
      batch,
      output,
      loss: loss(),
      ...objective,
      metric,
      initialiser,
      parameters,
    })),
  );
};
