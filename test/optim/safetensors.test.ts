import { expect } from 'chai';
import fc from 'fast-check';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });

const tensor: fc.Arbitrary<Omit<Tensor, 'name'>> = shapes.chain((shape) => {
  const length = shape.reduce((product, extent) => product * extent, 1);
  return fc
    .array(fc.float({ noDefaultInfinity: false }), { minLength: length, maxLength: length })
    .map((values) => ({ shape, values: Float32Array.from(values) }));
});

const tensors = fc
  .dictionary(fc.string({ minLength: 1 }), tensor)
  .map((record) => Object.entries(record).map(([name, rest]): Tensor => ({ name, ...rest })));

describe('safetensors', () => {
  it('read back what was written, to the bit', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const decoded = rightOf(decodeSafetensors(encodeSafetensors(list)));
        const byName = (some: readonly Tensor[]) => new Map(some.map(({ name, ...rest }) => [name, rest]));
        expect(byName(decoded)).to.deep.equal(byName(list));
      }),
    );
  });

  it('are laid out as the format says', () => {
    const bytes = encodeSafetensors([{ name: 'b', shape: [2], values: Float32Array.from([1, -2]) }]);
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
    expect(header).to.deep.equal({ b: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } });
    expect(headerLength % 8).to.equal(0);
    expect(Array.from(bytes.subarray(8 + headerLength))).to.deep.equal([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  });

  it('refuse every file that is cut short', () => {
    const bytes = encodeSafetensors([{ name: 'weights', shape: [2, 2], values: Float32Array.from([1, 2, 3, 4]) }]);
    for (let length = 0; length < bytes.length; length++)
      expect(leftOf(decodeSafetensors(bytes.subarray(0, length)))).to.include({ _tag: 'SafetensorsError' });
    const last = bytes.length - 1;
    expect(leftOf(decodeSafetensors(bytes.subarray(0, last)))).to.deep.include({
      expected: '16 bytes of weights within the file',
      actual: `bytes ${bytes.length - 16} to ${bytes.length} of ${last}`,
    });
  });

  it('refuse other element types by name', () => {
    const bytes = encodeSafetensors([{ name: 'w', shape: [1], values: Float32Array.from([1]) }]);
    const text = new TextDecoder('latin1').decode(bytes).replace('"F32"', '"F64"');
    const changed = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(leftOf(decodeSafetensors(changed)).actual).to.match(/^w\.dtype/);
  });
});
