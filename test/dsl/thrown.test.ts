import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { guarded, reasonOf, showValue } from '../../dsl/index.js';

const traps = {
  get: () => expect.fail('asked'),
  getPrototypeOf: () => expect.fail('asked'),
  ownKeys: () => expect.fail('asked'),
};
const withMessage = (message: unknown): Error => Object.assign(new Error('before'), { message });

const thrown: readonly (readonly [what: string, value: unknown, reason: string])[] = [
  ['an error', new Error('no disk'), 'no disk'],
  ['an error of several lines', new Error('\n  first\nsecond'), 'first'],
  ['an error without a message', new TypeError(), 'TypeError'],
  ['an error whose message is a number', withMessage(7), 'Error'],
  ['an error whose message is an object', withMessage({}), 'Error'],
  ['a text', 'broken', 'broken'],
  ['an empty text', '', 'an empty text'],
  ['null', null, 'null'],
  ['undefined', undefined, 'undefined'],
  ['a number', 42, '42'],
  ['a symbol', Symbol('why'), 'Symbol(why)'],
  ['an object without a prototype', Object.create(null), 'a value without a text (object)'],
  ['an object that throws for a text', { toString: () => expect.fail('asked') }, 'a value without a text (object)'],
  ['an object whose text is none', { toString: () => ({}) }, 'a value without a text (object)'],
  ['an object that throws whatever is asked', new Proxy({}, traps), 'a value without a text (object)'],
];

describe('what is thrown', () => {
  for (const [what, value, reason] of thrown)
    it(`has a reason in one line, as has ${what}`, () => {
      expect(reasonOf(value)).to.equal(reason);
      const call = (): never => {
        throw value;
      };
      expect(guarded(call)).to.deep.equal(E.left(reason));
    });

  it('and any value can be shown', () => {
    const circle: { own?: unknown } = {};
    circle.own = circle;
    const shown = [
      null,
      undefined,
      1n,
      Symbol('s'),
      () => 1,
      'text',
      { a: 1 },
      Promise.resolve(),
      circle,
      new Proxy({}, traps),
    ];
    expect(shown.map(showValue)).to.deep.equal([
      'null',
      'undefined',
      '1',
      'Symbol(s)',
      'a function',
      '"text"',
      '{"a":1}',
      '[object Promise]',
      'an object that cannot be shown',
      'an object that cannot be shown',
    ]);
    expect(showValue('x'.repeat(1000)).length).to.be.below(70);
  });
});
