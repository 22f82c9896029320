import { expect } from 'chai';
import fc from 'fast-check';
import { random } from '../../dsl/index.js';

const { generator, normal, permutation, uniform } = random;
const seeds = fc.maxSafeInteger();

const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const moment = (values: Float64Array, k: number): number => {
  const centre = mean(values);
  return values.reduce((sum, v) => sum + (v - centre) ** k, 0) / values.length;
};

describe('random numbers', () => {
  it('are the same for the same seed, whatever else is drawn, and survive JSON', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 50 }), (seed, count) => {
        const first = uniform(generator(seed), count);
        normal(generator(seed), 3);
        expect(uniform(generator(seed), count)).to.deep.equal(first);
        const restored: random.Generator = JSON.parse(JSON.stringify(first.generator));
        expect(normal(restored, count)).to.deep.equal(normal(first.generator, count));
      }),
    );
  });

  it('do not depend on the size of the draws', () => {
    const whole = uniform(generator(7), 10);
    const half = uniform(generator(7), 4);
    const rest = uniform(half.generator, 6);
    expect([...half.values, ...rest.values]).to.deep.equal([...whole.values]);
    expect(rest.generator).to.deep.equal(whole.generator);
  });

  it('follow the published xoshiro128**', () => {
    // by the definition, from the state (1, 2, 3, 4): rotl(2·5, 7)·9 = 11520; then the state's second word is 0
    const start: random.Generator = { state: [1, 2, 3, 4] };
    const words = uniform(start, 3, 0, 2 ** 32).values.map((v) => v - 0.5);
    expect([...words]).to.deep.equal([11520, 0, 5927040]);
  });

  it('differ between seeds and between streams', () => {
    const starts = Array.from({ length: 500 }, (_, i) => [
      generator(i),
      generator(3, i + 1),
      generator(i + 2 ** 32),
    ]).flat();
    const texts = starts.map((start) => uniform(start, 2).values.join());
    expect(new Set(texts).size).to.equal(texts.length);
  });

  it('uniform: bounds and moments of U(2, 5)', () => {
    const { values } = uniform(generator(1), 200_000, 2, 5);
    expect(values.every((v) => v > 2 && v < 5)).to.equal(true);
    expect(mean(values)).to.be.closeTo(3.5, 0.01);
    expect(moment(values, 2)).to.be.closeTo(9 / 12, 0.01);
  });

  it('uniform: no correlation between neighbours', () => {
    const { values } = uniform(generator(2), 200_000, -1, 1);
    const products = values.subarray(1).map((v, i) => v * (values[i] ?? 0));
    expect(mean(products)).to.be.closeTo(0, 0.003);
  });

  it('normal: moments of N(3, 2²), even and odd counts', () => {
    const { values } = normal(generator(3), 200_001, 3, 2);
    expect(values).to.have.length(200_001);
    expect(mean(values)).to.be.closeTo(3, 0.02);
    expect(moment(values, 2)).to.be.closeTo(4, 0.05);
    expect(moment(values, 3) / 8).to.be.closeTo(0, 0.03);
    expect(moment(values, 4) / 16).to.be.closeTo(3, 0.06);
  });

  it('permutation: each number once, each place equally likely', () => {
    fc.assert(
      fc.property(seeds, fc.nat(60), (seed, count) => {
        const { values } = permutation(generator(seed), count);
        expect([...values].sort((a, b) => a - b)).to.deep.equal([...Array(count).keys()]);
      }),
    );
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = permutation(generator(11, i), 3).values.join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 6 orders, 1000 expected of each, standard deviation 29
    expect(counts.size).to.equal(6);
    for (const count of counts.values()) expect(count).to.be.within(870, 1130);
  });
});
