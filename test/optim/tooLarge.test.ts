import { expect } from 'chai';
import { initialisers, input, meanSquaredError, mlp } from '../../dsl/index.js';
import { parseRunSettings, problem, run, showRunFailure } from '../../optim/index.js';
import { gpujsTarget, interpreterTarget, wasmTarget } from '../../runtime/index.js';
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
    const targets = [
      rightOf(await wasmTarget({ threads: 1 })()),
      interpreterTarget,
      rightOf(await gpujsTarget('cpu')()),
    ];
    const refusals: string[] = [];
    for (const target of targets) {
      const result = await run(
        {
          problem: rightOf(made),
          settings: rightOf(parseRunSettings({ batchSize: 1, epochs: 1, solver: 'sgd' })),
          dataset: { name: 'one', train: split, test: split },
          target,
        },
        {
          clock: () => 0,
          interrupted: () => false,
          onStep: () => () => undefined,
          onEpoch: () => async () => undefined,
        },
      )();
      target.dispose();
      refusals.push(showRunFailure(leftOf(result)));
    }
    expect(refusals[0]).to.match(/it needs \d+\.\d GiB of memory, and WebAssembly has 4\.0 GiB; choose a smaller/);
    expect(refusals[1]).to.match(
      /it needs \d+\.\d GiB of memory, and the interpreter takes 8\.0 GiB; choose a smaller/,
    );
    expect(refusals[2]).to.match(
      /it computes an address above 16777216, .*; choose a smaller batch, a network with fewer/,
    );
    expect(drawn).to.equal(0);
  });
});
