import { expect } from 'chai';
import { compile } from '../../compiler/compile.js';
import { grad } from '../../compiler/differentiate/derive.js';
import { simplify } from '../../compiler/simplify/simplify.js';
import { make, postorder } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { literal, map, reduce } from '../../dsl/primitives.js';
import { cpuSeconds } from '../support/cpu.js';
import { rightOf } from '../support/evaluation.js';
import { programDistance } from '../support/staging.js';

const x: Expr = make({ op: 'input', name: 'x', shape: [2] });
const values = new Map([['x', Float64Array.of(0.3, -0.7)]]);

/** Applies a step again and again. */
const repeated = (times: number, step: (expr: Expr, round: number) => Expr): Expr => {
  let expr = x;
  for (let round = 0; round < times; round++) expr = step(expr, round);
  return expr;
};

const programOf = (y0: Expr) =>
  rightOf(compile({ name: 'scale', sizes: {}, stages: [{ name: 'run', inputs: [x], outputs: { y0 } }] }));

describe('scale', () => {
  it('a chain 10 000 deep is differentiated, simplified and compiled in seconds, and computes its gradient', () => {
    const deep = repeated(10_000, (expr) => map('tanh', expr));
    const elapsed = cpuSeconds(() => {
      const [gradient = deep] = grad(reduce('sum', map('mul', deep, deep), [0]), [x]);
      expect(postorder([gradient]).length).to.be.above(20_000);
      expect(programDistance(programOf(gradient), [gradient], values, {})).to.be.below(1e-9);
    });
    expect(elapsed).to.be.below(60);
  });

  it('100 000 nodes are simplified and compiled in seconds', () => {
    const wide = repeated(50_000, (expr) => map('add', map('tanh', expr), x));
    expect(postorder([wide]).length).to.be.above(100_000);
    const elapsed = cpuSeconds(() => {
      expect(simplify([wide])).to.deep.equal([wide]);
      expect(programDistance(programOf(wide), [wide], values, {})).to.be.below(1e-9);
    });
    expect(elapsed).to.be.below(60);
  });

  it('chains of products and of sums neither overflow the stack nor take quadratic time', () => {
    const factors = repeated(10_000, (expr, i) =>
      map('mul', expr, map('add', literal(1 + 1e-6 * i), map('mul', literal(1e-6), x))),
    );
    const terms = repeated(3_000, (expr, i) => map('add', map('mul', expr, x), literal(i)));
    for (const chain of [factors, terms]) {
      const elapsed = cpuSeconds(() => {
        expect(programDistance(programOf(chain), [chain], values, {})).to.be.below(1e-9);
      });
      expect(elapsed).to.be.below(60);
    }
  });

  it('what doubles its use of itself in every step stays linear', () => {
    const sum = reduce('sum', x, [0]);
    const doubled = (start: Expr, fn: 'add' | 'mul'): Expr =>
      Array.from({ length: 40 }).reduce<Expr>((expr) => map(fn, expr, expr), start);
    for (const expr of [doubled(sum, 'add'), doubled(map('tanh', x), 'mul'), doubled(x, 'add')]) {
      const elapsed = cpuSeconds(() => {
        expect(programDistance(programOf(expr), [expr], values, {})).to.be.below(1e-9);
      });
      expect(elapsed).to.be.below(20);
    }
  });
});
