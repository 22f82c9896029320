import { expect } from 'chai';
import * as fc from 'fast-check';
import { diffLines, showDiff } from '../../../compiler/print/diff.js';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

describe('diffLines', () => {
  it('holds both texts, in order', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        const side = (gone: 'added' | 'removed') =>
          diff.filter(({ change }) => change !== gone).map(({ line }) => line);
        expect(side('added')).to.deep.equal(before);
        expect(side('removed')).to.deep.equal(after);
      }),
    );
  });

  it('changes nothing between equal texts', () => {
    fc.assert(fc.property(lines, (text) => diffLines(text, text).every(({ change }) => change === 'same')));
  });

  it('keeps a longest common part', () => {
    expect(showDiff(diffLines(['a', 'b', 'c', 'd'], ['a', 'c', 'x', 'd']))).to.deep.equal([
      '  a',
      '- b',
      '  c',
      '+ x',
      '  d',
    ]);
  });
});
