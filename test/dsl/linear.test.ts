import { expect } from 'chai';
import fc from 'fast-check';
import { dot, type Expr, einsum, input, matmul, outer } from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', ['batch', 784]);
const weights = input('W', [784, 20]);
const wide: Expr = x;

describe('products', () => {
  it('matmul contracts the inner dimensions of matrices and vectors', () => {
    exactly(matmul(x, weights), ['batch', 20]);
    exactly(matmul(x, input('v', [784])), ['batch']);
    exactly(matmul(input('v', [784]), weights), [20]);
    exactly(matmul(input('v', [784]), input('v', [784])), []);
    expect(matmul(wide, weights).shape).to.deep.equal(['batch', 20]);
  });

  it('matmul reports inner dimensions that differ and other ranks', () => {
    // @ts-expect-error: 784 and 20 differ
    mistaken('matmul', matmul(x, input('W', [20, 10])));
    // @ts-expect-error: 784 and batch differ
    mistaken('matmul', matmul(x, x));
    // @ts-expect-error: a scalar is neither a matrix nor a vector
    mistaken('matmul', matmul(x, input('s', [])));
    // @ts-expect-error: neither is an array of three axes
    mistaken('matmul', matmul(input('t', [2, 3, 4]), input('u', [4, 5])));
    mistaken('matmul', matmul(wide, input('W', [20, 10])));
  });

  it('matmul has the values of its definition', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.infiniteStream(fc.double({ min: -9, max: 9, noNaN: true })),
        (m, k, n, stream) => {
          const take = (count: number) => Array.from({ length: count }, () => Number(stream.next().value));
          const [a, b] = [take(m * k), take(k * n)];
          const expected = Array.from({ length: m * n }, (_, cell) =>
            Array.from({ length: k }, (_, i) => (a[Math.floor(cell / n) * k + i] ?? 0) * (b[i * n + (cell % n)] ?? 0)),
          ).map((terms) => terms.reduce((sum, term) => sum + term, 0));
          expectClose(valuesOf(matmul(input('a', [m, k]), input('b', [k, n])), { a, b }), expected, 1e-11);
        },
      ),
    );
  });

  it('dot sums the products of equal shapes', () => {
    exactly(dot(x, x), []);
    expect(valuesOf(dot(input('a', [2, 2]), input('b', [2, 2])), { a: [1, 2, 3, 4], b: [5, 6, 7, 8] })).to.deep.equal([
      70,
    ]);
    // @ts-expect-error: the shapes differ
    mistaken('dot', dot(x, weights));
    mistaken('dot', dot(wide, weights));
  });

  it('outer joins the axes of both', () => {
    exactly(outer(x, input('v', [3])), ['batch', 784, 3]);
    expect(valuesOf(outer(input('a', [2]), input('b', [3])), { a: [1, 2], b: [3, 4, 5] })).to.deep.equal([
      3, 4, 5, 6, 8, 10,
    ]);
  });

  it('einsum follows its equation', () => {
    exactly(einsum('ij,jk->ik', x, weights), ['batch', 20]);
    exactly(einsum('ij,jk->ki', x, weights), [20, 'batch']);
    exactly(einsum('bij,bjk->bik', input('a', ['batch', 2, 3]), input('b', ['batch', 3, 4])), ['batch', 2, 4]);
    exactly(einsum('ij,kl->', x, weights), []);
    // b's axis k is in neither the result nor a: it is summed
    expect(
      valuesOf(einsum('i,ik->i', input('a', [2]), input('b', [2, 2])), { a: [1, 2], b: [3, 4, 5, 6] }),
    ).to.deep.equal([7, 22]);
  });

  it('einsum reports what does not fit', () => {
    // @ts-expect-error: j is 784 and 20
    mistaken('einsum', einsum('ij,jk->ik', x, input('W', [20, 10])));
    // @ts-expect-error: x has two axes
    mistaken('einsum', einsum('ijk,jk->ik', x, weights));
    // @ts-expect-error: l is in neither operand
    mistaken('einsum', einsum('ij,jk->il', x, weights));
    // @ts-expect-error: there is no arrow
    mistaken('einsum', einsum('ij,jk', x, weights));
    const equation: string = 'ij;jk';
    mistaken('einsum', einsum(equation, x, weights));
    mistaken('einsum', einsum('ii,ik->ik', input('s', [2, 2]), input('t', [2, 2])));
    mistaken('einsum', einsum('ij,jk->ii', x, weights));
  });
});
