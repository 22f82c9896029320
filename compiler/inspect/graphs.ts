/** The graphs that can be looked at: a model, its derivatives, and whatever else is staged for compilation. */

import * as E from 'fp-ts/lib/Either.js';
import { type DslError, nameError } from '../../dsl/error.js';
import { postorder } from '../../dsl/expr.js';
import { only, zip } from '../../dsl/internal.js';
import { input } from '../../dsl/leaves.js';
import type { Expr } from '../../dsl/node.js';
import { bindParameters, flattenParameters, type ParameterSpace, splitParameters } from '../../dsl/parameters.js';
import { type Authored, checkAuthored, firstMistake } from '../authored.js';
import { ggnVectorProduct, grad, jvp, vjp } from '../differentiate/derive.js';
import type { StageExpressions } from '../lower/lower.js';
import type { Lane } from './origins.js';

/** What is looked into: a network's output, a loss on it, and how its parameters lie in θ. */
export interface InspectedModel extends Authored {
  readonly parameters: ParameterSpace;
}

/** The graphs of a model that the compiler derives itself. */
export const graphNames = ['forward', 'loss', 'gradient', 'jvp', 'vjp', 'ggn'] as const;

/** The name of a derived graph. */
export type GraphName = (typeof graphNames)[number];

/** A stage, with when it runs. */
export interface InspectedStageExpressions extends StageExpressions {
  /** `once per step`, `once per direction v`. */
  readonly runs: string;
}

/** A title for each lane. */
export type LaneTitles = Readonly<Record<Lane, string>>;

/** A graph to look at. */
export interface InspectedGraph {
  /** What it is, for example `ggn`. */
  readonly name: string;
  /** What it computes, as mathematics. */
  readonly formula: string;
  /** What the values of each lane are together. */
  readonly titles: LaneTitles;
  /** As for `compile`, with when each stage runs. */
  readonly stages: readonly InspectedStageExpressions[];
  /** The flat θ [d]. */
  readonly theta: Expr;
  /** The direction v [d] that products are taken with, where there is one. */
  readonly direction?: Expr;
  /** The cotangent u of z, where there is one. */
  readonly cotangent?: Expr;
  /** Other points θ⁺ [d] at which the graph runs the model forward, for example those that a line search tries. */
  readonly points?: readonly Expr[];
  /** Expressions over the batch, over the samples that the curvature sees instead, where it sees others. */
  readonly onCurvatureBatch?: (exprs: readonly Expr[]) => readonly Expr[];
}

/** A model with its parameters bound to views of θ. */
export interface BoundModel {
  readonly theta: Expr;
  /** z at θ. */
  readonly output: Expr;
  readonly loss: Expr;
  /** The views of θ, one per parameter. */
  readonly views: readonly Expr[];
}

/** The model at a flat θ [d]. */
export const boundModel = ({ output, loss, parameters }: InspectedModel, theta: Expr): BoundModel => {
  const bound = only(bindParameters(parameters, theta, [output]), 'boundModel');
  return { theta, output: bound, loss: loss(bound), views: splitParameters(parameters, theta) };
};

const inputsOf = (roots: readonly Expr[], except: readonly Expr[]): readonly Expr[] =>
  postorder(roots).filter((expr) => expr.node.op === 'input' && !except.includes(expr));

/** What each derived graph computes. */
const formulas: Readonly<Record<GraphName, string>> = {
  forward: 'z = f(x; θ)',
  loss: 'L(θ) = (1/N) Σ ℓ(z, y)',
  gradient: 'g = (1/N) Σ Jᵀ ∇ℓ,  J = ∂z/∂θ',
  jvp: 'J v,  J = ∂z/∂θ',
  vjp: 'Jᵀ u,  J = ∂z/∂θ',
  ggn: 'G v = (1/N) Σ Jᵀ H J v,  J = ∂z/∂θ,  H = ∂²ℓ/∂z²   (eq. 13)',
};

const perStep = 'once per step';
const perDirection = 'once per direction v';

