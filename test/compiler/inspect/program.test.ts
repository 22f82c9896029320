import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { kernelsOf } from '../../../compiler/index.js';
import { derivativeCosts } from '../../../compiler/inspect/costs.js';
import type { GraphName, InspectedModel } from '../../../compiler/inspect/graphs.js';
import { graphNames } from '../../../compiler/inspect/graphs.js';
import { inspect } from '../../../compiler/inspect/inspect.js';
import { emittedLanguages, emittedSources, isSourceOf } from '../../../compiler/inspect/sources.js';
import { listCosts, listKernels, listMemory, showCount } from '../../../compiler/print/program.js';
import { showDslError } from '../../../dsl/index.js';
import { lenetModel, mnistModel, smallModel } from './models.js';

const compiled = (model: InspectedModel, graph: GraphName, batch = 10) => {
  const inspected = inspect(model, graph);
  if (E.isLeft(inspected)) throw new Error(showDslError(inspected.left));
  const result = inspected.right.compile({ batch });
  if (E.isLeft(result)) throw new Error(showDslError(result.left));
  return { ...result.right, inspection: inspected.right.inspection };
};

describe('a compiled graph, inspected', () => {
  for (const model of [mnistModel, lenetModel, smallModel('relu')])
    for (const graph of graphNames)
      it(`tells for every value of ${model.name} ${graph} which kernels compute it`, () => {
        const { inspected, inspection, program } = compiled(model, graph);
        const names = new Set(program.stages.flatMap(({ steps }) => kernelsOf(steps)).map(({ name }) => name));
        expect(new Set(inspected.kernels.map(({ name }) => name))).to.deep.equal(names);
        for (const { key } of inspection.levels.at(-1)?.values ?? []) {
          const kernels = inspected.kernelsOf[key] ?? [];
          expect(kernels, key).to.not.be.empty;
          for (const kernel of kernels) expect(names.has(kernel), kernel).to.equal(true);
        }
      });

  it('tells for every value of a GGN product the kernel that stores it, or into which it is fused', () => {
    for (const model of [mnistModel, lenetModel, smallModel('relu')]) {
      const { inspected, inspection } = compiled(model, 'ggn');
      for (const { key } of inspection.levels.at(-1)?.values ?? []) {
        // the product as a whole is put together of its parts
        if (key === 'Gv') continue;
        const own = inspected.kernels.filter(({ stores, fused }) => stores === key || fused.includes(key));
        const found = inspected.kernelsOf[key] ?? [];
        // a second view of an array has the name of the first there
        if (own.length === 0) expect(found, `${model.name}, ${key}`).to.have.length(1);
        else expect(found, `${model.name}, ${key}`).to.have.members(own.map(({ name }) => name));
      }
    }
  });

  it('knows what is fused: the tangent of a layer and its activation’s derivative are one kernel', () => {
    const { inspected } = compiled(mnistModel, 'ggn');
    const kernel = inspected.kernels.find(({ stores }) => stores === 'ȧ2');
    expect(kernel?.fused).to.deep.equal(['ż2']);
    expect(kernel?.expression.text).to.equal('σ′(z2) ⊙ (ȧ1 · W2 + a1 · Ẇ2 + ḃ2)');
    expect(kernel?.reads).to.have.members(['σ′(z2)', 'ȧ1', 'theta', 'a1', 'v']);
  });

  it('finds the sources of every kernel', () => {
    const { program } = compiled(lenetModel, 'ggn');
    for (const language of emittedLanguages) {
      const { sources, refused } = emittedSources(program, language);
      expect(refused, language).to.deep.equal([]);
      for (const { name } of program.stages.flatMap(({ steps }) => kernelsOf(steps)))
        expect(
          sources.some((source) => isSourceOf(name, source)),
          `${language} of ${name}`,
        ).to.equal(true);
    }
  });

  it('gives the sources of all other kernels where a language cannot hold one', () => {
    const { program } = compiled(lenetModel, 'ggn', 10_000);
    const kernels = program.stages.flatMap(({ steps }) => kernelsOf(steps));
    const { sources, refused } = emittedSources(program, 'gpujs');
    expect(refused.length).to.be.above(0);
    expect(refused.every(({ reason }) => reason !== '')).to.equal(true);
    const without = kernels.filter(({ name }) => !sources.some((source) => isSourceOf(name, source)));
    expect(without.length).to.be.within(1, refused.length);
    for (const { name } of without)
      expect(refused.some(({ kernel }) => kernel === name || kernel.startsWith(`${name}.`))).to.equal(true);
  });

  it('lists kernels with their costs, and memory without overlap of what lives together', () => {
    const { inspected } = compiled(mnistModel, 'ggn', 1000);
    const listing = listKernels(inspected, { k4_sigmoid_4: 1.5 });
    expect(listing.find((line) => line.includes('k4_sigmoid_4'))).to.match(
      /→ a1 {3}31\.4 MFLOP, 3\.28 MB, 9\.56 FLOP\/B, 1\.500 ms$/,
    );
    const memory = listMemory(inspected);
    expect(memory).to.have.length(inspected.buffers.length + 3);
    const lasting = inspected.buffers
      .filter(({ life: [first, last] }) => first === 'linearize' && last === 'product')
      .toSorted((a, b) => a.offset - b.offset);
    for (const [i, buffer] of lasting.entries())
      expect(buffer.offset + buffer.bytes).to.be.at.most(lasting[i + 1]?.offset ?? inspected.arenaBytes);
  });

  it('tells of arrays in one place that the one is done before the other begins', () => {
    const { program, inspected } = compiled(mnistModel, 'ggn', 1000);
    const order = program.stages.flatMap(({ steps }) => kernelsOf(steps)).map(({ name }) => name);
    const product = inspected.buffers.filter(({ kind, life }) => kind === 'temporary' && life[0] === 'product');
    // a part that is written into its whole shares its place, and is not read
    const shared = product.flatMap((a) =>
      product.filter((b) => a !== b && a.offset === b.offset && !a.name.startsWith('Gv')).map((b) => [a, b] as const),
    );
    expect(shared.length).to.be.above(0);
    for (const [a, b] of shared) {
      const [[firstA = '', lastA = ''], [firstB = '', lastB = '']] = [a.kernels, b.kernels];
      const apart = order.indexOf(lastA) < order.indexOf(firstB) || order.indexOf(lastB) < order.indexOf(firstA);
      expect(apart, `${a.name} and ${b.name}`).to.equal(true);
    }
  });

  it('refuses a dimension without a size', () => {
    const inspected = inspect(mnistModel, 'ggn');
    if (E.isLeft(inspected)) throw new Error('not inspected');
    const result = inspected.right.compile({});
    expect(E.isLeft(result) && showDslError(result.left)).to.match(/dimension batch/);
  });
});

