import { expect } from 'chai';
import fc from 'fast-check';
import * as O from 'fp-ts/lib/Option.js';
import { firstDifference, showConfigError, showDifference, thetaOfTensors } from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';
import { smallMlp } from './problems.js';

const space = rightOf(smallMlp).parameters;

const tensors = space.entries.map(({ name, shape, offset, length }) => ({
  name,
  shape,
  values: Float32Array.from({ length }, (_, i) => offset + i),
}));

describe('the first difference of plain data', () => {
  it('is none between equal values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(firstDifference(value, structuredClone(value))).to.deep.equal(O.none);
      }),
    );
  });

  it('names the way to what differs, in words', () => {
    const one = { seed: 0, settings: { damping: 1e-4 }, list: [1, 2] };
    const shown = (other: unknown): string => {
      const difference = firstDifference(one, other);
      return O.isSome(difference) ? showDifference(difference.value, 'there', 'here') : 'none';
    };
    expect(shown({ ...one, settings: { damping: 1e-3 } })).to.equal('settings.damping is 0.0001 there and 0.001 here');
    expect(shown({ ...one, list: [1] })).to.equal('list.1 is 2 there and nothing here');
    expect(shown({ ...one, list: { 0: 1, 1: 2 } })).to.match(/^list is \[1,2\] there/);
    expect(shown({ ...one, extra: true })).to.equal('extra is nothing there and true here');
  });
});

describe('parameters of a file for a network', () => {
  it('fills θ by name, in whatever order the arrays are', () => {
    const theta = rightOf(thetaOfTensors(space, 'file', [...tensors].reverse()));
    expect([...theta]).to.deep.equal(Array.from({ length: space.length }, (_, i) => i));
  });

  it('refuses arrays that are missing, left over, or of another shape, by name', () => {
    const refused = (changed: typeof tensors): string =>
      showConfigError(leftOf(thetaOfTensors(space, 'file', changed)));
    expect(refused(tensors.slice(1))).to.equal('file: has no array W1 [3, 5], which the network has');
    expect(refused([...tensors, { name: 'W9', shape: [1], values: new Float32Array(1) }])).to.equal(
      'file: has an array W9; the network has none',
    );
    expect(refused(tensors.map((tensor) => (tensor.name === 'W1' ? { ...tensor, shape: [5, 3] } : tensor)))).to.equal(
      "file: W1 has shape [5, 3]; the network's has [3, 5]",
    );
  });
});
