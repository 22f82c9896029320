/** Derivatives where a formula would need 0 · ∞: in float64 and on targets. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { compile } from '../../../compiler/compile.js';
import { grad, jvp } from '../../../compiler/differentiate/derive.js';
import { make } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import { literal, map, reduce } from '../../../dsl/primitives.js';
import { chooseTarget } from '../../../runtime/index.js';
import { withExecutable } from '../../../runtime/target.js';
import { evaluated, rightOf } from '../../support/evaluation.js';

const points = [-2, 0, 3];
const at = (name: string, values: readonly number[]) => {
  const x = make({ op: 'input', name, shape: [values.length] });
  return { x, values };
};
const sum = (y: Expr): Expr => reduce('sum', y, [0]);
const reverse = (y: Expr, x: Expr): Expr => grad(sum(y), [x])[0];
const forward = (y: Expr, x: Expr): Expr => jvp(y, new Map([[x, map('add', literal(1), map('sub', x, x))]]));

interface Kink {
  readonly name: string;
  readonly y: (x: Expr) => Expr;
  readonly values: readonly number[];
  readonly first: readonly number[];
  readonly second: readonly number[];
}

const power = (exponent: number) => (x: Expr) => map('pow', x, literal(exponent));
const kinks: readonly Kink[] = [
  { name: '|x|', y: (x) => map('abs', x), values: points, first: [-1, 0, 1], second: [0, 0, 0] },
  { name: 'x⁰', y: power(0), values: [0, 0.5, 3], first: [0, 0, 0], second: [0, 0, 0] },
  { name: 'x¹', y: power(1), values: [0, 0.5, 3], first: [1, 1, 1], second: [0, 0, 0] },
  { name: 'x²', y: power(2), values: [0, 0.5, 3], first: [0, 1, 6], second: [2, 2, 2] },
  { name: 'x³', y: power(3), values: [0, 0.5, 2], first: [0, 0.75, 12], second: [0, 3, 12] },
  {
    name: 'x to the given power 0',
    y: (x) => map('pow', x, map('equal', x, literal(-1))),
    values: [0, 0.5, 3],
    first: [0, 0, 0],
    second: [0, 0, 0],
  },
  {
    // xᵖ in p, at p = 2, for x = 0, 1 and e: xᵖ ln x and xᵖ ln² x
    name: '0 to a power, in the power',
    y: (p) => map('pow', map('sub', p, literal(2)), p),
    values: [3],
    // d (p − 2)ᵖ = (p − 2)ᵖ (ln(p − 2) + p / (p − 2)) = 3 at 3
    first: [3],
    // … its square plus 2/(p−2) − p/(p−2)²: 9 + 2 − 3
    second: [8],
  },
];

const derivativesOf = ({ y }: Kink, x: Expr): Readonly<Record<string, Expr>> => ({
  forward: forward(y(x), x),
  reverse: reverse(y(x), x),
  forwardOverForward: forward(forward(y(x), x), x),
  forwardOverReverse: forward(reverse(y(x), x), x),
  reverseOverReverse: reverse(reverse(y(x), x), x),
});

describe('derivatives at kinks', () => {
  for (const kink of kinks) {
    const { x, values } = at('x', kink.values);
    const derivatives = derivativesOf(kink, x);
    const expectedOf = (name: string) => (name.includes('Over') ? kink.second : kink.first);

    it(`${kink.name} in float64`, () => {
      for (const [name, derivative] of Object.entries(derivatives)) {
        const actual = [...evaluated(derivative, new Map([['x', values]]))];
        for (const [i, value] of actual.entries())
          expect(value, `${name} at ${values[i]}`).to.be.closeTo(expectedOf(name)[i] ?? NaN, 1e-12);
      }
    });

    for (const target of ['interpreter', 'wasm', 'gpujs:cpu'] as const)
      it(`${kink.name} on ${target}`, async () => {
        const program = rightOf(
          compile({ name: 'kink', sizes: {}, stages: [{ name: 'all', inputs: [x], outputs: derivatives }] }),
        );
        const { target: opened } = rightOf(await chooseTarget(target)());
        const result = await withExecutable(opened, program, ({ run }) => async () => {
          const ran = rightOf(await run('all', { x: Float32Array.from(values) })());
          return E.right(
            await Promise.all(
              Object.entries(ran.arrays).map(async ([name, array]) => [name, rightOf(await array.read())] as const),
            ),
          );
        })();
        for (const [name, actual] of rightOf(result))
          for (const [i, value] of [...actual].entries())
            expect(value, `${name} at ${values[i]}`).to.be.closeTo(expectedOf(name)[i] ?? NaN, 1e-4);
        opened.dispose();
      });
  }

  it('a tangent that is infinite at a kink stays out: |√x| at 0', () => {
    const x = make({ op: 'input', name: 'x', shape: [1] });
    const y = map('abs', map('sqrt', x));
    expect([...evaluated(forward(y, x), new Map([['x', [0]]]))]).to.deep.equal([0]);
  });

  it('0ᵖ is constant in p ≥ 0', () => {
    const p = make({ op: 'input', name: 'x', shape: [3] });
    const y = map('pow', literal(0), p);
    const environment = new Map([['x', [0, 0.5, 2]]]);
    for (const derivative of [forward(y, p), reverse(y, p), forward(reverse(y, p), p), reverse(reverse(y, p), p)])
      expect([...evaluated(derivative, environment)].map((value) => value + 0)).to.deep.equal([0, 0, 0]);
  });
});
