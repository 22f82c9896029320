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

  describe('refuse headers that are not of the format', () => {
    /** A file of a header and so many bytes behind it. */
    const file = (header: string, bytes: number): Uint8Array => {
      const json = new TextEncoder().encode(header);
      const whole = new Uint8Array(8 + json.length + bytes);
      new DataView(whole.buffer).setBigUint64(0, BigInt(json.length), true);
      whole.set(json, 8);
      return whole;
    };
    const entry = (name: string, from: number, to: number): string =>
      `"${name}":{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]}`;
    const refusal = (entries: readonly string[], bytes: number): string => {
      const { expected, actual } = leftOf(decodeSafetensors(file(`{${entries.join(',')}}`, bytes)));
      return `${expected} / ${actual}`;
    };

    it('a name twice', () => {
      expect(refusal([entry('a', 0, 4), entry('b', 4, 8), entry('a', 8, 12)], 12)).to.equal(
        'every name once in the header / a twice',
      );
      expect(refusal([entry('a', 0, 4), entry('\\u0061', 4, 8)], 8), 'escaped').to.match(/a twice$/);
    });

    it('tensors that overlap, wholly or in part', () => {
      expect(refusal([entry('a', 0, 8), entry('b', 4, 12)], 12)).to.equal(
        'b at byte 8, behind a / byte 4, where they overlap',
      );
      expect(refusal([entry('a', 0, 8), entry('b', 0, 8)], 8)).to.match(/^b at byte 8, behind a .* overlap$/);
    });

    it('holes before, between and behind tensors', () => {
      expect(refusal([entry('a', 4, 8)], 8)).to.equal('a at byte 0, behind the header / byte 4, behind a hole');
      expect(refusal([entry('b', 8, 12), entry('a', 0, 4)], 12)).to.match(/^b at byte 4, behind a .* hole$/);
      expect(refusal([entry('a', 0, 4)], 8)).to.equal('4 bytes of tensors / 8 bytes');
    });

    it('a list, a number, a header that is too long', () => {
      for (const header of ['[]', '1', 'null']) leftOf(decodeSafetensors(file(header, 0)));
      const long = new Uint8Array(8 + 100_000_001);
      new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
      expect(leftOf(decodeSafetensors(long)).expected).to.equal('a header of at most 100000000 bytes');
    });

    it('but take tensors in any order, empty ones, and names of any kind', () => {
      const header = `{"__metadata__":{"a":"b"},${[entry('b', 4, 8), entry('a', 0, 4), entry('e', 4, 4), entry('__proto__', 8, 12)].join(',')}}`;
      const names = rightOf(decodeSafetensors(file(header, 12))).map(({ name }) => name);
      expect(names).to.deep.equal(['b', 'a', 'e', '__proto__']);
    });
  });

  it('refuse other element types by name', () => {
    const bytes = encodeSafetensors([{ name: 'w', shape: [1], values: Float32Array.from([1]) }]);
    const text = new TextDecoder('latin1').decode(bytes).replace('"F32"', '"F64"');
    const changed = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(leftOf(decodeSafetensors(changed)).actual).to.match(/^w\.dtype/);
  });
});
