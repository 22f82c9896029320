/** The defects of gpu.js that the case table does not show, and the ones that only raw kernels show. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsMode } from '../../../compiler/emit/gpujs/index.js';
import { largestDividend, wholeQuotient } from '../../../compiler/emit/gpujs/workarounds.js';
import type { Program } from '../../../compiler/program.js';
import { type Device, openDevice } from '../../../runtime/gpujs/device.js';
import { deviceOf, type NativeKernel, nativeInput } from '../../../runtime/gpujs/library.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { destroysKernels, flatten, ranInMode } from '../../../runtime/gpujs/workarounds.js';
import { showTargetError } from '../../../runtime/target.js';
import { affine, fold, load, loop, pointwise, program, quotient, rowMajor, step } from '../../cases/builder.js';
import { describeOnSwiftShader } from './swiftShader.js';

const opened = async (mode: GpujsMode): Promise<Device> => {
  const device = await openDevice(mode)();
  if (E.isLeft(device)) throw new Error(showTargetError(device.left));
  return device.right;
};

/** Runs the program's only stage and gives its output `y`. */
const outputOf = async (mode: GpujsMode, source: Program, x: Float32Array): Promise<Float32Array> => {
  const target = await gpujsTarget(mode)();
  if (E.isLeft(target)) throw new Error(showTargetError(target.left));
  const executable = await target.right.compile(source)();
  if (E.isLeft(executable)) throw new Error(showTargetError(executable.left));
  const result = await executable.right.run('run', { x })();
  if (E.isLeft(result)) throw new Error(showTargetError(result.left));
  const read = await result.right.arrays.y?.read();
  if (read === undefined || E.isLeft(read)) throw new Error('there is no y');
  executable.right.dispose();
  return read.right;
};

// y[i] = Σ_r x[far + 2 i + r], r < 3: addresses above 2²⁴, at which a float32 counter would skip every other element
const far = 2 ** 24 + 1;
const farReads = program(
  'far',
  [
    { name: 'x', shape: [far + 20] },
    { name: 'y', shape: [8] },
  ],
  [
    {
      name: 'run',
      inputs: [0],
      outputs: [1],
      steps: [
        step(fold({ name: 'far', outputs: [8], folded: [3], output: 1, terms: [[load(0, rowMajor([0, 1], 2, far))]] })),
      ],
    },
  ],
);

// y[i] = ⌊i / d⌋ for every i < 2²¹
const quotients = (divisor: number): Program =>
  program(
    'quotients',
    [
      { name: 'x', shape: [1] },
      { name: 'y', shape: [largestDividend] },
    ],
    [
      {
        name: 'run',
        inputs: [0],
        outputs: [1],
        steps: [
          step(
            pointwise(
              'quotients',
              [loop(largestDividend), quotient(affine([[0, 1]]), divisor, largestDividend)],
              [0],
              1,
              [{ op: 'index', index: affine([[1, 1]]) }],
            ),
          ),
        ],
      },
    ],
  );

const inMode = (mode: GpujsMode): void => {
  it('reads exact addresses above 2²⁴', async () => {
    const x = new Float32Array(far + 20);
    for (let i = 0; i < 20; i++) x[far + i] = i;
    const y = await outputOf(mode, farReads, x);
    expect([...y]).to.deep.equal(Array.from({ length: 8 }, (_, i) => 6 * i + 3));
  });

  it('divides large indices exactly', async () => {
    for (const divisor of [3, 7, 10, 641]) {
      const y = await outputOf(mode, quotients(divisor), Float32Array.of(0));
      expect(y.findIndex((value, i) => value !== Math.floor(i / divisor))).to.equal(-1);
    }
  });
};

describe('workarounds on gpujs:webasm', () => inMode('webasm'));

describe('workarounds on gpujs:cpu', () => inMode('cpu'));

