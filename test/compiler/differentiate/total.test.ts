import { expect } from 'chai';
import fc from 'fast-check';
import { grad, hessianVectorProduct, jvp, linearize, vjp } from '../../../compiler/differentiate/derive.js';
import { evaluate } from '../../../compiler/evaluate.js';
import { freshVariable, make, substitute } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import { contract, literal, map, reduce } from '../../../dsl/primitives.js';
import type { Shape } from '../../../dsl/shape.js';
import { evaluatedAll, rightOf } from '../../support/evaluation.js';
import { distance, inner, numbers } from '../../support/numbers.js';

const input = (name: string, shape: Shape): Expr => make({ op: 'input', name, shape });
const seeds = fc.integer({ min: 0, max: 2 ** 30 });
const size = 3;
const w = input('w', [size]);
// its derivative is itself: the h in ∂h/∂w is the same expression as the h that is perturbed
const h = map('exp', w);
const deeper = map('tanh', map('mul', h, w));
const wrt = [w, h, deeper] as const;

/** A scalar in which w, h(w) and what depends on both occur. */
const f = reduce(
  'sum',
  map('add', map('mul', map('mul', h, h), w), map('mul', deeper, map('mul', h, map('tanh', map('add', deeper, w))))),
  [0],
);

// the same function of independent perturbations: f(w + ε₁, h(w + ε₁) + ε₂, …), written by hand
const [e1, e2, e3] = [input('e1', [size]), input('e2', [size]), input('e3', [size])];
const w1 = map('add', w, e1);
const h1 = map('add', map('exp', w1), e2);
const d1 = map('add', map('tanh', map('mul', h1, w1)), e3);
const perturbed = reduce(
  'sum',
  map('add', map('mul', map('mul', h1, h1), w1), map('mul', d1, map('mul', h1, map('tanh', map('add', d1, w1))))),
  [0],
);
const still = [e1, e2, e3].map(({ node }) => [node.op === 'input' ? node.name : '', new Float64Array(size)] as const);

describe('derivatives in expressions that depend on each other', () => {
  const v = [input('v1', [size]), input('v2', [size]), input('v3', [size])] as const;
  const environmentOf = (seed: number) =>
    new Map<string, Float64Array>([
      ['w', numbers(seed, size)],
      ...v.map((_, i) => [`v${i + 1}`, numbers(seed + 1 + i, size)] as const),
      ['u', numbers(seed + 9, size)],
      ...still,
    ]);
  const agree = (pairs: readonly (readonly [Expr, Expr])[]): void =>
    fc.assert(
      fc.property(seeds, (seed) => {
        const environment = environmentOf(seed);
        for (const [actual, expected] of pairs) {
          const [a = [], b = []] = evaluatedAll([actual, expected], environment);
          expect(distance(a, b, 1)).to.be.below(1e-12);
        }
      }),
      { numRuns: 20 },
    );

  it('grad gives the total derivative of each, in any order', () => {
    const s = input('s', []);
    const three = map('mul', literal(3), s);
    const squared = map('mul', three, three);
    const at = (exprs: readonly Expr[]) => evaluatedAll(exprs, new Map([['s', [2]]])).map((values) => [...values]);
    expect(at(grad(squared, [s, three]))).to.deep.equal([[36], [12]]);
    expect(at(grad(squared, [three, s]))).to.deep.equal([[12], [36]]);
    expect(at([...grad(squared, [s]), ...grad(squared, [three])])).to.deep.equal([[36], [12]]);
    const [gw, gh, gd] = grad(f, wrt);
    const [g1, g2, g3] = grad(perturbed, [e1, e2, e3]);
    agree([
      [gw, g1],
      [gh, g2],
      [gd, g3],
    ]);
    // each is what it is alone
    agree(wrt.map((x, i) => [[gw, gh, gd][i] ?? x, grad(f, [x])[0]] as const));
  });

  it('jvp adds what is perturbed of its own to what the others make of it', () => {
    const along = jvp(
      f,
      new Map([
        [w, v[0]],
        [h, v[1]],
        [deeper, v[2]],
      ]),
    );
    const expected = jvp(
      perturbed,
      new Map([
        [e1, v[0]],
        [e2, v[1]],
        [e3, v[2]],
      ]),
    );
    agree([[along, expected]]);
    const s = input('s', []);
    const three = map('mul', literal(3), s);
    const tangent = jvp(
      map('mul', three, three),
      new Map([
        [s, literal(1)],
        [three, literal(10)],
      ]),
    );
    // h = 6, ḣ = 10 + 3
    expect([...(evaluatedAll([tangent], new Map([['s', [2]]]))[0] ?? [])]).to.deep.equal([2 * 6 * 13]);
  });

  it('⟨u, J v⟩ = ⟨Jᵀ u, v⟩ for what linearize and vjp give', () => {
    const y = map('mul', deeper, map('add', h, w));
    const u = input('u', [size]);
    const { variables, tangent } = linearize(y, wrt);
    const back = vjp(y, wrt, u);
    fc.assert(
      fc.property(seeds, (seed) => {
        const environment = environmentOf(seed);
        const tangents = [1, 2, 3].map((i) => environment.get(`v${i}`) ?? new Float64Array(0));
        const values = rightOf(
          evaluate(
            [tangent, ...back],
            new Map<Expr | string, ArrayLike<number>>([
              ...environment,
              ...variables.map((variable, i) => [variable, tangents[i] ?? []] as const),
            ]),
          ),
        );
        const [pushed = new Float64Array(0), ...pulled] = values;
        const right = pulled.reduce((sum, piece, i) => sum + inner(piece, tangents[i] ?? []), 0);
        expect(distance([inner(environment.get('u') ?? [], pushed)], [right], 1)).to.be.below(1e-12);
      }),
      { numRuns: 20 },
    );
  });

  it('Hessian products are those of the perturbed function, although ∂h/∂w = h', () => {
    const products = hessianVectorProduct(f, wrt, v);
    const expected = hessianVectorProduct(perturbed, [e1, e2, e3], v);
    agree(products.map((product, i) => [product, expected[i] ?? product] as const));
    // no trace of the variables that shift the values
    const free = substitute(products, new Map()).filter(({ node }) => node.op === 'variable');
    expect(free).to.deep.equal([]);
  });

  it('an expression that is given twice is perturbed twice', () => {
    const x = input('w', [size]);
    const total = contract(x, [0], map('mul', x, x), [0], []);
    const [first, second] = grad(total, [x, x]);
    expect(first).to.equal(second);
    expect(first).to.equal(grad(total, [x])[0]);
    const [dot, other] = [freshVariable('tangent', [size]), freshVariable('tangent', [size])];
    const [a, b] = hessianVectorProduct(total, [x, x], [dot, other]);
    expect(a).to.equal(b);
    expect(a).to.equal(hessianVectorProduct(total, [x], [map('add', dot, other)])[0]);
  });
});
