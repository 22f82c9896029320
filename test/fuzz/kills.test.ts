import { expect } from 'chai';
import { fuzz } from './fuzzer.js';
import { kills } from './kills.js';

describe('kills', () => {
  it('of runs and studies lose nothing and mix nothing', async () => {
    const [tally] = await fuzz([kills()], { seed: 1, cases: 4, seconds: Number.POSITIVE_INFINITY });
    expect(tally?.failures).to.deep.equal([]);
    const covered = [...(tally?.covered ?? [])].map(([thing]) => thing);
    expect(covered).to.include.members(['fresh', 'overwrite', 'resume', 'study']);
    expect(
      covered.some((thing) => thing.startsWith('killed: ')),
      covered.join(', '),
    ).to.equal(true);
  });
});
