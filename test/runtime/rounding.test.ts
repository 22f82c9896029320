/** Whoever reads a value of a program reads the same number: as it was kept, or computed once more. */
import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../../compiler/compile.js';
import { make } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { broadcastTo, literal, map, reduce } from '../../dsl/primitives.js';
import type { ScalarFunction } from '../../dsl/scalar.js';
import { showTargetError, type Target } from '../../runtime/target.js';
import { outputsOf } from '../cases/compare.js';
import { rightOf } from '../support/evaluation.js';
import { hostTargets, runEverywhere } from '../support/targets.js';

const length = 8;
const v: Expr = make({ op: 'input', name: 'v', shape: [length] });
const w: Expr = make({ op: 'input', name: 'w', shape: [length] });
const condition: Expr = make({ op: 'input', name: 'condition', shape: [length] });
const inputs = [v, w, condition];
const values = {
  v: [0.1, 0.2, 0.3, 0.7, 0.9, 0.4, 0.6, 0.8],
  w: [0.3, 0.1, 0.2, 0.9, 0.7, 0.35, 0.15, 0.45],
  condition: Array.from({ length }, () => 1),
};

/** How many elements are equal to the largest. */
const largest = (q: Expr): Expr =>
  reduce('sum', map('equal', q, broadcastTo(reduce('max', q, [0]), [length], [])), [0]);

/** An element as a kernel stores it, and whether it is the one that another kernel computes. */
const keptAndSame = (q: Expr): Readonly<Record<'kept' | 'same', Expr>> => {
  const kept = map('select', condition, q, broadcastTo(literal(1), [length], []));
  return { kept, same: map('equal', kept, q) };
};

const steps: readonly ((a: Expr, b: Expr) => Expr)[] = [
  ...(['add', 'sub', 'mul', 'div', 'max', 'min'] satisfies readonly ScalarFunction[]).map(
    (fn) => (a: Expr, b: Expr) => map(fn, a, b),
  ),
  ...(['neg', 'exp', 'tanh', 'sigmoid', 'softplus'] satisfies readonly ScalarFunction[]).map(
    (fn) => (a: Expr) => map(fn, a),
  ),
  (a) => map('sqrt', map('abs', a)),
  (a) => map('mul', a, broadcastTo(literal(0.1), [length], [])),
  (a, b) => map('pow', map('abs', a), b),
];

/** A few functions one after the other, of v, w and what came before. */
const chains: fc.Arbitrary<Expr> = fc
  .array(fc.tuple(fc.constantFrom(...steps), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 })
  .map((chain) => {
    const pool: Expr[] = [v, w];
    const at = (i: number): Expr => pool[i % pool.length] ?? v;
    for (const [step, i, j] of chain) pool.push(step(at(i), at(j)));
    return pool.at(-1) ?? v;
  });

const ones = Array.from({ length }, () => 1);

describe('a value that is read twice', () => {
  const targets = hostTargets();

  it('is one value: products have a largest among them', async () => {
    const outputs = { count: largest(map('mul', v, w)) };
    for (const [title, { count }] of Object.entries(await runEverywhere(targets, outputs, inputs, values)))
      expect(count, title).to.deep.equal([2]);
  });

  it('is one value, whatever it is computed of', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (q) => {
        const outputs = { count: largest(q), ...keptAndSame(q) };
        for (const [title, results] of Object.entries(await runEverywhere(targets, outputs, inputs, values))) {
          expect(results.count?.[0], `${title}: ${q}`).to.be.greaterThan(0);
          expect(results.same, `${title}: ${q}`).to.deep.equal(ones);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is one value in the next stage; what a caller hands back is float32, on the interpreter, too', async () => {
    const q = map('mul', v, w);
    const back: Expr = make({ op: 'input', name: 'back', shape: [length] });
    const program = rightOf(
      compile({
        name: 'stages',
        sizes: {},
        stages: [
          { name: 'first', inputs: [v, w], outputs: { q } },
          {
            name: 'second',
            inputs: [back],
            outputs: { count: largest(q), countBack: largest(back), same: map('equal', back, q) },
          },
        ],
      }),
    );
    const results = async (target: Target) => {
      const executable = await target.compile(program)();
      if (executable._tag === 'Left') throw new Error(showTargetError(executable.left));
      const { q: first = [] } = await outputsOf(executable.right, {
        stage: 'first',
        inputs: { v: values.v, w: values.w },
      });
      const second = await outputsOf(executable.right, { stage: 'second', inputs: { back: first } });
      executable.right.dispose();
      return second;
    };
    for (const target of targets) {
      const { count, countBack, same } = await results(target);
      expect([count, countBack], target.name).to.deep.equal([[2], [2]]);
      if (target.name !== 'interpreter') expect(same, target.name).to.deep.equal(ones);
    }
  });
});