/** The titles of lanes, with what Jᵀ is applied to. */
export const laneTitles = (transposedOf: string): LaneTitles => ({
  primal: 'forward pass',
  tangent: 'J v: tangents, a dot is a derivative along v',
  hessian: 'H J v: the Hessian of the loss in z, times the tangent of z',
  cotangent: `Jᵀ ${transposedOf}: cotangents, from the output back to the parameters`,
  solver: 'vectors and scalars of the optimizer',
});

/** What the Jacobian is transposed for. */
const transposedFor: Readonly<Record<GraphName, string>> = {
  forward: 'u',
  loss: 'u',
  gradient: '∇ℓ',
  jvp: 'u',
  vjp: 'u',
  ggn: 'H J v',
};

/** Derives a graph of a model. Left: a mistake that the model carries, or an input that is called `theta`, `v` or `u`. */
export const deriveGraph = (model: InspectedModel, name: GraphName): E.Either<DslError, InspectedGraph> => {
  const authored = checkAuthored(model);
  if (E.isLeft(authored)) return authored;
  const { parameters } = model;
  const theta: Expr = input('theta', [parameters.length]);
  const { output, loss, views } = boundModel(model, theta);
  const batchInputs = inputsOf([output, loss], [theta]);
  const reserved = batchInputs.find(({ node }) => node.op === 'input' && ['theta', 'v', 'u'].includes(node.name));
  if (reserved?.node.op === 'input')
    return E.left(nameError('inspect', 'inputs not named theta, v or u', reserved.node.name));
  const direction: Expr = input('v', [parameters.length]);
  const cotangent: Expr = input('u', [...output.shape]);
  const tangents = splitParameters(parameters, direction);
  const seeds = new Map(zip(views, tangents, 'deriveGraph'));
  const forwardInputs = [theta, ...inputsOf([output], [theta])];
  const flat = (pieces: readonly Expr[]): Expr => flattenParameters(parameters, pieces);
  const graphs: Readonly<Record<GraphName, () => Omit<InspectedGraph, 'name' | 'formula' | 'titles' | 'theta'>>> = {
    forward: () => ({ stages: [{ name: 'forward', runs: perStep, inputs: forwardInputs, outputs: { z: output } }] }),
    loss: () => ({ stages: [{ name: 'loss', runs: perStep, inputs: [theta, ...batchInputs], outputs: { loss } }] }),
    gradient: () => ({
      stages: [
        {
          name: 'gradient',
          runs: perStep,
          inputs: [theta, ...batchInputs],
          outputs: { loss, g: flat(grad(loss, views)) },
        },
      ],
    }),
    jvp: () => ({
      direction,
      stages: [
        { name: 'linearize', runs: perStep, inputs: forwardInputs, outputs: { z: output } },
        { name: 'product', runs: perDirection, inputs: [direction], outputs: { Jv: jvp(output, seeds) } },
      ],
    }),
    vjp: () => ({
      cotangent,
      stages: [
        { name: 'linearize', runs: perStep, inputs: forwardInputs, outputs: { z: output } },
        {
          name: 'product',
          runs: 'once per cotangent u',
          inputs: [cotangent],
          outputs: { JTu: flat(vjp(output, views, cotangent)) },
        },
      ],
    }),
    ggn: () => ({
      direction,
      stages: [
        { name: 'linearize', runs: perStep, inputs: [theta, ...batchInputs], outputs: {} },
        {
          name: 'product',
          runs: perDirection,
          inputs: [direction],
          outputs: { Gv: flat(ggnVectorProduct({ output, parameters: views }, model.loss)(tangents)) },
        },
      ],
    }),
  };
  const titles = laneTitles(transposedFor[name]);
  const graph = { name, formula: formulas[name], titles, theta, ...graphs[name]() };
  const outputs = Object.fromEntries(graph.stages.flatMap((stage) => Object.entries(stage.outputs)));
  const checked = firstMistake(model.name, outputs);
  return E.isLeft(checked) ? checked : E.right(graph);
};
