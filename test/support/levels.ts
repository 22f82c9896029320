/** What holds of every level of an inspection. */
import { expect } from 'chai';
import type { InspectedLevel } from '../../compiler/index.js';

/** Values and leaves have keys of their own, and nothing is used before it is defined. */
export const expectDefinedOnce = (levels: readonly InspectedLevel[]): void => {
  for (const { values, leaves, stages } of levels) {
    const keys = [...values, ...leaves].map(({ key }) => key);
    expect(new Set(keys).size, 'distinct keys').to.equal(keys.length);
    const known = new Set(leaves.map(({ key }) => key));
    for (const { key, uses } of values) {
      for (const use of uses) expect(known.has(use), `${use} before ${key}`).to.equal(true);
      known.add(key);
    }
    for (const { outputs } of stages)
      for (const key of Object.values(outputs)) expect(known.has(key), key).to.equal(true);
  }
};
