import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type { InspectedLevel } from '../../compiler/inspect/data.js';
import type { Inspected } from '../../compiler/inspect/inspect.js';
import { inspectProblem, parseRunSettings } from '../../optim/index.js';
import { expectDefinedOnce } from '../support/levels.js';
import { smallMlp } from './problems.js';

/** One SGN step on a perceptron 3–5–2. */
const inspectedStep = (sgn: Readonly<Record<string, unknown>>): Inspected => {
  if (E.isLeft(smallMlp)) throw new Error(JSON.stringify(smallMlp.left));
  const settings = parseRunSettings({ batchSize: 8, epochs: 1, sgn });
  if (E.isLeft(settings)) throw new Error(JSON.stringify(settings.left));
  const inspected = inspectProblem(smallMlp.right, settings.right, 'step');
  if (E.isLeft(inspected)) throw new Error(JSON.stringify(inspected.left));
  return inspected.right;
};

/** Every level of its graph. */
const stepLevels = (sgn: Readonly<Record<string, unknown>> = {}): readonly InspectedLevel[] =>
  inspectedStep(sgn).inspection.levels;

const last = (levels: readonly InspectedLevel[]): InspectedLevel => {
  const level = levels.at(-1);
  if (level === undefined) throw new Error('no levels');
  return level;
};

const trialOf = ({ stages, values }: InspectedLevel): readonly InspectedLevel['values'][number][] =>
  values.filter(({ stage }) => stages[stage]?.name === 'trial');

describe('inspectProblem', () => {
  it('shows the trial of a step as a forward pass at θ⁺', () => {
    const level = last(stepLevels());
    const lines = trialOf(level).map(({ name, lane, definition }) => [lane, `${name.math} = ${definition.math}`]);
    expect(lines).to.deep.equal([
      ['solver', 'θ⁺ = θ + stepSize ⊙ t₁₀'],
      ['primal', 'z₁⁺ = rows W₁⁺ + b₁⁺'],
      ['primal', 'a₁⁺ = σ(z₁⁺)'],
      ['primal', 'z₂⁺ = a₁⁺ W₂⁺ + b₂⁺'],
      ['primal', 'trialLoss = Σ((z₂⁺ − wanted) ⊙ (z₂⁺ − wanted)) / (2 ⊙ |batch|)'],
    ]);
    expect(level.stages.at(-1)?.outputs).to.deep.equal({ trialLoss: 'trialLoss', thetaNext: 'θ⁺' });
  });

  it('has θ⁺, not its parts, for what the values of that pass are made of', () => {
    const level = last(stepLevels());
    expect(level.values.find(({ key }) => key === 'z1⁺')?.uses).to.have.members(['rows', 'θ⁺']);
    expect(level.leaves.filter(({ key }) => key.includes('⁺'))).to.deep.equal([]);
  });

  it('tells the point of the line search from those that CG tries', () => {
    const { values } = last(stepLevels({ cgBacktracking: true }));
    const pass = (mark: string) => values.filter(({ key }) => key.endsWith(mark) && !key.endsWith(`⁺${mark}`));
    expect(pass('⁺').map(({ key, loops }) => [key, loops])).to.deep.equal(
      ['θ⁺', 'z1⁺', 'a1⁺', 'z2⁺'].map((key) => [key, []]),
    );
    expect(pass('⁺⁺').map(({ key, loops }) => [key, loops])).to.deep.equal(
      ['θ⁺⁺', 'z1⁺⁺', 'a1⁺⁺', 'z2⁺⁺'].map((key) => [key, ['loop1']]),
    );
  });

  it('names what the curvature has on samples of its own after layers and parameters, with a c, in its lanes', () => {
    for (const level of stepLevels({ curvatureBatch: 'independent', curvatureSamples: 3 })) {
      const lanes = new Map(level.values.map(({ key, lane, loops }) => [key, [lane, ...loops]]));
      for (const [key, lane] of [
        ['z1', ['primal']],
        ['z1ᶜ', ['primal']],
        ['a1ᶜ', ['primal']],
        ['δ1', ['cotangent']],
        ['ż1ᶜ', ['tangent', 'loop1']],
        ['ż2ᶜ', ['tangent', 'loop1']],
        ['δ̇2ᶜ', ['hessian', 'loop1']],
        ['δ̇1ᶜ', ['cotangent', 'loop1']],
        ['Gv.W1', ['cotangent', 'loop1']],
      ] as const)
        expect(lanes.get(key), `${key}, ${level.pass}`).to.deep.equal(lane);
      expect(level.values.find(({ key }) => key === 'δ̇1ᶜ')?.rule).to.equal('(∂ sigmoid)ᵀ: x̄ = y ⊙ (1 − y) ⊙ ȳ');
    }
  });

  it('compiles a step whose curvature sees other samples for as many as the optimizer would take', () => {
    const compiled = inspectedStep({ curvatureBatch: 'independent', curvatureSamples: 3 }).compile({ batch: 8 });
    if (E.isLeft(compiled)) throw new Error(JSON.stringify(compiled.left));
    expect(compiled.right.inspected.sizes).to.deep.equal({ batch: 8, curvatureBatch: 3 });
    const kernels = compiled.right.inspected.kernels.map(({ stores }) => stores);
    expect(kernels).to.include.members(['a1', 'a1ᶜ', 'ȧ1ᶜ', 'Gv.W1']);
  });

  for (const sgn of [
    {},
    { cgBacktracking: true },
    { warmStart: 0.9, preconditioner: 'jacobi' },
    { curvatureBatch: 'subset', curvatureSamples: 3, preconditioner: 'jacobi' },
  ])
    it(`mentions only what it defines, each value once, after every pass: ${JSON.stringify(sgn)}`, () => {
      expectDefinedOnce(stepLevels(sgn));
    });
});
