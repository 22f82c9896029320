import { expect } from 'chai';
import { at, internal, lookup, only, zip } from '../../dsl/internal.js';

describe('broken invariants', () => {
  it('stop with the place and what is wrong', () => {
    expect(() => internal('compile', 'no stage')).to.throw(Error, /^internal: compile: no stage$/);
    expect(() => at([1, 2], 2, 'layout')).to.throw('internal: layout: nothing at 2 of 2');
    expect(() => at([1, 2], -1, 'layout')).to.throw('internal: layout: nothing at -1 of 2');
    expect(() => lookup(new Map([['a', 1]]), 'b', 'names')).to.throw('internal: names: nothing is known of b');
    expect(() => only([], 'root')).to.throw('internal: root: 0 values where one is due');
    expect(() => only([1, 2], 'root')).to.throw('internal: root: 2 values where one is due');
    expect(() => zip([1, 2], ['a'], 'pairs')).to.throw('internal: pairs: 2 values beside 1');
  });

  it('where they hold, give what is there', () => {
    expect(at(Float64Array.of(3, 0), 1, '')).to.equal(0);
    expect(at(['', 'b'], 0, '')).to.equal('');
    expect(lookup(new Map([['a', 0]]), 'a', '')).to.equal(0);
    expect(only([false], '')).to.equal(false);
    expect(zip([1, 2], ['a', 'b'], '')).to.deep.equal([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(zip([], [], '')).to.deep.equal([]);
  });
});
