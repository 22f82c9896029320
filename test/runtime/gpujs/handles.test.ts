import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { planProgram } from '../../../compiler/emit/gpujs/index.js';
import type { Program } from '../../../compiler/program.js';
import { type Device, openDevice } from '../../../runtime/gpujs/device.js';
import { executableOf } from '../../../runtime/gpujs/executable.js';
import { hold } from '../../../runtime/gpujs/handles.js';
import type { NativeResult } from '../../../runtime/gpujs/library.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { interpreterTarget } from '../../../runtime/interpreter.js';
import {
  type DeviceArray,
  type Executable,
  type StageInput,
  showTargetError,
  type TargetError,
} from '../../../runtime/target.js';
import { affine, apply, constant, load, loop, pointwise, program, step } from '../../cases/builder.js';
import { collect } from '../../support/collect.js';
import { describeOnSwiftShader } from './swiftShader.js';

const orThrow = <A>(result: E.Either<TargetError, A>): A => {
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  return result.right;
};

/** One step: y = x / 2 + 1, through a temporary. */
const halving = (length: number): Program =>
  program(
    'halving',
    [
      { name: 'x', shape: [length] },
      { name: 'half', shape: [length] },
      { name: 'y', shape: [length] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [2],
        steps: [
          step(
            pointwise('half', [loop(length)], [0], 1, [load(0, affine([[0, 1]])), constant(0.5), apply('mul', 0, 1)]),
          ),
          step(pointwise('y', [loop(length)], [0], 2, [load(1, affine([[0, 1]])), constant(1), apply('add', 0, 1)])),
        ],
      },
    ],
  );

const halved = async (executable: Executable, x: StageInput): Promise<DeviceArray> => {
  const { arrays } = orThrow(await executable.run('run', { x })());
  if (arrays.y === undefined) throw new Error('there is no y');
  return arrays.y;
};

const fakeDevice = (freed: NativeResult[]): Device => ({
  mode: 'cpu',
  description: 'a device that only counts',
  kernel: () => {
    throw new Error('it has no kernels');
  },
  upload: async (values) => values,
  download: async () => new Float32Array(0),
  free: (result) => freed.push(result),
  takeFault: () => undefined,
  lost: () => undefined,
  dispose: () => undefined,
});

describe('hold', () => {
  it('frees a result when its last holder lets go', () => {
    const freed: NativeResult[] = [];
    const native = Float32Array.of(1);
    const handle = hold(fakeDevice(freed), native, 1, [1]);
    handle.retain();
    handle.release();
    expect(freed).to.deep.equal([]);
    handle.release();
    expect(freed).to.deep.equal([native]);
  });
});

const modes = (mode: 'webasm' | 'cpu' | 'webgpu'): void => {
  it('gives arrays that stay as they are', async () => {
    const target = orThrow(await gpujsTarget(mode)());
    const executable = orThrow(await target.compile(halving(4))());
    const given = Float32Array.of(0, 2, 4, 8);
    const first = await halved(executable, given);
    given.fill(100);
    const second = await halved(executable, first);
    const firstAgain = await halved(executable, Float32Array.of(9, 9, 9, 9));
    const read = orThrow(await first.read());
    expect(read).to.deep.equal(Float32Array.of(1, 2, 3, 5));
    read.fill(7);
    expect(orThrow(await first.read())).to.deep.equal(Float32Array.of(1, 2, 3, 5));
    expect(orThrow(await second.read())).to.deep.equal(Float32Array.of(1.5, 2, 2.5, 3.5));
    expect(orThrow(await firstAgain.read())).to.deep.equal(Float32Array.of(5.5, 5.5, 5.5, 5.5));
    executable.dispose();
    expect(orThrow(await second.read())).to.deep.equal(Float32Array.of(1.5, 2, 2.5, 3.5));
    target.dispose();
  });

  it('takes arrays of another program and of another target', async () => {
    const target = orThrow(await gpujsTarget(mode)());
    const one = orThrow(await target.compile(halving(4))());
    const other = orThrow(await target.compile(halving(4))());
    const oracle = orThrow(await interpreterTarget.compile(halving(4))());
    const x = Float32Array.of(0, 2, 4, 8);
    const expected = Float32Array.of(1.5, 2, 2.5, 3.5);
    expect(orThrow(await (await halved(other, await halved(one, x))).read())).to.deep.equal(expected);
    expect(orThrow(await (await halved(one, await halved(oracle, x))).read())).to.deep.equal(expected);
    target.dispose();
  });
};

describe('arrays on gpujs:cpu', () => modes('cpu'));

describe('arrays on gpujs:webasm', () => modes('webasm'));

describeOnSwiftShader('arrays on gpujs:webgpu', () => {
  modes('webgpu');

  it('are freed by the collector that finds their handles, so that the device does not fill', async () => {
    const length = 2000;
    const device = orThrow(await openDevice('webgpu')());
    const plan = planProgram(halving(length), 'webgpu');
    if (E.isLeft(plan)) throw new Error(plan.left.reason);
    let uploads = 0;
    let freed = 0;
    const counting: Device = {
      ...device,
      upload: (values) => {
        uploads++;
        return device.upload(values);
      },
      free: (result) => {
        freed++;
        device.free(result);
      },
    };
    const executable = executableOf(halving(length), plan.right, counting);
    const steps = 600;
    let x = await halved(executable, new Float32Array(length));
    let mostAlive = 0;
    for (let i = 2; i <= steps; i++) {
      x = await halved(executable, x);
      mostAlive = Math.max(mostAlive, uploads + 2 * i - freed);
      if (i % 50 !== 0) continue;
      // Finalizers run between tasks; a training loop gets there whenever it reads a scalar.
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(uploads).to.equal(1);
    // every step makes a result and a temporary; none outlives the collection that follows it
    expect(mostAlive).to.be.below(2 * 2 * 50);
    expect(orThrow(await x.read())[0]).to.equal(2);
    executable.dispose();
    device.dispose();
  });
});
