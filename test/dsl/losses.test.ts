import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Expr,
  input,
  likelihoods,
  meanSquaredError,
  oneHot,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  withLikelihood,
} from '../../dsl/index.js';
import { exactly, mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const z = input('z', ['batch', 10]);
const labels = input('labels', ['batch']);
const wide: Expr = z;
const sequence = input('sequence', ['batch', 5, 3]);

describe('losses', () => {
  it('are scalars', () => {
    exactly(meanSquaredError(z, input('y', ['batch', 10])), []);
    exactly(softmaxCrossEntropy(z, labels), []);
    exactly(sigmoidCrossEntropy(z, input('y', ['batch', 10])), []);
    exactly(softmaxCrossEntropy(sequence, input('words', ['batch', 5])), []);
    exactly(oneHot(labels, 10), ['batch', 10]);
    exactly(oneHot(input('words', ['batch', 5]), 10), ['batch', 5, 10]);
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
    // @ts-expect-error: a label for every position is due
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(sequence, labels));
    // @ts-expect-error: other positions
    mistaken('softmaxCrossEntropy', softmaxCrossEntropy(sequence, input('words', ['batch', 4])));
    // @ts-expect-error: one target per logit is due
    mistaken('sigmoidCrossEntropy', sigmoidCrossEntropy(z, labels));
    mistaken('sigmoidCrossEntropy', sigmoidCrossEntropy(wide, labels));
  });

  it('carry their likelihoods, and one of one’s own is given one without being changed', () => {
    expect(softmaxCrossEntropy.likelihood.name).to.equal('categorical');
    expect(sigmoidCrossEntropy.likelihood.name).to.equal('bernoulli');
    expect(meanSquaredError.likelihood.name).to.equal('gaussian');
    const own = (output: Expr<['batch', 10]>, target: Expr<['batch']>) => softmaxCrossEntropy(output, target);
    const loss = withLikelihood(own, likelihoods.categorical);
    expect(loss.likelihood).to.equal(likelihoods.categorical);
    expect(loss(z, labels)).to.equal(own(z, labels));
    expect(own).not.to.have.property('likelihood');
  });

  it('softmax cross-entropy of sequences is the mean over samples and positions', () => {
    const words = input('words', ['batch', 2]);
    const loss = softmaxCrossEntropy(input('z', ['batch', 2, 3]), words);
    const rows = softmaxCrossEntropy(input('z', ['rows', 3]), input('words', ['rows']));
    const data = { z: Array.from({ length: 12 }, (_, i) => Math.sin(3 * i)), words: [0, 2, 1, 1] };
    expectClose(valuesOf(loss, data, { batch: 2 }), valuesOf(rows, data, { rows: 4 }), 1e-12);
  });

  it('sigmoid cross-entropy is the mean of ln(1 + eᶻ) − y z', () => {
    const loss = sigmoidCrossEntropy(input('z', ['batch', 2]), input('y', ['batch', 2]));
    const numbers = (min: number, max: number) =>
      fc.array(fc.double({ min, max, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(numbers(-15, 15), numbers(0, 1), (logits, targets) => {
        const terms = logits.map((logit, i) => Math.log1p(Math.exp(logit)) - (targets[i] ?? Number.NaN) * logit);
        const expected = terms.reduce((a, b) => a + b, 0) / 6;
        expectClose(valuesOf(loss, { z: logits, y: targets }, { batch: 3 }), [expected], 1e-12);
      }),
    );
  });

  it('sigmoid cross-entropy is finite for every finite logit, and keeps its digits where it is small', () => {
    const loss = sigmoidCrossEntropy(input('z', ['batch']), input('y', ['batch']));
    const at = (logit: number, target: number) => valuesOf(loss, { z: [logit], y: [target] }, { batch: 1 })[0];
    expect(at(1e308, 1)).to.equal(0);
    expect(at(-1e308, 0)).to.equal(0);
    expect(at(1e308, 0)).to.equal(1e308);
    expect(at(-1e308, 1)).to.equal(1e308);
    // softplus(50) − 50 would be 0
    expect(at(50, 1)).to.be.closeTo(Math.exp(-50), 1e-34);
    expect(at(-50, 0)).to.be.closeTo(Math.exp(-50), 1e-34);
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