describe('derivativeCosts', () => {
  it('counts JVP, VJP and GGN as multiples of the forward pass, within the bounds (16) and (17)', () => {
    const costs = derivativeCosts(mnistModel, { batch: 1000 });
    if (E.isLeft(costs)) throw new Error(showDslError(costs.left));
    const ratio = new Map(costs.right.map((cost) => [cost.graph, cost]));
    expect(ratio.get('forward')?.ratio).to.equal(1);
    // nearly all of the work is in the first layer, whose input has no tangent: one more product, not two
    expect(ratio.get('jvp')?.ratio).to.be.within(1.9, 2.1);
    expect(ratio.get('vjp')?.ratio).to.be.within(1.9, 2.1);
    // another direction costs a JVP and a VJP without their forward passes
    const again = (graph: GraphName) => ratio.get(graph)?.ratioAgain ?? Number.NaN;
    expect(again('ggn')).to.be.closeTo(again('jvp') + again('vjp'), 0.05);
    expect(listCosts(costs.right, [], '').some((line) => line.includes('2 (16)'))).to.equal(true);
  });

  it('keeps to the bounds where both factors of most products move', () => {
    for (const model of [mnistModel, lenetModel, smallModel('tanh')]) {
      const costs = derivativeCosts(model, { batch: 1000 });
      if (E.isLeft(costs)) throw new Error(showDslError(costs.left));
      const bounded = costs.right.filter(({ bound }) => bound !== undefined);
      expect(bounded.map(({ graph }) => graph)).to.deep.equal(['jvp', 'vjp', 'ggn']);
      for (const { graph, ratioAgain, bound } of bounded)
        expect(ratioAgain, `${model.name} ${graph}`).to.be.at.most(bound?.value ?? 0);
    }
  });
});

describe('showCount', () => {
  it('has three digits and a prefix', () => {
    expect([0, 7, 999, 1000, 31400000, 2.5e9].map(showCount)).to.deep.equal([
      '0 ',
      '7 ',
      '999 ',
      '1.00 k',
      '31.4 M',
      '2.50 G',
    ]);
  });
});
