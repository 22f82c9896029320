import { expect } from 'chai';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { dot, mul, primitives, type ScalarFunction, size, typed } from '../../../dsl/index.js';
import { checkedCurvatures, curvatures, gradientAt } from '../../../optim/index.js';
import type { CheckedCurvature } from '../../../runtime/check/laws.js';
import { checkModel } from '../../../runtime/check/model.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import type { Executable, Target } from '../../../runtime/target.js';
import { smallMlp } from '../../optim/problems.js';
import { rightOf } from '../../support/evaluation.js';
import type { Mutation } from './mutation.js';
import { mutations } from './mutations.js';
import { simplificationMutations } from './simplifications.js';
import { classifier, convolution, movementModel, powerModel, scalarModel } from './subjects.js';

const network = rightOf(smallMlp);

const withCurvature = (wrong: CheckedCurvature): readonly CheckedCurvature[] =>
  checkedCurvatures(network).map((shipped) => (shipped.name === wrong.name ? wrong : shipped));

const shippedMatrix = (name: string): CheckedCurvature['matrix'] => {
  const shipped = checkedCurvatures(network).find((curvature) => curvature.name === name);
  if (shipped === undefined) throw new Error(`no curvature ${name}`);
  return shipped.matrix;
};

/** Mistakes in the curvatures that optimizers call. */
const curvatureMutations: readonly Mutation[] = [
  {
    name: 'curvature ggn: the Hessian',
    model: network,
    options: {
      curvatures: withCurvature({
        name: 'ggn',
        matrix: 'ggn',
        product: (theta, v) => curvatures.hessian(network, typed(theta))(typed(v)),
      }),
    },
    law: 'a curvature of the optimizers is the matrix of its name',
  },
  {
    name: 'curvature hessian: the GGN',
    model: network,
    options: {
      curvatures: withCurvature({
        name: 'hessian',
        matrix: 'hessian',
        product: (theta, v) => curvatures.ggn(network, typed(theta))(typed(v)),
      }),
    },
    law: 'a curvature of the optimizers is the matrix of its name',
  },
  {
    name: 'curvature fisher: weighted on one side',
    model: network,
    options: {
      curvatures: withCurvature({
        name: 'fisher',
        matrix: shippedMatrix('fisher'),
        product: (theta, v) => primitives.map('mul', theta, curvatures.fisher(network, typed(theta))(typed(v))),
      }),
    },
    law: 'a curvature of the optimizers is symmetric',
  },
  ...(['fisher', 'empiricalFisher'] as const).map((name) => ({
    name: `curvature ${name}: half of it`,
    model: network,
    options: {
      curvatures: withCurvature({
        name,
        matrix: shippedMatrix(name),
        product: (theta, v) => mul(0.5, typed(curvatures[name](network, typed(theta))(typed(v)))),
      }),
    },
    law: 'a curvature of the optimizers is the matrix of its name' as const,
  })),
  {
    name: 'curvature empiricalFisher: products of all pairs of samples',
    model: network,
    options: {
      curvatures: withCurvature({
        name: 'empiricalFisher',
        matrix: shippedMatrix('empiricalFisher'),
        // N ∇L ∇Lᵀ v
        product: (theta, v) => {
          const gradient = gradientAt(network, typed(theta));
          return mul(size(network.batch), mul(gradient, dot(gradient, typed(v))));
        },
      }),
    },
    law: 'a curvature of the optimizers is the matrix of its name',
  },
];

const wrongTarget = (wrong: (executable: Executable) => Executable): Target => ({
  ...interpreterTarget,
  compile: (program) => TE.map(wrong)(interpreterTarget.compile(program)),
});

/** Targets that give what they have given before. */
const targetMutations: readonly Mutation[] = [
  {
    name: 'target: products keep their first direction',
    model: classifier(),
    options: {
      target: wrongTarget((executable) => {
        const given = new Map<string, Parameters<Executable['run']>[1]>();
        return {
          ...executable,
          run: (stage, inputs) => {
            if (!given.has(stage)) given.set(stage, inputs);
            return executable.run(stage, given.get(stage) ?? inputs);
          },
        };
      }),
    },
    law: 'the target agrees with float64',
  },
  {
    name: 'target: tanh is the sigmoid',
    model: classifier(),
    options: {
      target: {
        ...interpreterTarget,
        compile: (program) =>
          interpreterTarget.compile(JSON.parse(JSON.stringify(program).replaceAll('"fn":"tanh"', '"fn":"sigmoid"'))),
      },
    },
    law: 'the target agrees with float64',
    operation: 'tanh',
  },
];

const all: readonly Mutation[] = [...mutations, ...simplificationMutations, ...curvatureMutations, ...targetMutations];

// one ordinary point shows them all; two samples, so that a sum over the batch is one
const settings = { points: ['random 1'], batch: 2 } as const;

describe('planted mistakes', () => {
  const functions: readonly ScalarFunction[] = ['neg', 'abs', 'exp', 'log', 'sqrt', 'tanh', 'sigmoid', 'softplus'];
  const others: readonly ScalarFunction[] = ['add', 'sub', 'mul', 'div', 'max', 'min', 'pow', 'select'];

  it('without one, every law holds for the models that they are planted in', async () => {
    const models = [
      classifier(),
      convolution(),
      movementModel(),
      powerModel(),
      ...[...functions, ...others].map(scalarModel),
    ];
    for (const model of models) {
      const certificates = rightOf(await checkModel(model, settings)());
      const broken = certificates.filter(({ verdict }) => verdict._tag !== 'Held');
      expect(broken, `${model.name}: ${JSON.stringify(broken)}`).to.deep.equal([]);
    }
    const certificates = rightOf(
      await checkModel(network, { ...settings, curvatures: checkedCurvatures(network), target: interpreterTarget })(),
    );
    expect(certificates.filter(({ verdict }) => verdict._tag !== 'Held')).to.deep.equal([]);
  });

  it('are many, of every kind', () => {
    expect(all.length).to.be.at.least(90);
    expect(new Set(all.map(({ name }) => name)).size).to.equal(all.length);
  });

  for (const { name, model, options, law, operation } of all)
    it(`are caught and named: ${name}`, async () => {
      const certificates = rightOf(await checkModel(model, { ...settings, ...options })());
      const failed = certificates.filter(({ verdict }) => verdict._tag === 'Failed');
      expect(failed.map((certificate) => certificate.law)).to.include(law);
      if (operation === undefined) return;
      const named = failed.flatMap(({ verdict }) => (verdict._tag === 'Failed' ? [verdict.culprit?.operation] : []));
      expect(named).to.include(operation);
    });
});
