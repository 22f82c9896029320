import { expect } from 'chai';
import { compile } from '../../compiler/index.js';
import { make } from '../../dsl/index.js';
import { gpujsTarget, interpreterTarget, wasmTarget } from '../../runtime/index.js';
import { rightOf } from '../support/evaluation.js';

describe('outputs named like what every object has', () => {
  it('are results like others: __proto__, constructor', async () => {
    const x = make({ op: 'input', name: 'x', shape: [2] });
    const outputs = Object.fromEntries([
      ['__proto__', make({ op: 'map', fn: 'exp', operands: [x] })],
      ['constructor', x],
    ]);
    const program = rightOf(compile({ name: 'names', sizes: {}, stages: [{ name: 's', inputs: [x], outputs }] }));
    const targets = [
      interpreterTarget,
      rightOf(await wasmTarget({ threads: 1 })()),
      rightOf(await gpujsTarget('cpu')()),
    ];
    for (const target of targets) {
      const executable = rightOf(await target.compile(program)());
      const { arrays } = rightOf(await executable.run('s', { x: Float32Array.of(1, 2) })());
      expect(Object.getOwnPropertyNames(arrays), target.name).to.have.members(['__proto__', 'constructor']);
      target.dispose();
    }
  });
});
