import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeCheckpoint, encodeCheckpoint } from '../../cli/checkpoint.js';
import type { Snapshot } from '../../optim/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const snapshot: Snapshot = {
  identity: {
    experiment: 'boston',
    parameters: [{ name: 'W1', shape: [13, 100] }],
    dataset: { name: 'Boston', train: 404, test: 102 },
    solver: 'sgn',
    batchSize: 101,
    seed: 0,
    settings: { damping: 1e-4 },
  },
  history: [{ epoch: 1, trainLoss: 0.1, testLoss: 0.2, seconds: 0.3, rho: 1e-4, stepSize: 1, cgIterations: 10 }],
  seconds: 0.1 + 0.2,
  generator: { state: [1, 2 ** 32 - 1, 3, 4] },
  state: { step: 4, theta: 'AACAPw==' },
};

const text = encodeCheckpoint(snapshot);

describe('a checkpoint', () => {
  it('gives the snapshot back', () => {
    expect(rightOf(decodeCheckpoint(text))).to.deep.equal(snapshot);
  });

  it('is refused wherever it is cut short', () => {
    fc.assert(
      fc.property(fc.nat({ max: text.length - 2 }), (length) => {
        expect(leftOf(decodeCheckpoint(text.slice(0, length)))).to.match(/damaged|no checkpoint|version/);
      }),
    );
  });

  it('is refused whichever character of its content is another', () => {
    const start = text.indexOf('\n') + 1;
    fc.assert(
      fc.property(fc.integer({ min: start, max: text.length - 2 }), (position) => {
        const other = text[position] === 'x' ? 'y' : 'x';
        const changed = text.slice(0, position) + other + text.slice(position + 1);
        expect(leftOf(decodeCheckpoint(changed))).to.match(/^the checkpoint is damaged: .* checksum/);
      }),
    );
  });

  it('whose content is none, under its own checksum, is refused', () => {
    const sealed = (body: string): string =>
      `sgn.js checkpoint 1 sha256 ${createHash('sha256').update(body).digest('hex')}\n${body}\n`;
    expect(leftOf(decodeCheckpoint(sealed('hello')))).to.equal('the checkpoint is not valid: its content is not JSON');
    expect(leftOf(decodeCheckpoint(sealed('{}')))).to.match(/^the checkpoint is not valid: identity: /);
  });

  it('of another version or of another program is refused', () => {
    expect(leftOf(decodeCheckpoint(text.replace('checkpoint 1', 'checkpoint 2')))).to.equal(
      'it is a checkpoint of version 2; this program reads 1',
    );
    expect(leftOf(decodeCheckpoint('{"epoch": 3}'))).to.match(/^it is no checkpoint/);
    expect(leftOf(decodeCheckpoint(''))).to.match(/^it is no checkpoint/);
  });
});
