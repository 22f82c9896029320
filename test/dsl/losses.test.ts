import { expect } from 'chai';
import fc from 'fast-check';
import { type Expr, input, meanSquaredError, oneHot, softmaxCrossEntropy } from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const z = input('z', ['batch', 10]);
const labels = input('labels', ['batch']);
const wide: Expr = z;

describe('losses', () => {
  it('are scalars', () => {
    exactly(meanSquaredError(z, input('y', ['batch', 10])), []);
    exactly(softmaxCrossEntropy(z, labels), []);
    exactly(oneHot(labels, 10), ['batch', 10]);
  });

  it('report predictions and targets that do not belong together', () => {
    // @ts-expect-error: a target of one column would broadcast, which is no loss anybody wants
    mistaken('meanSquaredError', meanSquaredError(z, input('y', ['batch', 1])));
    // @ts-expect-error: labels are one number per sample
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(z, z));
    // @ts-expect-error: another batch
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(z, input('labels', [7])));
    // @ts-expect-error: the classes are missing
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(labels, labels));
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(wide, input('labels', [7])));
    mistaken('meanSquaredError', meanSquaredError(wide, labels));
  });

  it('mean squared error is the mean over samples and outputs', () => {
    const loss = meanSquaredError(input('z', ['batch', 2]), input('y', ['batch', 2]));
    expectClose(valuesOf(loss, { z: [1, 2, 3, 4], y: [0, 2, 5, 1] }, { batch: 2 }), [(1 + 0 + 4 + 9) / 4]);
  });

  it('softmax cross-entropy is the mean of −ln softmax(z)[label]', () => {
    const [batch, classes] = [3, 4];
    const loss = softmaxCrossEntropy(input('z', ['batch', classes]), labels);
    const logits = fc.array(fc.double({ min: -15, max: 15, noNaN: true }), { minLength: 12, maxLength: 12 });
    const answers = fc.array(fc.nat(classes - 1), { minLength: batch, maxLength: batch });
    fc.assert(
      fc.property(logits, answers, (values, chosen) => {
        const losses = chosen.map((label, row) => {
          const exponentials = values.slice(row * classes, (row + 1) * classes).map(Math.exp);
          return -Math.log((exponentials[label] ?? 0) / exponentials.reduce((a, b) => a + b, 0));
        });
        const expected = losses.reduce((a, b) => a + b, 0) / batch;
        expectClose(valuesOf(loss, { z: values, labels: chosen }, { batch }), [expected], 1e-9);
      }),
    );
  });

  it('softmax cross-entropy stays finite for logits of ±1e4', () => {
    const loss = softmaxCrossEntropy(input('z', ['batch', 2]), labels);
    expect(valuesOf(loss, { z: [1e4, -1e4], labels: [0] }, { batch: 1 })).to.deep.equal([0]);
    expect(valuesOf(loss, { z: [1e4, -1e4], labels: [1] }, { batch: 1 })).to.deep.equal([2e4]);
  });
});
