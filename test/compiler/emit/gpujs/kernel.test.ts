import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { emitKernel } from '../../../../compiler/emit/gpujs/index.js';
import type { EmittedKernel, GpujsMode } from '../../../../compiler/emit/gpujs/types.js';
import { gpujsModes } from '../../../../compiler/emit/gpujs/types.js';
import type { Kernel } from '../../../../compiler/program.js';
import {
  accumulator,
  affine,
  apply,
  constant,
  fold,
  load,
  loop,
  pointwise,
  productTerm,
  quotient,
  sum,
} from '../../../cases/builder.js';

const emitted = (kernel: Kernel, mode: GpujsMode): EmittedKernel => {
  const result = emitKernel(kernel, mode);
  if (E.isLeft(result)) throw new Error(result.left.reason);
  return result.right;
};

const reasonFor = (kernel: Kernel, mode: GpujsMode): string => {
  const result = emitKernel(kernel, mode);
  return E.isLeft(result) ? result.left.reason : 'it was emitted';
};

const dense = fold({
  name: 'dense',
  outputs: [250, 20],
  folded: [784],
  output: 3,
  terms: [productTerm({ buffer: 7, columns: 784 }, { buffer: 5, columns: 20 })],
  body: [accumulator(), load(2, affine([[1, 1]])), apply('add', 0, 1), apply('tanh', 2)],
});

