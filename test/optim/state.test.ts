import { expect } from 'chai';
import fc from 'fast-check';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import {
  decodeVector,
  encodeVector,
  optionSchema,
  showStateError,
  stateCodec,
  vectorSchema,
} from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const bits = (values: Float32Array): readonly number[] => [...new Uint32Array(values.slice().buffer)];

describe('optimizer states as plain data', () => {
  it('keeps every bit of a float32 vector through JSON, of −0 and subnormal numbers too', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 20, noNaN: true, noDefaultInfinity: true }), (values) => {
        const schema = vectorSchema(values.length);
        const text = JSON.stringify(z.encode(schema, values));
        expect(bits(schema.parse(JSON.parse(text)))).to.deep.equal(bits(values));
      }),
    );
  });

  it('neither reads nor writes a vector that is not finite', () => {
    const schema = vectorSchema(2);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(z.safeEncode(schema, Float32Array.of(1, bad)).error?.issues[0]?.message).to.equal(
        'expected 2 finite float32 numbers',
      );
      expect(schema.safeParse(encodeVector(Float32Array.of(bad, 1))).success).to.equal(false);
    }
  });

  it('writes little-endian bytes', () => {
    expect(z.encode(vectorSchema(1), Float32Array.of(1))).to.equal(Buffer.from([0, 0, 0x80, 0x3f]).toString('base64'));
  });

  it('reads a vector as it was written, and names the field of one that is missing or has another length', () => {
    const text = encodeVector(Float32Array.of(1, 2));
    expect(rightOf(decodeVector('best', 2, text))).to.deep.equal(Float32Array.of(1, 2));
    const refused = (length: number, value: unknown): string =>
      showStateError(leftOf(decodeVector('best', length, value)));
    expect(refused(3, text)).to.equal('optimizer state, best: expected 3 float32 numbers in base64');
    expect(refused(2, undefined)).to.match(/^optimizer state, best: /);
  });

  it('names the field that is wrong, when reading and when writing', async () => {
    const schema = z.strictObject({
      theta: vectorSchema(2),
      velocity: optionSchema(vectorSchema(2)),
      damping: z.number(),
    });
    const codec = stateCodec(schema, (state: z.output<typeof schema>) => TE.right(state));
    const good = { theta: Float32Array.of(1, 2), velocity: { _tag: 'None' as const }, damping: 1 };
    const encoded = rightOf(await codec.encode(good)());
    expect(rightOf(codec.decode(JSON.parse(JSON.stringify(encoded))))).to.deep.equal(good);
    const whole = z.looseObject({}).parse(encoded);
    const refused = (changed: unknown): string => showStateError(leftOf(codec.decode(changed)));
    expect(refused({ ...whole, theta: 'AAAA' })).to.equal(
      'optimizer state, theta: expected 2 float32 numbers in base64',
    );
    expect(refused({ ...whole, velocity: { _tag: 'Some', value: '?' } })).to.match(
      /^optimizer state, velocity\.value:/,
    );
    expect(refused(null)).to.match(/^optimizer state, the whole:/);
    const infinite = leftOf(await codec.encode({ ...good, damping: Number.POSITIVE_INFINITY })());
    expect(infinite).to.deep.include({ _tag: 'StateError', field: 'damping' });
  });
});
