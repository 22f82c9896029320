/** The benchmark on a small model, with the peers, and its parts. */
import { assert } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { runBench, showReport } from '../../bench/index.js';
import { measure, median } from '../../bench/measure.js';
import { denseNetwork } from '../../bench/peers/peer.js';
import fashion from '../../examples/fashion.js';
import sine from '../../examples/sine.js';

const quick = { warmUp: 1, budget: 10 } as const;

describe('bench', () => {
  it('takes the middle of the samples, and turns between contenders', async () => {
    assert.equal(median([5, 1, 100]), 5);
    const order: string[] = [];
    let now = 0;
    const contender = (name: string, milliseconds: number) => ({
      name,
      run: async () => {
        if (order[order.length - 1] !== name) order.push(name);
        now += milliseconds;
      },
    });
    const timing = { ...quick, clock: () => now };
    assert.deepEqual(await measure([contender('slow', 20), contender('fast', 4)], timing), { slow: 20, fast: 4 });
    assert.isAbove(order.length, 3, 'several turns');
  });

  it('knows perceptrons from other networks', () => {
    const of = (problem: typeof sine.problem) => (E.isRight(problem) ? denseNetwork(problem.right) : undefined);
    const network = of(sine.problem);
    assert.deepEqual(
      network?.layers.map(({ inputs, units }) => [inputs, units]),
      [
        [1, 20],
        [20, 20],
        [20, 20],
        [20, 1],
      ],
    );
    assert.equal(network?.loss, 'squaredError');
    assert.isUndefined(of(fashion.problem));
  });

  it('times a model, and peers that compute the same', async () => {
    const report = await runBench({ models: [sine], peers: true, threads: 1, timing: quick })();
    if (E.isLeft(report)) throw new Error(report.left);
    const [model] = report.right.models;
    assert.equal(model?.name, 'sine');
    for (const peer of [model?.peers.jaxjs, model?.peers.tfjs]) {
      assert.isAbove(peer?.ratio ?? 0, 0);
      assert.isBelow(peer?.difference ?? 1, 1e-4);
    }
    for (const value of [model?.forwardMs, model?.gradientMs, model?.ggnMs, model?.stepMs, model?.ggnGflops])
      assert.isAbove(value ?? 0, 0);
    assert.match(showReport(report.right), /sine/);
  });

  it('times steps whose curvature sees samples of its own', async () => {
    for (const sgn of [{ curvatureSamples: 50 }, { curvatureSamples: 50, curvatureBatch: 'independent' as const }]) {
      const model = { ...sine, settings: { ...sine.settings, sgn } };
      const report = await runBench({ models: [model], threads: 1, timing: quick })();
      if (E.isLeft(report)) throw new Error(report.left);
      assert.isAbove(report.right.models[0]?.stepMs ?? 0, 0);
    }
  });

  it('refuses a model that it does not know', async () => {
    for (const name of ['none', 'constructor']) {
      const report = await runBench({ models: [name], threads: 1, timing: quick })();
      assert.isTrue(E.isLeft(report) && report.left.includes(`${name} is no model`));
    }
  });
});
