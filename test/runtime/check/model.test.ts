import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { type Derivations, derivationsOf, derivativeRules } from '../../../compiler/differentiate/derive.js';
import type { TangentRules } from '../../../compiler/differentiate/tangents.js';
import type { InspectedModel } from '../../../compiler/inspect/graphs.js';
import {
  type Expr,
  input,
  meanSquaredError,
  mlp,
  network,
  parameterSpace,
  primitives,
  typed,
} from '../../../dsl/index.js';
import { allHold, type Certificate, laws } from '../../../runtime/check/certificate.js';
import { type CheckOptions, type CheckProgress, checkModel } from '../../../runtime/check/model.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import type { Target } from '../../../runtime/target.js';
import { smallModel } from '../../compiler/inspect/models.js';

const certificatesOf = async (model: InspectedModel, options: CheckOptions): Promise<readonly Certificate[]> => {
  const result = await checkModel(model, options)();
  if (E.isLeft(result)) throw new Error(result.left.reason);
  return result.right;
};

const culpritsOf = (certificates: readonly Certificate[]) =>
  certificates.flatMap(({ verdict }) =>
    verdict._tag === 'Failed' && verdict.culprit !== undefined ? [verdict.culprit] : [],
  );

/** The derivations with other tangents of some scalar functions. */
const withTangents = (wrong: Partial<TangentRules>): Derivations => {
  const { forward } = derivativeRules;
  return derivationsOf({ ...derivativeRules, forward: { ...forward, scalar: { ...forward.scalar, ...wrong } } });
};

/** ẏ = (1 − y) ẋ instead of (1 − y²) ẋ. */
const wrongTanh = withTangents({
  tanh: (_, y, [dx]) =>
    dx === undefined ? undefined : primitives.map('mul', primitives.map('sub', primitives.literal(1), y), dx),
});

/** A linear rule whose transpose exists and is as wrong as it is: ẏ = 2ẋ for y = −x. */
const wrongSub = withTangents({
  sub: (_, __, [da]) => (da === undefined ? undefined : primitives.map('mul', primitives.literal(2), da)),
});

describe('checkModel', () => {
  for (const activation of ['sigmoid', 'tanh', 'relu', 'softplus'] as const)
    it(`certifies every law for a network with ${activation}`, async () => {
      const certificates = await certificatesOf(smallModel(activation), { target: interpreterTarget });
      expect(allHold(certificates), JSON.stringify(certificates)).to.equal(true);
      const ofModels = laws.filter((law) => !law.startsWith('a curvature of the optimizers'));
      expect(new Set(certificates.map(({ law }) => law))).to.deep.equal(new Set(ofModels));
      const compared = certificates.filter(({ verdict }) => verdict._tag === 'Held');
      expect(compared.length).to.be.above(certificates.length * 0.8);
    });

  it('tells of every law at every point before it checks it', async () => {
    for (const options of [{}, { target: interpreterTarget }]) {
      const told: CheckProgress[] = [];
      const certificates = await certificatesOf(smallModel('tanh'), {
        ...options,
        onLaw: (progress) => told.push(progress),
      });
      expect(told).to.deep.equal(
        certificates.map(({ law, point }, i) => ({ law, point, share: i / certificates.length })),
      );
    }
  });

  it('takes a jump of the second derivative for none of the first: θ = 0 in a wide network with relu', async () => {
    const output = mlp(input('x', ['batch', 3]), { hidden: [4000], outputs: 10, activation: 'relu' });
    const parameters = parameterSpace([output]);
    if (E.isLeft(parameters)) throw new Error('no parameters');
    const loss = (z: Expr): Expr => meanSquaredError(typed<['batch', 10]>(z), input('y', ['batch', 10]));
    const model: InspectedModel = { name: 'wide', output, loss, parameters: parameters.right };
    for (const seed of [1, 2]) {
      const certificates = await certificatesOf(model, {
        seed,
        laws: ['J v is the finite difference of z', '⟨g, v⟩ is the finite difference of the loss'],
      });
      expect(certificates.length).to.be.above(0);
      const failed = certificates.filter(({ verdict }) => verdict._tag === 'Failed');
      expect(failed, JSON.stringify(failed)).to.deep.equal([]);
    }
  });

  it('finds a wrong derivative planted in tanh and names it', async () => {
    const certificates = await certificatesOf(smallModel('tanh'), { derivations: wrongTanh });
    const failed = certificates.filter(({ verdict }) => verdict._tag === 'Failed');
    expect(failed.map(({ law }) => law)).to.include('J v is the finite difference of z');
    for (const culprit of culpritsOf(certificates)) {
      expect(culprit.operation).to.equal('tanh');
      expect(culprit.expression).to.equal('tanh(z1)');
      expect(culprit.path).to.include.members(['model', 'a1']);
      expect(culprit.error).to.be.above(1e-3);
    }
    expect(culpritsOf(certificates).length).to.be.above(0);
  });

  it('finds a wrong rule inside the loss, where z itself is right', async () => {
    const certificates = await certificatesOf(smallModel('tanh'), { derivations: wrongSub });
    const held = certificates.filter(({ law }) => law === 'J v is the finite difference of z');
    for (const { verdict } of held) expect(verdict._tag).to.equal('Held');
    const [culprit] = culpritsOf(certificates);
    expect(culprit?.operation).to.equal('sub');
  });

  it('says that a loss is not convex', async () => {
    const output = network(input('x', ['batch', 2]), { kind: 'mlp', hidden: [3], outputs: 1 });
    const target = input('y', ['batch', 1]);
    const parameters = parameterSpace([output]);
    if (E.isLeft(parameters)) throw new Error('no parameters');
    const concave: InspectedModel = {
      name: 'concave',
      output,
      loss: (z) => primitives.map('neg', meanSquaredError(typed<['batch', 1]>(z), target)),
      parameters: parameters.right,
    };
    const certificates = await certificatesOf(concave, {});
    const convexity = certificates.filter(({ law }) => law === '⟨v, G v⟩ ≥ 0');
    expect(convexity.some(({ verdict }) => verdict._tag === 'Failed')).to.equal(true);
    expect(allHold(certificates)).to.equal(false);
  });

  it('finds a target that computes something else and names the operation', async () => {
    // a target that takes tanh for the sigmoid, as a wrong row in a code generator's table would
    const wrong: Target = {
      ...interpreterTarget,
      compile: (program) =>
        interpreterTarget.compile(JSON.parse(JSON.stringify(program).replaceAll('"fn":"sigmoid"', '"fn":"tanh"'))),
    };
    const certificates = await certificatesOf(smallModel('sigmoid'), { target: wrong });
    const failed = certificates.filter(({ verdict }) => verdict._tag === 'Failed');
    expect(new Set(failed.map(({ law }) => law))).to.deep.equal(new Set(['the target agrees with float64']));
    for (const culprit of culpritsOf(certificates)) expect(culprit.operation).to.equal('sigmoid');
  });

  it('refuses a model with a mistake by name', async () => {
    const output = network(input('x', ['batch', 2]), { kind: 'mlp', hidden: [3], outputs: 1 });
    const parameters = parameterSpace([output]);
    if (E.isLeft(parameters)) throw new Error('no parameters');
    const result = await checkModel({
      name: 'mistaken',
      output,
      loss: (z) => primitives.map('add', z, input('y', [7])),
      parameters: parameters.right,
    })();
    expect(E.isLeft(result) && result.left.reason).to.match(/add: expected operands of one shape/);
  });
});