describeOnSwiftShader('workarounds on gpujs:webgpu', () => {
  inMode('webgpu');

  it('are needed: the raw functions hide NaN and fail at their limits', async () => {
    const device = await opened('webgpu');
    const raw = async (expression: string, x: number): Promise<number> => {
      const kernel = device.kernel(`function (a0) { const x = a0[this.thread.x]; return ${expression}; }`, [1], 1000);
      const result = await kernel(nativeInput(Float32Array.of(x)));
      const [value = Number.NaN] = await device.download(result, 1);
      kernel.destroy();
      return value;
    };
    expect(await raw('Math.max(x, 0)', Number.NaN)).to.equal(0);
    expect(await raw('Math.tanh(x)', 100)).to.satisfy(Number.isNaN);
    expect(await raw('Math.log(x)', -1)).to.equal(0);
    expect(await raw('Math.exp(x)', Number.NaN)).to.equal(Number.POSITIVE_INFINITY);
    expect(await raw('x !== x ? 1 : 0', Number.NaN)).to.equal(0);
    device.dispose();
  });

  it('turns what WebGPU reports outside of any call into an error', async () => {
    const device = await opened('webgpu');
    await device.upload(Float32Array.of(1, 2, 3));
    const kernel = device.kernel('function (a0) { return a0[this.thread.x]; }', [3], 1000);
    await kernel(nativeInput(Float32Array.of(1, 2, 3)));
    const native = deviceOf(kernel);
    if (native === undefined || !(native instanceof EventTarget)) throw new Error('the kernel has no device');
    expect(device.takeFault()).to.equal(undefined);
    native.onuncapturederror?.({ error: { message: 'submission dropped' } });
    expect(device.takeFault()).to.equal('submission dropped');
    expect(device.takeFault()).to.equal(undefined);
    device.dispose();
  });
});

describe('flatten', () => {
  it('joins rows and layers of rows', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(flatten(rows, 4)).to.deep.equal(Float32Array.of(1, 2, 3, 4));
    expect(flatten([rows, [Float32Array.of(5, 6), Float32Array.of(7, 8)]], 8)).to.deep.equal(
      Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    );
  });

  it('copies nothing where rows are views of one array in order', () => {
    const whole = Float32Array.of(0, 1, 2, 3, 4);
    const rows = [whole.subarray(1, 3), whole.subarray(3, 5)];
    const flat = flatten(rows, 4);
    expect([...flat]).to.deep.equal([1, 2, 3, 4]);
    expect(flat.buffer).to.equal(whole.buffer);
    expect([...flatten(rows.toReversed(), 4)]).to.deep.equal([3, 4, 1, 2]);
  });
});

describe('ranInMode', () => {
  const kernel = (mode: string, fallbackReason: string | null): NativeKernel =>
    Object.assign(() => Float32Array.of(0), {
      kernel: { constructor: { mode }, fallbackReason },
      destroy: () => undefined,
    });

  it('accepts a kernel that ran where it should', () => {
    expect(E.isRight(ranInMode(kernel('webasm', null), 'webasm'))).to.equal(true);
    expect(E.isRight(ranInMode(kernel('gpu', null), 'webgl2'))).to.equal(true);
  });

  it('tells a kernel that fell back to the CPU, and why', () => {
    expect(ranInMode(kernel('cpu', 'kernel maps'), 'webasm')).to.deep.equal(
      E.left('gpu.js ran it on cpu instead: kernel maps'),
    );
    expect(E.isLeft(ranInMode(kernel('cpu', null), 'webgpu'))).to.equal(true);
  });
});

describe('wholeQuotient', () => {
  it('is the floor for every whole number in float32, the division being off by some units', () => {
    expect(wholeQuotient('n', 7)).to.equal('Math.floor((n + 0.5) / 7)');
    for (const divisor of [3, 7, 10, 1000])
      for (const n of [0, divisor - 1, divisor, largestDividend - 1, -1, -divisor, -divisor - 1])
        for (const error of [1 - 2 ** -22, 1, 1 + 2 ** -22]) {
          const quotientOff = Math.fround((Math.fround(n + 0.5) / divisor) * error);
          expect(Math.floor(quotientOff)).to.equal(Math.floor(n / divisor));
        }
  });
});

describe('destroysKernels', () => {
  it('keeps kernels on WebGL, where destroying one breaks the others', () => {
    expect((['webgpu', 'webgl2', 'webgl', 'webasm', 'cpu'] as const).filter(destroysKernels)).to.deep.equal([
      'webgpu',
      'webasm',
      'cpu',
    ]);
  });
});
