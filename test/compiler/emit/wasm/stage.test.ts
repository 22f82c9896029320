/** Kernels in tasks. */
import { expect } from 'chai';
import { sharedKernel } from '../../../../compiler/emit/wasm/stage.js';

describe('tasks of a kernel that threads share', () => {
  it('begin where 32 bits tell, however many units there are', () => {
    for (const units of [2, 1000, 2 ** 26, 2 ** 27 + 1, 2 ** 31, 2 ** 32 - 1]) {
      const { tasks } = sharedKernel({ fn: 'k', units, cycles: 1e12 });
      expect(tasks).to.be.within(1, units);
      expect(tasks * units).to.be.below(2 ** 32);
    }
  });
});