describe('emitKernel', () => {
  it('writes a loop nest with flat addresses, arguments in the order of their use', () => {
    const { source, threads, buffers, takesNonFinite, length } = emitted(dense, 'cpu');
    expect({ threads, buffers, takesNonFinite, length }).to.deep.equal({
      threads: [20, 250],
      buffers: [7, 5, 2],
      takesNonFinite: false,
      length: 5000,
    });
    expect(source).to.equal(
      [
        'function (a0, a1, a2) {',
        '  let s0 = 0;',
        '  for (let p0_0_r2 = 0; p0_0_r2 < 784; p0_0_r2++) {',
        '    const p0_0_0 = a0[this.thread.y * 784 + p0_0_r2];',
        '    const p0_0_1 = a1[p0_0_r2 * 20 + this.thread.x];',
        '    const p0_0_2 = Math.fround(p0_0_0 * p0_0_1);',
        '    s0 = Math.fround(s0 + p0_0_2);',
        '  }',
        '  const v0 = a2[this.thread.x];',
        '  const v1 = Math.fround(s0 + v0);',
        '  const v2 = Math.fround(Math.tanh(v1));',
        '  return v2;',
        '}',
      ].join('\n'),
    );
  });

  it('starts counters on webasm where they stay integers', () => {
    expect(emitted(dense, 'webasm').source).to.contain('for (let p0_0_r2 = this.output.x; p0_0_r2 < 804; p0_0_r2++)');
    expect(emitted(dense, 'webasm').source).to.contain('a1[p0_0_r2 * 20 + this.thread.x - 400]');
    expect(emitted(dense, 'webasm').loopMaxIterations).to.be.greaterThan(804);
  });

  it('writes what does not depend on a loop outside of it', () => {
    const kernel: Kernel = {
      ...dense,
      accumulators: [
        sum({
          axes: [2],
          term: [load(5, affine([[1, 1]])), apply('exp', 0), load(7, affine([[2, 1]])), apply('mul', 1, 2)],
        }),
      ],
    };
    const { source } = emitted(kernel, 'cpu');
    expect(source.indexOf('Math.exp')).to.be.below(source.indexOf('for ('));
  });

  it('lets no text of a program into the source', () => {
    const evil = '`}); process.exit(1); //';
    const kernel: Kernel = {
      ...dense,
      name: evil,
      axes: dense.axes.map((axis) => ({ ...axis, name: evil })),
    };
    for (const mode of gpujsModes) {
      const { source } = emitted(kernel, mode);
      expect(source).to.equal(emitted(dense, mode).source);
      expect(source).to.match(/^[\w\s(){}[\];,.=<>+\-*/?:&|!]*$/);
    }
  });

  it('passes numbers that are not finite as data', () => {
    const kernel = pointwise('constants', [loop(3)], [0], 1, [
      constant(Number.NaN),
      constant(Number.NEGATIVE_INFINITY),
      apply('less', 0, 1),
    ]);
    const { source, takesNonFinite } = emitted(kernel, 'webgpu');
    expect(takesNonFinite).to.equal(true);
    expect(source).to.contain('function (nan, infinity)').and.contain('nan < (-infinity)');
    expect(source).not.to.match(/NaN|Infinity/);
  });

  it('lays out up to three axes without arithmetic and shares a dimension between more', () => {
    const over = (...extents: readonly number[]) =>
      pointwise(
        'layout',
        extents.map(loop),
        extents.map((_, i) => i),
        1,
        [constant(1)],
      );
    expect(emitted(over(4, 5, 6), 'webgpu').threads).to.deep.equal([6, 5, 4]);
    expect(emitted(over(4, 1, 6), 'webgpu').threads).to.deep.equal([6, 4]);
    expect(emitted(over(), 'webgpu').threads).to.deep.equal([1]);
    expect(emitted(over(9, 2, 3, 8), 'webgpu').threads).to.deep.equal([8, 6, 9]);
    expect(emitted(over(9, 2, 3, 8), 'webgpu').source).to.contain('Math.floor((this.thread.y + 0.5) / 3)');
    // WebGPU runs at most 65535 work groups along z.
    expect(emitted(over(100_000, 2, 3), 'webgpu').threads).to.deep.equal([6, 100_000]);
    // WebGL folds a 2-D output only if it is declared as 3-D.
    expect(emitted(over(9001, 2), 'webgl2').threads).to.deep.equal([2, 1, 9001]);
  });

  it('refuses more arguments than the mode has', () => {
    const reading = (count: number) =>
      pointwise('many', [loop(3)], [0], count, [
        ...Array.from({ length: count }, (_, i) => load(i, affine([[0, 1]]))),
        apply('add', 0, 1),
      ]);
    expect(E.isRight(emitKernel(reading(7), 'webgpu'))).to.equal(true);
    expect(reasonFor(reading(8), 'webgpu')).to.equal('it reads 8 buffers; webgpu allows 7');
    expect(reasonFor(reading(16), 'webgl2')).to.equal('it reads 16 buffers; webgl2 allows 15');
    expect(E.isRight(emitKernel(reading(40), 'webasm'))).to.equal(true);
  });

  it('refuses addresses that float32 does not hold exactly, and only those', () => {
    const guarded = (stride: number) =>
      pointwise('far', [loop(5000), quotient(affine([[0, 1]], -1), 1, 4000)], [0], 1, [
        load(0, affine([[1, stride]]), [1]),
      ]);
    expect(E.isRight(emitKernel(guarded(4000), 'webgpu'))).to.equal(true);
    expect(reasonFor(guarded(5000), 'webgpu')).to.contain('float32 does not hold exactly');
    const direct = pointwise('far', [loop(5000)], [0], 1, [load(0, affine([[0, 5000]]))]);
    expect(E.isRight(emitKernel(direct, 'webgpu'))).to.equal(true);
  });

  it('stops at what a kernel refers to and does not have: no address, operand or accumulator is made up', () => {
    const broken: readonly (readonly [string, Kernel])[] = [
      ['an axis', pointwise('broken', [loop(3)], [0], 1, [load(0, affine([[7, 1]]))])],
      ['an output axis', pointwise('broken', [loop(3)], [0, 7], 1, [constant(1)])],
      ['an operand', pointwise('broken', [loop(3)], [0], 1, [constant(1), apply('add', 0, 7)])],
      ['an accumulator', pointwise('broken', [loop(3)], [0], 1, [accumulator()])],
      ['a value', pointwise('broken', [loop(3)], [0], 1, [])],
    ];
    for (const [what, kernel] of broken) expect(() => emitKernel(kernel, 'cpu'), what).to.throw(/^internal: /);
  });
});
