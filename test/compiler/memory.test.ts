import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../../compiler/compile.js';
import { programFaults } from '../../compiler/legal.js';
import { make } from '../../dsl/expr.js';
import type { Expr } from '../../dsl/node.js';
import { contract, map } from '../../dsl/primitives.js';
import { expressionInputs, expressionSizes, expressions, expressionValues } from '../cases/expressions.js';
import { rightOf } from '../support/evaluation.js';
import { networkOf, networkSpecimens } from '../support/networks.js';
import { distance, numbers } from '../support/numbers.js';
import { machine } from '../support/programs.js';
import { inputsFor, programDistance, programOf, stagedProgramOf } from '../support/staging.js';

describe('the memory plan', () => {
  it('keeps every program right in one arena', () => {
    fc.assert(
      fc.property(expressions(), fc.nat(), (roots, seed) => {
        const program = programOf(roots, expressionSizes);
        const values = expressionValues(seed);
        expect(programDistance(program, roots, values, expressionSizes, 'arena')).to.be.below(1e-11);
      }),
      { numRuns: 120 },
    );
  });

  it('lets later stages run again and again, and after an earlier one has run again', () => {
    fc.assert(
      fc.property(expressions(), fc.nat(), fc.subarray([...expressionInputs]), (roots, seed, late) => {
        const program = stagedProgramOf(roots, new Set<Expr>(late), expressionSizes);
        const [arena, separate] = [machine(program, 'arena'), machine(program, 'separate')];
        const rounds = [
          ['early', seed],
          ['late', seed],
          ['late', seed + 1],
          ['late', seed],
          ['early', seed + 2],
          ['late', seed + 2],
          ['late', seed + 3],
        ] as const;
        for (const [stage, which] of rounds) {
          const inputs = inputsFor(program, stage, expressionValues(which));
          const [got, want] = [arena(stage, inputs), separate(stage, inputs)];
          for (const name of Object.keys(want)) expect(distance(got[name] ?? [], want[name] ?? [], 1)).to.equal(0);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('keeps a linearisation while products are taken', () => {
    fc.assert(
      fc.property(networkSpecimens, (specimen) => {
        const { loss, ggn, v, environment } = networkOf(specimen);
        const program = stagedProgramOf([loss, ggn], new Set([v]), { batch: specimen.batch });
        const run = machine(program, 'arena');
        run('early', inputsFor(program, 'early', environment));
        const product = (direction: Float64Array) => run('late', { v: direction }).y1 ?? new Float64Array(0);
        const direction = environment.get('v') ?? new Float64Array(0);
        const [first, other, again] = [direction, direction.map((x) => -3 * x), direction].map(product);
        expect(again).to.deep.equal(first);
        expect(
          distance(
            other ?? [],
            (first ?? direction).map((x) => -3 * x),
            1,
          ),
        ).to.be.below(1e-12);
      }),
      { numRuns: 50 },
    );
  });

  it('places buffers inside the arena, aligned', () => {
    fc.assert(
      fc.property(expressions(), (roots) => {
        const program = programOf(roots, expressionSizes);
        expect(programFaults(program)).to.deep.equal([]);
        expect(program.memory.placements).to.have.length(program.buffers.length);
        expect(program.memory.length % 4).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });

  it('reuses memory: a chain of layers takes a few buffers, not one per layer', () => {
    const x = make({ op: 'input', name: 'x', shape: [8, 8] });
    const w = make({ op: 'input', name: 'w', shape: [8, 8] });
    const layers = 50;
    const output = Array.from({ length: layers }).reduce<Expr>(
      (h) => map('tanh', contract(h, [0, 1], w, [1, 2], [0, 2])),
      x,
    );
    const program = rightOf(
      compile({ name: 'deep', sizes: {}, stages: [{ name: 'run', inputs: [x, w], outputs: { y0: output } }] }),
    );
    const total = program.buffers.reduce((sum, { length }) => sum + length, 0);
    expect(total).to.be.at.least(layers * 64);
    // x, w and y stay; two more take turns
    expect(program.memory.length).to.be.at.most(5 * 64);
    const values = new Map([
      ['x', numbers(1, 64)],
      ['w', numbers(2, 64)],
    ]);
    expect(programDistance(program, [output], values, {}, 'arena')).to.be.below(1e-12);
  });
});
