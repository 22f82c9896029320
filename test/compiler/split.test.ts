import { expect } from 'chai';
import fc from 'fast-check';
import { programFaults } from '../../compiler/legal.js';
import type { Kernel, Program } from '../../compiler/program.js';
import { splitReductions } from '../../compiler/split.js';
import { affine, fold, load, program, rowMajor, step } from '../cases/builder.js';
import { type ProgramCase, programCases } from '../cases/programs.js';
import { distance } from '../support/numbers.js';
import { allSteps, machine, type Results } from '../support/programs.js';

const kernelsOf = ({ stages }: Program): readonly Kernel[] =>
  stages.flatMap(({ steps }) => allSteps(steps).flatMap((one) => (one.kind === 'kernel' ? [one.kernel] : [])));

/** The largest number of terms that one thread adds up, or takes the maximum of, within one part. */
const longestFold = (source: Program): number =>
  Math.max(
    0,
    ...kernelsOf(source).flatMap(({ axes, accumulators }) =>
      accumulators.flatMap(({ kind, parts }) =>
        kind === 'argmax'
          ? []
          : parts.map((part) => part.axes.reduce((terms, axis) => terms * (axes[axis]?.extent ?? 1), 1)),
      ),
    ),
  );

const runAll = (source: Program, { runs }: ProgramCase): readonly Results[] => {
  const run = machine(source, 'arena');
  return runs.map(({ stage, inputs }) =>
    run(stage, Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, [value].flat()]))),
  );
};

const largestGap = (actual: readonly Results[], expected: readonly Results[]): number =>
  Math.max(
    0,
    ...expected.flatMap((results, i) =>
      Object.entries(results).map(([name, values]) => distance(actual[i]?.[name] ?? [], values)),
    ),
  );

const smallCases = programCases.filter(({ program: { buffers } }) => buffers.every(({ length }) => length <= 3000));

describe('splitReductions', () => {
  for (const programCase of smallCases.filter((one) => longestFold(one.program) > 1))
    it(`keeps the values of: ${programCase.name}`, () => {
      const expected = runAll(programCase.program, programCase);
      for (const maxTerms of [2, 3, 5, 100]) {
        const split = splitReductions(programCase.program, { maxTerms });
        expect(programFaults(split)).to.deep.equal([]);
        expect(longestFold(split)).to.be.at.most(maxTerms);
        expect(largestGap(runAll(split, programCase), expected)).to.be.below(1e-12);
      }
    });

  it('bounds every fold and keeps every sum, whatever the extents', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 2, max: 12 }),
        fc.constantFrom('sum' as const, 'max' as const),
        (extents, outputs, maxTerms, kind) => {
          const length = extents.reduce((product, extent) => product * extent, 1);
          const strides = extents.map((_, i) => extents.slice(i + 1).reduce((product, extent) => product * extent, 1));
          const shape = extents.slice(0, outputs);
          const source = program(
            'any',
            [
              { name: 'x', shape: [length] },
              { name: 'y', shape },
            ],
            [
              {
                name: 'run',
                inputs: [0],
                outputs: [1],
                steps: [
                  step(
                    fold({
                      name: 'any',
                      kind,
                      outputs: shape,
                      folded: extents.slice(outputs),
                      output: 1,
                      terms: [[load(0, affine(strides.map((stride, axis) => [axis, stride])))]],
                    }),
                  ),
                ],
              },
            ],
          );
          const any: ProgramCase = {
            name: 'any',
            program: source,
            // All negative, so that a term too many shows in a maximum as well.
            runs: [{ stage: 'run', inputs: { x: Array.from({ length }, (_, i) => -1 - ((i * 7) % 11)) } }],
          };
          const split = splitReductions(source, { maxTerms });
          expect(programFaults(split)).to.deep.equal([]);
          expect(longestFold(split)).to.be.at.most(maxTerms);
          expect(largestGap(runAll(split, any), runAll(source, any))).to.be.below(1e-12);
        },
      ),
    );
  });

  it('gives new buffers places that overlap nothing', () => {
    const [first] = programCases.filter(({ name }) => name === 'long reductions');
    if (first === undefined) throw new Error('the case is missing');
    const { buffers, memory } = splitReductions(first.program, { maxTerms: 100 });
    expect(buffers.length).to.be.greaterThan(first.program.buffers.length);
    const spans = buffers
      .map(({ length }, i) => ({ from: memory.placements[i]?.offset ?? 0, length }))
      .toSorted((a, b) => a.from - b.from);
    for (const [i, span] of spans.entries()) {
      expect(span.from % 4).to.equal(0);
      expect(span.from + span.length).to.be.at.most(spans[i + 1]?.from ?? memory.length);
    }
  });

  it('leaves short reductions and argmax as they are', () => {
    for (const { program: source } of programCases) {
      const limit = Math.max(2, longestFold(source));
      expect(splitReductions(source, { maxTerms: limit })).to.deep.equal(source);
    }
  });

  it('makes partial sums only over the axes that a part depends on', () => {
    // y[i, j] = Σ_k x[k, j]: the partial sums need no i
    const source = program(
      'independent',
      [
        { name: 'x', shape: [100, 3] },
        { name: 'y', shape: [50, 3] },
      ],
      [
        {
          name: 'run',
          inputs: [0],
          outputs: [1],
          steps: [
            step(
              fold({
                name: 'y',
                outputs: [50, 3],
                folded: [100],
                output: 1,
                terms: [[load(0, rowMajor([2, 1], 3))]],
              }),
            ),
          ],
        },
      ],
    );
    const { buffers } = splitReductions(source, { maxTerms: 20 });
    expect(buffers.slice(2).map(({ length }) => length)).to.deep.equal([10 * 3]);
  });
});
