import { expect } from 'chai';
import type { Fuzzer } from './fuzzer.js';

// imported as the program imports its modules, so that both have one copy of the language
const fuzzers = import('./malformed/index.js');

/** Cases of each kind in a run of the tests: as many as take a second or two. */
const slices: Readonly<Record<string, number>> = {
  'malformed-arguments': 8,
  'malformed-modules': 24,
  'malformed-studies': 8,
  'malformed-checkpoints': 40,
  'malformed-safetensors': 60,
  'malformed-data': 40,
  'malformed-networks': 300,
};

describe('malformed input', () => {
  const named = async (name: string): Promise<Fuzzer> => {
    const found = (await fuzzers).malformed.find((fuzzer) => fuzzer.name === name);
    return found ?? expect.fail(`no fuzzer ${name}`);
  };

  for (const [name, cases] of Object.entries(slices))
    it(`ends in one line, or is taken: ${cases} cases of ${name}`, async () => {
      const { fuzz } = await import('./fuzzer.js');
      const [tally] = await fuzz([await named(name)], { seed: 1, cases, seconds: Number.POSITIVE_INFINITY });
      expect(tally?.failures).to.deep.equal([]);
      expect(tally?.cases).to.equal(cases);
      expect(tally?.covered.get('refused') ?? 0, 'refused').to.be.at.least(cases / 2);
    });

  it('has a slice of every kind', async () => {
    expect((await fuzzers).malformed.map(({ name }) => name).toSorted()).to.deep.equal(Object.keys(slices).toSorted());
  });
});
