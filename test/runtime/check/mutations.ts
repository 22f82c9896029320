/** Mistakes in the functions of derivatives and in stages, and all mistakes but those of simplification. */
import { type CompilerRules, compilerRules } from '../../../compiler/compile.js';
import { type Derivations, derivations } from '../../../compiler/differentiate/derive.js';
import type { StageRule } from '../../../compiler/lower/analysis.js';
import { primitives } from '../../../dsl/index.js';
import { alike } from '../../../dsl/tuple.js';
import type { Law } from '../../../runtime/check/certificate.js';
import { adjoint, type Mutation, negative, operand, twice } from './mutation.js';
import { forwardMutations, reverseMutations, tangentMutations } from './ruleMutations.js';
import { classifier, scalarModel } from './subjects.js';

const { literal, map, zeros } = primitives;

/** Wrong functions of derivatives. */
const wrongFunctions: readonly (readonly [string, Partial<Derivations>, Law])[] = [
  [
    'jvpAll: twice',
    { jvpAll: (outputs, seeds) => alike(outputs, derivations.jvpAll(outputs, seeds).map(twice)) },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'jvp: twice',
    { jvp: (output, seeds) => twice(derivations.jvp(output, seeds)) },
    'J v is the finite difference of z',
  ],
  [
    'jvp: along the first of the parameters',
    { jvp: (output, seeds) => derivations.jvp(output, new Map([...seeds].slice(0, 1))) },
    'J v is the finite difference of z',
  ],
  [
    'transpose: the negative',
    {
      transpose: (outputs, cotangents, variables) =>
        alike(variables, derivations.transpose(outputs, cotangents, variables).map(negative)),
    },
    'its transpose takes u to Jᵀ u',
  ],
  [
    'linearize: half the map',
    {
      linearize: (output, wrt) => {
        const { variables, tangent } = derivations.linearize(output, wrt);
        return { variables, tangent: map('mul', literal(0.5), tangent) };
      },
    },
    'the map that linearize gives takes v to J v',
  ],
  [
    'vjp: the negative',
    { vjp: (output, wrt, ct) => alike(wrt, derivations.vjp(output, wrt, ct).map(negative)) },
    adjoint,
  ],
  [
    'vjp: 0 for the first',
    {
      vjp: (output, wrt, ct) =>
        alike(
          wrt,
          derivations.vjp(output, wrt, ct).map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    adjoint,
  ],
  [
    'grad: twice',
    { grad: (output, wrt) => alike(wrt, derivations.grad(output, wrt).map(twice)) },
    '⟨g, v⟩ is the finite difference of the loss',
  ],
  [
    'grad: 0 for the first',
    {
      grad: (output, wrt) =>
        alike(
          wrt,
          derivations.grad(output, wrt).map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    '⟨g, v⟩ is the finite difference of the loss',
  ],
  [
    'hessianVectorProduct: the gradient',
    { hessianVectorProduct: (output, wrt) => derivations.grad(output, wrt) },
    'H u is the finite difference of ∂loss/∂z',
  ],
  [
    'hessianVectorProduct: half of it',
    {
      hessianVectorProduct: (output, wrt, tangents) =>
        alike(
          wrt,
          derivations.hessianVectorProduct(output, wrt, tangents).map((part) => map('mul', literal(0.5), part)),
        ),
    },
    '∇²L v is the finite difference of g',
  ],
  [
    'hessianVectorProduct: the blocks of the diagonal',
    {
      hessianVectorProduct: (output, wrt, tangents) =>
        alike(
          wrt,
          wrt.flatMap((x, i) => derivations.hessianVectorProduct(output, [x], [operand(tangents, i)])),
        ),
    },
    '∇²L v is the finite difference of g',
  ],
  [
    'ggnVectorProduct: H is left out',
    {
      ggnVectorProduct:
        ({ output, parameters }) =>
        (tangents) =>
          derivations.vjp(
            output,
            parameters,
            derivations.jvp(output, new Map(parameters.map((x, i) => [x, operand(tangents, i)]))),
          ),
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: H twice',
    {
      ggnVectorProduct:
        ({ output, parameters }, loss) =>
        (tangents) => {
          const zDot = derivations.jvp(output, new Map(parameters.map((x, i) => [x, operand(tangents, i)])));
          const [once] = derivations.hessianVectorProduct(loss(output), [output], [zDot]);
          const [again] = derivations.hessianVectorProduct(loss(output), [output], [once]);
          return derivations.vjp(output, parameters, again);
        },
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: the Hessian of the loss in θ',
    {
      ggnVectorProduct:
        ({ output, parameters }, loss) =>
        (tangents) =>
          derivations.hessianVectorProduct(loss(output), parameters, tangents),
    },
    '⟨w, G v⟩ is the curvature of the loss of the linearised model',
  ],
  [
    'ggnVectorProduct: the negative',
    {
      ggnVectorProduct: (model, loss) => (tangents) =>
        alike(model.parameters, derivations.ggnVectorProduct(model, loss)(tangents).map(negative)),
    },
    '⟨v, G v⟩ ≥ 0',
  ],
  [
    'ggnVectorProduct: 0 for the first',
    {
      ggnVectorProduct: (model, loss) => (tangents) =>
        alike(
          model.parameters,
          derivations
            .ggnVectorProduct(
              model,
              loss,
            )(tangents)
            .map((part, i) => (i === 0 ? zeros(part.shape) : part)),
        ),
    },
    '⟨w, G v⟩ = ⟨v, G w⟩',
  ],
];

const functionMutations: readonly Mutation[] = wrongFunctions.map(([name, wrong, law]) => ({
  name,
  model: classifier(),
  options: { derivations: { ...derivations, ...wrong } },
  law,
}));

/** Wrong rules of stages. */
const wrongStages: readonly (readonly [string, StageRule, Law])[] = [
  ['everything is known at once', (own) => own, 'the program agrees with the expressions'],
  [
    'the stage of the operand that is known first',
    (own, operands) => Math.max(own, Math.min(...operands, own || 1)),
    'the program agrees with the expressions',
  ],
  [
    'operations wait for the last stage',
    (own, operands) => Math.max(own, ...operands, operands.length > 0 ? 1 : 0),
    'the program agrees with the expressions',
  ],
  [
    'conditions wait for the last stage',
    (own, operands) => Math.max(own, ...operands, operands.length > 2 ? 1 : 0),
    'what is known in a stage is computed there',
  ],
];

const stageMutations: readonly Mutation[] = wrongStages.map(([what, stage, law]) => ({
  name: `stages: ${what}`,
  model: law === 'what is known in a stage is computed there' ? scalarModel('select') : classifier(),
  options: { compiler: { ...compilerRules, stage } satisfies CompilerRules },
  law,
}));

/** Mistakes in derivatives and stages; those of simplification have a page of their own. */
export const mutations: readonly Mutation[] = [
  ...tangentMutations,
  ...forwardMutations,
  ...reverseMutations,
  ...functionMutations,
  ...stageMutations,
];
