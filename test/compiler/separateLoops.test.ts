import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../../compiler/compile.js';
import { jvp } from '../../compiler/differentiate/derive.js';
import { programFaults } from '../../compiler/legal.js';
import { separateLoops } from '../../compiler/separateLoops.js';
import { make, postorder, substitute, typed } from '../../dsl/expr.js';
import { iterate } from '../../dsl/iterate.js';
import type { Expr } from '../../dsl/node.js';
import { literal, map } from '../../dsl/primitives.js';
import { evaluatedAll, rightOf } from '../support/evaluation.js';
import { distance } from '../support/numbers.js';
import { machine } from '../support/programs.js';
import { evaluatedByName, hostTargets, runEverywhere } from '../support/targets.js';

const x: Expr = make({ op: 'input', name: 'x', shape: [3] });
const v: Expr = make({ op: 'input', name: 'v', shape: [3] });
const u: Expr = make({ op: 'input', name: 'u', shape: [3] });
const inputs = [x, v, u];
const values = { x: [0.5, -0.3, 0.8], v: [1, 0.4, -0.6], u: [0.2, -1, 0.7] };

type Variables = Readonly<Record<'count' | 'a' | 'b', Expr>>;

/** How a loop inside others depends on the variables around it. */
interface Reads {
  /** Does its condition read the count of the loop around it? */
  readonly condition: boolean;
  /** Does its body read a variable of the loop around it? */
  readonly body: boolean;
  /** Does it start from a variable of the loop around it? */
  readonly start: boolean;
}

const scalar = (count: Expr): Expr => map('mul', literal(0.1), count);

/** Loops within loops, `depth` deep: b of each loop is what the loop inside it ends with. */
const nest = (start: Expr, depth: number, reads: Reads, around?: Variables): Expr =>
  iterate<Variables>({
    initial: { count: literal(0), a: reads.start && around ? around.a : start, b: start },
    step: (own) => ({
      count: map('add', own.count, literal(1)),
      a: map('tanh', map('add', own.a, map('mul', own.b, reads.body && around ? around.b : scalar(own.count)))),
      b: depth > 1 ? nest(start, depth - 1, reads, own) : map('sigmoid', map('add', own.a, map('mul', own.b, start))),
    }),
    proceed: ({ count }) =>
      typed<[]>(map('less', count, reads.condition && around ? map('add', around.count, literal(1)) : literal(2))),
  }).a;

/** A loop, its derivative along v, and the derivative of that along u, which compile together. */
const derivatives = (y: Expr): Readonly<Record<'y' | 'yDot' | 'yDots', Expr>> => {
  const yDot = jvp(y, new Map([[x, v]]));
  return { y, yDot, yDots: jvp(yDot, new Map([[x, u]])) };
};

const reads: fc.Arbitrary<Reads> = fc.record({ condition: fc.boolean(), body: fc.boolean(), start: fc.boolean() });

const loopsOf = (roots: readonly Expr[]) => postorder(roots).filter(({ node }) => node.op === 'iterate');

const boundBy = (roots: readonly Expr[]): readonly Expr[] =>
  loopsOf(roots).flatMap(({ node }) => (node.op === 'iterate' ? node.variables : []));

describe('separateLoops', () => {
  it('leaves every variable to one loop, keeps values, and what shares none as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), reads, (depth, how) => {
        const y = nest(x, depth, how);
        expect(separateLoops([y])[0]).to.equal(y);
        const roots = Object.values(derivatives(y));
        const apart = separateLoops(roots);
        const bound = boundBy(apart);
        expect(new Set(bound).size).to.equal(bound.length);
        expect(separateLoops(apart).every((expr, i) => expr === apart[i])).to.equal(true);
        const environment = new Map(Object.entries(values));
        expect(evaluatedAll(apart, environment)).to.deep.equal(evaluatedAll(roots, environment));
      }),
      { numRuns: 30 },
    );
  });

  // as a derivative in a loop's start has it, whose tangent is made of the loop's own result
  it('tells the variables of a loop from those of an equal one that its body reads', () => {
    const closed = nest(x, 1, { condition: false, body: false, start: false });
    const [loop] = loopsOf([closed]);
    if (loop?.node.op !== 'iterate') throw new Error('no loop');
    const next = loop.node.next.map((expr, i) => (i === 1 ? map('add', expr, closed) : expr));
    const reading = make({ op: 'result', iterate: make({ ...loop.node, next }), index: 1 });
    const outputs = { closed, reading };
    const bound = boundBy(separateLoops(Object.values(outputs)));
    expect(new Set(bound).size).to.equal(bound.length);
    const program = rightOf(compile({ name: 'equal', sizes: {}, stages: [{ name: 'run', inputs, outputs }] }));
    const actual = machine(program, 'arena')('run', values);
    for (const [name, array] of Object.entries(evaluatedByName(outputs, values)))
      expect(distance(actual[name] ?? [], array, 1), name).to.be.lessThan(1e-12);
  });
});

describe('loops within loops', () => {
  it('compile together with their first and second derivatives, whatever they read of one another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), reads, (depth, how) => {
        const outputs = derivatives(nest(x, depth, how));
        const program = rightOf(compile({ name: 'nest', sizes: {}, stages: [{ name: 'run', inputs, outputs }] }));
        expect(programFaults(program)).to.deep.equal([]);
        const expected = evaluatedByName(outputs, values);
        const actual = machine(program, 'arena')('run', values);
        for (const [name, array] of Object.entries(expected))
          expect(distance(actual[name] ?? [], array, 1), name).to.be.lessThan(1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it('compile at two points at once', () => {
    const y = nest(x, 3, { condition: true, body: true, start: true });
    const [there = y] = substitute([y], new Map([[x, map('add', x, map('mul', v, u))]]));
    const outputs = { y, there };
    const program = rightOf(compile({ name: 'points', sizes: {}, stages: [{ name: 'run', inputs, outputs }] }));
    const actual = machine(program, 'arena')('run', values);
    for (const [name, array] of Object.entries(evaluatedByName(outputs, values)))
      expect(distance(actual[name] ?? [], array, 1), name).to.be.lessThan(1e-12);
  });

  describe('and their derivatives', () => {
    const targets = hostTargets();

    for (const depth of [2, 3])
      it(`are the same on every target, ${depth} deep`, async () => {
        const outputs = derivatives(nest(x, depth, { condition: true, body: true, start: true }));
        const expected = evaluatedByName(outputs, values);
        for (const [title, results] of Object.entries(await runEverywhere(targets, outputs, inputs, values)))
          for (const [name, array] of Object.entries(expected))
            expect(distance(results[name] ?? [], array), `${title}, ${name}`).to.be.lessThan(1e-5);
      });
  });

  it('have derivatives that finite differences confirm', () => {
    const y = nest(x, 3, { condition: true, body: true, start: true });
    const { yDot, yDots } = derivatives(y);
    const at = (expr: Expr, along: readonly number[], h: number): Float64Array => {
      const moved = values.x.map((value, i) => value + h * (along[i] ?? 0));
      return evaluatedAll([expr], new Map(Object.entries({ ...values, x: moved })))[0] ?? new Float64Array(0);
    };
    const h = 1e-5;
    for (const [expr, derivative, along] of [
      [y, yDot, values.v],
      [yDot, yDots, values.u],
    ] as const) {
      const [forward, back] = [at(expr, along, h), at(expr, along, -h)];
      const difference = forward.map((value, i) => (value - (back[i] ?? 0)) / (2 * h));
      expect(distance(at(derivative, along, 0), difference)).to.be.lessThan(1e-7);
    }
  });
});
