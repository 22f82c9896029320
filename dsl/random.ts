/**
 * Seeded random numbers as pure functions: a generator is plain data, and every draw returns the generator to go on
 * with. The algorithm is xoshiro128** (Blackman & Vigna 2018), seeded through splitmix32.
 */
import { internal } from './internal.js';

/** The state of a generator: four unsigned 32-bit words. Serialisable. */
export interface Generator {
  readonly state: readonly [number, number, number, number];
}

/** Values that were drawn, and the generator to draw further ones from. */
export interface Drawn<Values> {
  readonly values: Values;
  readonly generator: Generator;
}

// The finalizer of splitmix32: a bijection of 32-bit words that mixes all bits.
const mixed = (word: number): number => {
  const z = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  const y = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (y ^ (y >>> 15)) >>> 0;
};

/** The generator of a seed (any whole number). Different streams of one seed are independent of each other. */
export const generator = (seed: number, stream = 0): Generator => {
  const parts = [seed, Math.floor(seed / 2 ** 32), stream];
  // each word hashes all parts, from another multiple of the golden ratio on
  const word = (i: number): number =>
    parts.reduce((hash, part) => mixed(Math.imul(hash, 5) + mixed((part >>> 0) + Math.imul(i, 0x9e3779b9))), i);
  // xoshiro must not start from all zeros
  return { state: [word(1), word(2), word(3), (word(4) | 1) >>> 0] };
};

const rotateLeft = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** `count` words of 32 random bits each. */
const words = (from: Generator, count: number): Drawn<Uint32Array> => {
  const values = new Uint32Array(count);
  let [a, b, c, d] = from.state;
  for (let i = 0; i < count; i++) {
    values[i] = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
  }
  return { values, generator: { state: [a >>> 0, b >>> 0, c >>> 0, d >>> 0] } };
};

const missing = (): never => internal('random', 'fewer numbers were drawn than are read');

/** `count` numbers distributed uniformly over the open interval (low, high). */
export const uniform = (from: Generator, count: number, low = 0, high = 1): Drawn<Float64Array> => {
  const drawn = words(from, count);
  return {
    values: Float64Array.from(drawn.values, (word) => low + ((high - low) * (word + 0.5)) / 2 ** 32),
    generator: drawn.generator,
  };
};

/** `count` numbers of the normal distribution N(mean, std²), by the Box-Muller transform. */
export const normal = (from: Generator, count: number, mean = 0, std = 1): Drawn<Float64Array> => {
  const pairs = Math.ceil(count / 2);
  const drawn = uniform(from, 2 * pairs);
  const radius = (i: number): number => Math.sqrt(-2 * Math.log(drawn.values[i] ?? missing()));
  const angle = (i: number): number => 2 * Math.PI * (drawn.values[pairs + i] ?? missing());
  const values = Float64Array.from({ length: count }, (_, i) => {
    const pair = i >> 1;
    return mean + std * radius(pair) * (i % 2 === 0 ? Math.cos(angle(pair)) : Math.sin(angle(pair)));
  });
  return { values, generator: drawn.generator };
};

/** A uniformly chosen order of 0, 1, …, count − 1 (Fisher & Yates). */
export const permutation = (from: Generator, count: number): Drawn<Uint32Array> => {
  const drawn = uniform(from, count);
  const values = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((drawn.values[i] ?? missing()) * (i + 1));
    const [x, y] = [values[i] ?? missing(), values[j] ?? missing()];
    values[i] = y;
    values[j] = x;
  }
  return { values, generator: drawn.generator };
};
