import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { planProgram } from '../../../compiler/emit/gpujs/index.js';
import type { Program } from '../../../compiler/program.js';
import { type Device, openDevice } from '../../../runtime/gpujs/device.js';
import { executableOf } from '../../../runtime/gpujs/executable.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { showTargetError, type Target, type TargetError } from '../../../runtime/target.js';
import { affine, apply, load, loop, pointwise, program, step } from '../../cases/builder.js';
import { describeOnSwiftShader } from './swiftShader.js';

const orThrow = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

const open = async (mode: 'cpu' | 'webasm' | 'webgpu'): Promise<Target> => orThrow(await gpujsTarget(mode)());

/** kept = x²; then y = kept · v and the first of y. */
const twoStages: Program = program(
  'twoStages',
  [
    { name: 'x', shape: [3] },
    { name: 'kept', shape: [3] },
    { name: 'v', shape: [3] },
    { name: 'y', shape: [3] },
    { name: 'first', shape: [] },
  ],
  [
    {
      name: 'keep',
      inputs: [0],
      outputs: [],
      steps: [step(pointwise('square', [loop(3)], [0], 1, [load(0, affine([[0, 1]])), apply('mul', 0, 0)]))],
    },
    {
      name: 'use',
      inputs: [2],
      outputs: [3, 4],
      steps: [
        step(
          pointwise('times', [loop(3)], [0], 3, [
            load(1, affine([[0, 1]])),
            load(2, affine([[0, 1]])),
            apply('mul', 0, 1),
          ]),
        ),
        step(pointwise('first', [], [], 4, [load(3, affine([]))])),
      ],
    },
  ],
);

const x = Float32Array.of(1, 2, 3);

describe('executables on gpu.js', () => {
  it('refuse inputs and stages that do not fit, and run on afterwards', async () => {
    const executable = orThrow(await (await open('cpu')).compile(twoStages)());
    expect(await executable.run('use', { v: x })()).to.deep.include({ _tag: 'Left' });
    expect(await executable.run('keep', { x: Float32Array.of(1) })()).to.deep.include({ _tag: 'Left' });
    expect(await executable.run('keep', { x, z: x })()).to.deep.include({ _tag: 'Left' });
    expect(await executable.run('nothing', {})()).to.deep.include({ _tag: 'Left' });
    orThrow(await executable.run('keep', { x })());
    expect(orThrow(await executable.run('use', { v: x })()).scalars).to.deep.equal({ first: 1 });
  });

  it('take turns when several runs are started at once', async () => {
    const executable = orThrow(await (await open('webasm')).compile(twoStages)());
    const scalars = await Promise.all(
      [1, 2, 3, 4].map(async (factor) => {
        const task = executable.exclusive(async () => {
          orThrow(await executable.run('keep', { x: x.map((value) => value * factor) })());
          await Promise.resolve();
          return executable.run('use', { v: x })();
        });
        return orThrow(await task()).scalars.first;
      }),
    );
    expect(scalars).to.deep.equal([1, 4, 9, 16]);
  });

  it('name the kernel that a mode cannot compile', async () => {
    const buffers = Array.from({ length: 65 }, (_, i) => ({ name: `x${i}`, shape: [2] }));
    const inputs = buffers.map((_, i) => i);
    const tooMany = program(
      'tooMany',
      [...buffers, { name: 'y', shape: [2] }],
      [
        {
          name: 'run',
          inputs,
          outputs: [65],
          steps: [
            step(
              pointwise('greedy', [loop(2)], [0], 65, [
                ...inputs.map((i) => load(i, affine([[0, 1]]))),
                apply('add', 0, 64),
              ]),
            ),
          ],
        },
      ],
    );
    expect(await (await open('webasm')).compile(tooMany)()).to.deep.equal(
      E.left({
        _tag: 'TargetCompileError',
        target: 'gpujs:webasm',
        kernel: 'greedy',
        reason: 'it reads 65 buffers; webasm allows 64',
      }),
    );
  });

  it('show their sources', async () => {
    const executable = orThrow(await (await open('cpu')).compile(twoStages)());
    expect(executable.sources().map(({ kernel, language }) => [kernel, language])).to.deep.equal([
      ['square', 'gpujs'],
      ['times', 'gpujs'],
      ['first', 'gpujs'],
    ]);
  });

  it('turn a failure of the device into an error, and keep nothing of that run', async () => {
    const device = orThrow(await openDevice('cpu')());
    const plan = planProgram(twoStages, 'cpu');
    if (E.isLeft(plan)) throw new Error(plan.left.reason);
    const faults: string[] = [];
    const failing: Device = { ...device, takeFault: () => faults.pop() };
    const executable = executableOf(twoStages, plan.right, failing);
    orThrow(await executable.run('keep', { x })());
    faults.push('the device was lost');
    expect(await executable.run('use', { v: x })()).to.deep.equal(
      E.left({ _tag: 'TargetExecutionError', target: 'gpujs:cpu', stage: 'use', reason: 'the device was lost' }),
    );
    const again = await executable.run('use', { v: x })();
    expect(E.isLeft(again) && showTargetError(again.left)).to.equal(
      'target gpujs:cpu failed in stage use: buffer kept is read before it is written',
    );
    orThrow(await executable.run('keep', { x })());
    expect(orThrow(await executable.run('use', { v: x })()).scalars).to.deep.equal({ first: 1 });
  });

  it('have no WebGL in Node, and say so', async () => {
    for (const mode of ['webgl2', 'webgl'] as const) {
      const target = await gpujsTarget(mode)();
      expect(E.isLeft(target) && target.left._tag).to.equal('TargetUnavailable');
    }
  });
});

describeOnSwiftShader('executables on gpujs:webgpu', () => {
  it('show WGSL once they have run', async () => {
    const executable = orThrow(await (await open('webgpu')).compile(twoStages)());
    expect(executable.sources().filter(({ language }) => language === 'wgsl')).to.deep.equal([]);
    orThrow(await executable.run('keep', { x })());
    orThrow(await executable.run('use', { v: x })());
    const wgsl = executable.sources().filter(({ language }) => language === 'wgsl');
    expect(wgsl.map(({ kernel }) => kernel)).to.deep.equal(['square', 'times', 'first']);
    for (const { text } of wgsl) expect(text).to.contain('@compute');
  });

  it('describe the adapter', async () => {
    expect((await open('webgpu')).description).to.match(/^gpu\.js, WebGPU on .*swiftshader/i);
  });
});
