import { expect } from 'chai';
import fc from 'fast-check';
import { grad, hessianVectorProduct, jvp, linearize, transpose, vjp } from '../../../compiler/differentiate/derive.js';
import { freshVariable, make } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import { literal, map, reduce, slice } from '../../../dsl/primitives.js';
import { logSumExp, softmax } from '../../../dsl/reductions.js';
import type { Shape } from '../../../dsl/shape.js';
import { evaluated, evaluatedAll } from '../../support/evaluation.js';
import { distance, inner, numbers } from '../../support/numbers.js';

const input = (name: string, shape: Shape): Expr => make({ op: 'input', name, shape });
const seeds = fc.integer({ min: 0, max: 2 ** 30 });
const x = input('x', [5]);
const one = literal(1);

const total = (expr: Expr): Expr =>
  reduce(
    'sum',
    expr,
    expr.shape.map((_, axis) => axis),
  );

describe('derivatives of derivatives', () => {
  it('third derivative of tanh = −2 (1 − t²) (1 − 3 t²)', () => {
    fc.assert(
      fc.property(fc.double({ min: -4, max: 4, noNaN: true }), (at) => {
        const s = input('s', []);
        const derivative = (f: Expr): Expr => jvp(f, new Map([[s, one]]));
        const forward = derivative(derivative(derivative(map('tanh', s))));
        const [reverse = one] = grad(grad(grad(map('tanh', s), [s])[0] ?? one, [s])[0] ?? one, [s]);
        const t = Math.tanh(at);
        const exact = -2 * (1 - t * t) * (1 - 3 * t * t);
        const values = evaluatedAll([forward, reverse], new Map([['s', [at]]]));
        for (const value of values) expect(distance(value, [exact], 1)).to.be.below(1e-13);
      }),
    );
  });

  it('fourth derivative of eˣ is eˣ, in any mix of modes', () => {
    const s = input('s', []);
    const forward = (f: Expr): Expr => jvp(f, new Map([[s, one]]));
    const reverse = (f: Expr): Expr => grad(f, [s])[0] ?? one;
    const mixes = [forward, reverse].flatMap((f) => [forward, reverse].map((g) => (e: Expr) => f(g(g(f(e))))));
    for (const mix of mixes) {
      const [value = NaN] = evaluated(mix(map('exp', s)), new Map([['s', [0.7]]]));
      expect(value).to.be.closeTo(Math.exp(0.7), 1e-13);
    }
  });

  it('Hessian products are symmetric and linear in the direction', () => {
    // f mixes all elements, so that no part of the Hessian is zero by structure
    const f = map('add', logSumExp(x), map('mul', total(map('tanh', x)), total(map('mul', x, map('mul', x, x)))));
    const [v, w] = [input('v', [5]), input('w', [5])];
    const product = (direction: Expr): Expr => hessianVectorProduct(f, [x], [direction])[0] ?? one;
    const both = product(map('add', v, map('mul', literal(3), w)));
    fc.assert(
      fc.property(seeds, (seed) => {
        const [at, vs, ws] = [numbers(seed, 5, -2, 2), numbers(seed + 1, 5), numbers(seed + 2, 5)];
        const environment = new Map([
          ['x', at],
          ['v', vs],
          ['w', ws],
        ]);
        const [hv = [], hw = [], sum = []] = evaluatedAll([product(v), product(w), both], environment);
        expect(distance([inner(ws, hv)], [inner(vs, hw)], 1)).to.be.below(1e-11);
        expect(
          distance(
            sum,
            Float64Array.from(hv, (h, i) => h + 3 * (hw[i] ?? 0)),
            1,
          ),
        ).to.be.below(1e-11);
        expect(distance(hv, new Float64Array(5), 1)).to.be.above(1e-3);
      }),
    );
  });

  it('the Hessian of log-sum-exp is diag(p) − p pᵀ', () => {
    const v = input('v', [5]);
    const [product = one] = hessianVectorProduct(logSumExp(x), [x], [v]);
    fc.assert(
      fc.property(seeds, (seed) => {
        const environment = new Map([
          ['x', numbers(seed, 5, -3, 3)],
          ['v', numbers(seed + 1, 5)],
        ]);
        const [hv = [], p = [], vs = []] = evaluatedAll([product, softmax(x), v], environment);
        const exact = Float64Array.from(p, (pi, i) => pi * ((vs[i] ?? 0) - inner(p, vs)));
        expect(distance(hv, exact, 1)).to.be.below(1e-14);
      }),
    );
  });

  it('a subexpression can be differentiated in', () => {
    const h = map('tanh', x);
    const f = total(map('mul', h, map('mul', h, x)));
    const [gradient = one] = grad(f, [h]);
    const environment = new Map([['x', numbers(3, 5)]]);
    const expected = map('mul', literal(2), map('mul', h, x));
    const [got = [], want = []] = evaluatedAll([gradient, expected], environment);
    expect(distance(got, want)).to.be.below(1e-15);
  });

  it('a branch that is not taken adds nothing, be its derivative infinite', () => {
    const s = input('s', []);
    const f = map('select', map('less', literal(0), s), map('sqrt', s), literal(0));
    const dot = jvp(f, new Map([[s, one]]));
    expect([...evaluated(dot, new Map([['s', [0]]]))]).to.deep.equal([0]);
    expect([...evaluated(dot, new Map([['s', [4]]]))]).to.deep.equal([0.25]);
    const other = map('select', map('less', s, literal(1)), literal(0), map('sqrt', s));
    expect([...evaluated(jvp(other, new Map([[s, one]])), new Map([['s', [0]]]))]).to.deep.equal([0]);
  });

  it('what an output does not depend on has derivative zero, of the right shape', () => {
    const y = input('y', [2, 'n']);
    const [gx = one, gy = one] = grad(total(x), [x, y]);
    expect(gy.shape).to.deep.equal([2, 'n']);
    const [ones, zeros] = evaluatedAll([gx, gy], new Map([['x', numbers(1, 5)]]), { n: 3 });
    expect(ones).to.deep.equal(new Float64Array(5).fill(1));
    expect(zeros).to.deep.equal(new Float64Array(6));
  });
});

