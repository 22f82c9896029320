import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { kernelsOf } from '../../../../compiler/cost.js';
import { type GpujsPlan, planProgram } from '../../../../compiler/emit/gpujs/index.js';
import { gpujsModes } from '../../../../compiler/emit/gpujs/types.js';
import { programFaults } from '../../../../compiler/legal.js';
import type { Program } from '../../../../compiler/program.js';
import { affine, load, loop, pointwise, program, step } from '../../../cases/builder.js';
import { programCases } from '../../../cases/programs.js';
import { allSteps, machine } from '../../../support/programs.js';

const planned = (source: Program): GpujsPlan => {
  const plan = planProgram(source, 'webgpu');
  if (E.isLeft(plan)) throw new Error(plan.left.reason);
  return plan.right;
};

const values = (input: number | readonly number[]): readonly number[] => [input].flat();

describe('planProgram', () => {
  it('leaves kernels, copies and loops of a legal program, each kernel emitted, in every mode', () => {
    for (const mode of gpujsModes)
      for (const { program: source } of programCases) {
        const plan = planProgram(source, mode);
        if (E.isLeft(plan)) throw new Error(`${source.name}: ${plan.left.reason}`);
        const { program: made, kernels } = plan.right;
        expect(programFaults(made)).to.deep.equal([]);
        for (const { steps } of made.stages) {
          expect(allSteps(steps).filter(({ kind }) => kind === 'join')).to.deep.equal([]);
          for (const kernel of kernelsOf(steps)) expect(kernels.has(kernel)).to.equal(true);
        }
      }
  });

  it('gathers the scalar outputs of a stage in their order', () => {
    const many = programCases.find(({ name }) => name === 'many scalar outputs');
    if (many === undefined) throw new Error('the case is missing');
    const plan = planned(many.program);
    const [stage] = plan.stages;
    const port = { name: 'gathered', buffer: stage?.scalars ?? -1, shape: [9] };
    const run = machine({ ...plan.program, stages: plan.program.stages.map((one) => ({ ...one, outputs: [port] })) });
    const { gathered } = run('run', { x: values(1.5) });
    expect([...(gathered ?? [])]).to.deep.equal([1.5, 0, 1.5, 3, 4.5, 6, 7.5, 9, 10.5]);
  });

  it('is done with a temporary after its last step, and never with what others see', () => {
    // a → b → c → d; d is an output, b is read by the next stage
    const next = (name: string, from: number, to: number) =>
      step(pointwise(name, [loop(3)], [0], to, [load(from, affine([[0, 1]]))]));
    const chain = program(
      'chain',
      ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, shape: [3] })),
      [
        { name: 'first', inputs: [0], outputs: [3], steps: [next('b', 0, 1), next('c', 1, 2), next('d', 2, 3)] },
        { name: 'second', inputs: [], outputs: [4], steps: [next('e', 1, 4)] },
      ],
    );
    expect(planned(chain).stages.map(({ done }) => done)).to.deep.equal([[[], [], [2]], [[]]]);
  });
});
