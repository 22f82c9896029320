import { expect } from 'chai';
import { constant, input, iota, parameter, type Shape, size } from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { valuesOf } from './values.js';

describe('leaves', () => {
  it('have the shapes they are given', () => {
    exactly(input('x', ['batch', 784]), ['batch', 784]);
    exactly(input('s', []), []);
    exactly(parameter('W1', [784, 20]), [784, 20]);
    exactly(constant(3), []);
    exactly(size('batch'), []);
    exactly(iota(5), [5]);
    exactly(iota('classes'), ['classes']);
  });

  it('keep sizes that are only known at run time as numbers', () => {
    const inputs: number = 13;
    exactly(parameter('W', [inputs, 4]) satisfies { readonly shape: readonly [number, 4] }, [inputs, 4]);
  });

  it('take shapes that are constants or only known at run time', () => {
    const constantShape = ['batch', 3] as const;
    exactly(input('x', constantShape), ['batch', 3]);
    const runTimeShape: Shape = ['batch', 3];
    expect(input('x', runTimeShape)).to.equal(input('x', constantShape));
  });

  it('refuse names and sizes that no program could hold', () => {
    mistaken('input', input('', [2]));
    mistaken('input', input('a b', [2]));
    mistaken('input', input('1st', [2]));
    mistaken('parameter', parameter('W;drop()', [2]));
    mistaken('parameter', parameter('W', [0]));
    mistaken('parameter', parameter('W', [-3]));
    mistaken('parameter', parameter('W', [2.5]));
    mistaken('input', input('x', ['', 2]));
    // @ts-expect-error: a dimension is a size or a name
    mistaken('input', input('x', [true]));
  });

  it('have their values', () => {
    expect(valuesOf(constant(2.5))).to.deep.equal([2.5]);
    expect(valuesOf(size('batch'), {}, { batch: 7 })).to.deep.equal([7]);
    expect(valuesOf(size(3))).to.deep.equal([3]);
    expect(valuesOf(iota('batch'), {}, { batch: 3 })).to.deep.equal([0, 1, 2]);
  });
});