describe('derivatives that do not exist', () => {
  const nonlinear: readonly (readonly [string, (v: Expr) => Expr])[] = [
    ['tanh', (v) => map('tanh', v)],
    ['mul', (v) => map('mul', v, v)],
    ['div', (v) => map('div', one, v)],
    ['max', (v) => map('max', v, one)],
    ['select', (v) => map('select', v, v, v)],
    ['pow', (v) => map('pow', v, literal(2))],
    ['reduce', (v) => reduce('max', v, [0])],
  ];
  for (const [name, f] of nonlinear)
    it(`transpose of ${name} names it`, () => {
      const v = freshVariable<Shape>('v', [3]);
      const y = f(v);
      const [bad] = transpose([y], [input('u', y.shape)], [v]);
      expect(bad?.node).to.deep.include({ op: 'invalid' });
      expect(bad?.node).to.have.nested.property('error._tag', 'UnsupportedError');
      expect(bad?.node).to.have.nested.property('error.actual', `the non-linear operation ${name}`);
    });

  it('a cotangent or tangent of another shape is an error that shows both shapes', () => {
    const { variables, tangent } = linearize(slice(x, 0, 0, 3), [x]);
    const [bad] = transpose([tangent], [x], variables);
    expect(bad?.node).to.have.nested.property('error.operation', 'transpose');
    expect(bad?.node).to.have.deep.nested.property('error.actual', [[3], [5]]);
    const dot = jvp(x, new Map([[x, literal(1)]]));
    expect(dot.node).to.have.nested.property('error.operation', 'jvp');
    expect(dot.node).to.have.deep.nested.property('error.actual', [[5], []]);
  });

  it('the gradient of what is not a scalar is an error; its vjp is not', () => {
    expect(grad(x, [x])[0]?.node).to.have.nested.property('error.operation', 'grad');
    expect(vjp(x, [x], x)).to.deep.equal([x]);
  });
});
