import { expect } from 'chai';
import fc from 'fast-check';
import { postorder } from '../../../dsl/expr.js';
import type { Op } from '../../../dsl/node.js';
import { type ScalarFunction, scalarFunctions } from '../../../dsl/scalar.js';
import { fuzz } from '../fuzzer.js';
import { float32, scalarReferences } from './arithmetic.js';
import { programs } from './fuzzer.js';
import { randomProgram, stepNames } from './generate.js';
import { difference, disagreement } from './judge.js';

/** Every primitive that a program can hold; a new one does not compile before it stands here. */
const everyOp: { readonly [O in Exclude<Op, 'invalid'>]: O } = {
  literal: 'literal',
  size: 'size',
  iota: 'iota',
  input: 'input',
  parameter: 'parameter',
  variable: 'variable',
  map: 'map',
  contract: 'contract',
  reduce: 'reduce',
  broadcast: 'broadcast',
  transpose: 'transpose',
  reshape: 'reshape',
  slice: 'slice',
  pad: 'pad',
  concat: 'concat',
  window: 'window',
  windowAdjoint: 'windowAdjoint',
  stopGradient: 'stopGradient',
  iterate: 'iterate',
  result: 'result',
};

const coveredBy = (seeds: number): ReadonlySet<string> => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= seeds; seed += 1) for (const thing of randomProgram(seed).covered) seen.add(thing);
  return seen;
};

describe('random programs', () => {
  it('come to every primitive, every scalar function, every exported operation, and loops three deep', () => {
    const seen = coveredBy(250);
    const wanted = [
      ...Object.values(everyOp),
      ...Object.keys(scalarFunctions),
      ...stepNames,
      'loops 2 deep',
      'loops 3 deep',
      '3 stages',
      'wild',
    ];
    expect(wanted.filter((thing) => !seen.has(thing))).to.deep.equal([]);
  });

  it('are the same for the same seed', () => {
    const [a, b] = [randomProgram(7), randomProgram(7)];
    expect(a.inputs.map(({ values }) => [...values])).to.deep.equal(b.inputs.map(({ values }) => [...values]));
    expect(postorder(a.outputs.map(({ expr }) => expr)).map(({ node }) => node.op)).to.deep.equal(
      postorder(b.outputs.map(({ expr }) => expr)).map(({ node }) => node.op),
    );
  });

  it('agree with the mathematics on every target without a device, in every element', async () => {
    const cases = 50;
    const [tally] = await fuzz([programs()], { seed: 1, cases, seconds: Number.POSITIVE_INFINITY });
    expect(tally?.failures).to.deep.equal([]);
    const counts = (thing: string): number => tally?.covered.get(thing) ?? 0;
    for (const everywhere of ['evaluate', 'interpreter', 'wasm:1', 'gpujs:cpu', 'gpujs:webasm'])
      expect(counts(everywhere), everywhere).to.equal(cases);
    // large programs are shared among threads
    for (const threads of ['wasm:2', 'wasm:5']) {
      expect(counts(`${threads} shared`), threads).to.be.greaterThan(2);
      expect(counts(`${threads} shared`) + counts(threads), threads).to.equal(cases);
    }
    // the bound is no excuse: most programs are known to 1 % in every element
    expect(counts('sharp')).to.be.greaterThan(0.8 * cases);
  });
});

describe('the bound of errors', () => {
  const functions = Object.keys(scalarFunctions).filter((fn): fn is ScalarFunction => fn in scalarReferences);
  // multiples of 2⁻¹⁰, and of 2⁻⁴ of the errors: operands are moved without rounding
  const number = fc.integer({ min: -4096, max: 4096 }).map((n) => n / 1024);

  it('holds every value that operands within their errors can give', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...functions),
        fc.array(number, { minLength: 3, maxLength: 3 }),
        fc.array(
          fc.integer({ min: 0, max: 512 }).map((n) => n / 1024),
          { minLength: 3, maxLength: 3 },
        ),
        fc.array(
          fc.integer({ min: -16, max: 16 }).map((n) => n / 16),
          { minLength: 3, maxLength: 3 },
        ),
        (fn, all, reach, shift) => {
          const { arity } = scalarFunctions[fn];
          const [values, errors] = [all.slice(0, arity), reach.slice(0, arity)];
          const { value, error } = scalarReferences[fn];
          const moved = values.map((x, i) => x + Number(errors[i]) * Number(shift[i]));
          const [centre, other] = [value(...values), value(...moved)];
          const bound = error(centre, values, errors, float32);
          if (bound === Number.POSITIVE_INFINITY) return;
          if (Number.isNaN(centre) || Number.isNaN(other)) expect(other, fn).to.be.NaN;
          else
            expect(
              Math.abs(other - centre) <= bound || other === centre,
              `${fn}: ${other}, ${centre} ± ${bound}`,
            ).to.equal(true);
        },
      ),
      { seed: 20, numRuns: 3000 },
    );
  });

  it('is left by a number beyond it, a zero in place of NaN, an infinity of the other sign, a missing element', () => {
    const tensor = {
      extents: [4],
      values: Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, 2),
      errors: Float64Array.of(1e-3, 0, 0, Number.POSITIVE_INFINITY),
    };
    const found = (...given: readonly number[]): string | undefined => disagreement(given, tensor);
    expect(found(1.0009, Number.NaN, Number.POSITIVE_INFINITY, 17)).to.equal(undefined);
    expect(found(1.0011, Number.NaN, Number.POSITIVE_INFINITY, 2)).to.match(/^element 0 is 1.0011/);
    expect(found(1, 0, Number.POSITIVE_INFINITY, 2)).to.match(/^element 1 is 0 instead of NaN/);
    expect(found(1, Number.NaN, Number.NEGATIVE_INFINITY, 2)).to.match(/^element 2 is -Infinity/);
    expect(found(1, Number.NaN, Number.POSITIVE_INFINITY)).to.match(/^3 elements instead of 4/);
    expect(difference([0, Number.NaN], [0, Number.NaN])).to.equal(undefined);
    expect(difference([0], [-0])).to.match(/^element 0/);
  });
});
