import { expect } from 'chai';
import { initialisers, input, meanSquaredError, mlp } from '../../dsl/index.js';
import { parseRunSettings, problem, run } from '../../optim/index.js';
import { wasmTarget } from '../../runtime/index.js';
import { leftOf, rightOf } from '../support/evaluation.js';

describe('a network that is too large for its target', () => {
  it('is refused with what to do, before any of its parameters is drawn', async () => {
    let drawn = 0;
    const width = 40_000; // 40 000² float32 weights are 6 GiB
    const x = input('x', ['batch', 1]);
    const made = problem({
      name: 'wide',
      input: x,
      target: input('y', ['batch', 1]),
      output: mlp(x, { hidden: [width, width], outputs: 1 }),
      loss: meanSquaredError,
      metric: 'loss',
      initialiser: (...given) => {
        drawn += 1;
        return initialisers.paperMlp(...given);
      },
    });
    const split = {
      count: 1,
      inputs: Float32Array.of(1),
      inputShape: [1],
      targets: Float32Array.of(1),
      targetShape: [1],
    };
    const target = rightOf(await wasmTarget({ threads: 1 })());
    const result = await run(
      {
        problem: rightOf(made),
        settings: rightOf(parseRunSettings({ batchSize: 1, epochs: 1, solver: 'sgd' })),
        dataset: { name: 'one', train: split, test: split },
        target,
      },
      { clock: () => 0, interrupted: () => false, onStep: () => () => undefined, onEpoch: () => async () => undefined },
    )();
    target.dispose();
    expect(JSON.stringify(leftOf(result))).to.match(
      /it needs \d+\.\d GiB of memory, and WebAssembly has 4\.0 GiB; choose a smaller batch, /,
    );
    expect(drawn).to.equal(0);
  });
});
