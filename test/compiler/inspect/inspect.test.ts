import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type { Inspection } from '../../../compiler/inspect/data.js';
import { type GraphName, graphNames, type InspectedModel } from '../../../compiler/inspect/graphs.js';
import { inspect } from '../../../compiler/inspect/inspect.js';
import { listLevel } from '../../../compiler/print/listing.js';
import { displayWidth } from '../../../compiler/print/name.js';
import { expectDefinedOnce } from '../../support/levels.js';
import { lenetModel, mnistModel, smallModel } from './models.js';

const inspected = (model: InspectedModel, graph: GraphName): Inspection => {
  const result = inspect(model, graph);
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right.inspection;
};

const lastLevel = (inspection: Inspection) => {
  const level = inspection.levels.at(-1);
  if (level === undefined) throw new Error('no levels');
  return level;
};

const definitionOf = (inspection: Inspection, key: string): string | undefined =>
  lastLevel(inspection).values.find((value) => value.key === key)?.definition.text;

describe('inspect', () => {
  for (const style of ['text', 'math'] as const)
    it(`lists the GGN product of the MNIST network on two screens, as recorded (${style})`, async () => {
      const inspection = inspected(mnistModel, 'ggn');
      const listing = listLevel(inspection, lastLevel(inspection), style);
      expect(listing.length).to.be.at.most(90);
      const recorded = await readFile(new URL(`snapshots/mnist-ggn.${style}.txt`, import.meta.url), 'utf8');
      expect(listing.join('\n')).to.equal(recorded.trimEnd());
    });

  it('lists the GGN product of LeNet with its convolutions as correlations, as recorded', async () => {
    const inspection = inspected(lenetModel, 'ggn');
    const recorded = await readFile(new URL('snapshots/lenet-ggn.math.txt', import.meta.url), 'utf8');
    expect(listLevel(inspection, lastLevel(inspection), 'math').join('\n')).to.equal(recorded.trimEnd());
  });

  it('tells apart what runs once per step and what runs once per direction', () => {
    const { values, stages } = lastLevel(inspected(mnistModel, 'ggn'));
    expect(stages.map(({ runs }) => runs)).to.deep.equal(['once per step', 'once per direction v']);
    for (const { key, stage, lane } of values) expect(stage, key).to.equal(lane === 'primal' ? 0 : 1);
  });

  it('puts every value in the lane of Jᵀ H J that it belongs to', () => {
    const lane = new Map(lastLevel(inspected(mnistModel, 'ggn')).values.map((value) => [value.key, value.lane]));
    expect(lane.get('z4')).to.equal('primal');
    expect(lane.get('σ′(z3)')).to.equal('primal');
    expect(lane.get('ż4')).to.equal('tangent');
    expect(lane.get('δ̇4')).to.equal('hessian');
    expect(lane.get('δ̇3')).to.equal('cotangent');
    expect(lane.get('Gv.W1')).to.equal('cotangent');
  });

  it('names cotangents of the gradient without a dot', () => {
    const inspection = inspected(mnistModel, 'gradient');
    expect(definitionOf(inspection, 'δ3')).to.equal('a3 ⊙ (1 − a3) ⊙ (δ4 · W4ᵀ)');
    expect(definitionOf(inspection, 'g.W2')).to.equal('a1ᵀ · δ2');
  });

  it('names the derivative after the activation', () => {
    expect(definitionOf(inspected(smallModel('tanh'), 'ggn'), 'tanh′(z1)')).to.equal('1 − a1 ⊙ a1');
    expect(definitionOf(inspected(smallModel('relu'), 'ggn'), 'relu′(z1)')).to.equal('[0 < z1]');
  });

  for (const model of [mnistModel, lenetModel, smallModel('softplus')])
    for (const graph of graphNames)
      it(`mentions only what it defines, each name once, after every pass: ${model.name} ${graph}`, () => {
        expectDefinedOnce(inspected(model, graph).levels);
      });

  it('is the same in every run', () => {
    const [first, second] = [0, 1].map(() => JSON.stringify(inspected(lenetModel, 'ggn')));
    expect(first).to.equal(second);
  });

  it('breaks long lines', () => {
    const inspection = inspected(lenetModel, 'ggn');
    const lines = listLevel(inspection, lastLevel(inspection), 'text', { columns: 100 });
    const longer = lines.filter((line) => displayWidth(line) > 100);
    // only a line of one word may be longer
    for (const line of longer) expect(line.trim().replace(/^\S+ +\[[^\]]*\] += /, ''), line).to.not.include(' ');
    expect(lines.length).to.be.above(listLevel(inspection, lastLevel(inspection), 'text').length);
  });
});
