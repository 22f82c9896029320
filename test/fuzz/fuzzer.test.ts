import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { type Fuzzer, fuzz } from './fuzzer.js';

/** A clock that moves only when told to. */
const clock = () => {
  let time = 0;
  return {
    now: () => time,
    pass: (seconds: number) => {
      time += 1000 * seconds;
    },
  };
};

const surroundings = { onCase: () => undefined, stopped: () => false };
const forever = Number.POSITIVE_INFINITY;

describe('the loop of fuzzers', () => {
  it('reports the seeds of the cases that failed, and counts what the others covered', async () => {
    const odd: Fuzzer = {
      name: 'odd',
      run: async (seed) =>
        seed % 3 === 0 ? E.left(`${seed} is a multiple`) : E.right(seed === 4 ? ['a', 'a', 'b'] : ['a']),
    };
    const [tally] = await fuzz([odd], { seed: 2, cases: 5, seconds: forever });
    expect(tally?.cases).to.equal(5); // 2, 3, 4, 5, 6
    expect(tally?.failures).to.deep.equal([
      { seed: 3, reason: '3 is a multiple' },
      { seed: 6, reason: '6 is a multiple' },
    ]);
    expect([...(tally?.covered ?? [])]).to.deep.equal([
      ['a', 3],
      ['b', 1],
    ]);
  });

  it('takes what a fuzzer throws or rejects with for a failure of that case', async () => {
    const thrower: Fuzzer = {
      name: 'thrower',
      run: (seed) => {
        if (seed === 1) throw new Error('thrown at once');
        return Promise.reject(new Error('rejected'));
      },
    };
    const [tally] = await fuzz([thrower], { seed: 1, cases: 2, seconds: forever });
    expect(tally?.failures.map(({ reason }) => /thrown at once|rejected/.exec(reason)?.[0])).to.deep.equal([
      'thrown at once',
      'rejected',
    ]);
  });

  it('shares the time fairly between slow and fast fuzzers, ends when it is up, and closes them', async () => {
    const { now, pass } = clock();
    const closed: string[] = [];
    const taking = (name: string, seconds: number): Fuzzer => ({
      name,
      run: async () => {
        pass(seconds);
        return E.right([]);
      },
      close: async () => {
        closed.push(name);
      },
    });
    const tallies = await fuzz(
      [taking('slow', 4), taking('fast', 1)],
      { seed: 1, cases: forever, seconds: 40 },
      { ...surroundings, now },
    );
    expect(tallies.map(({ name, cases, seconds }) => [name, cases, seconds])).to.deep.equal([
      ['slow', 5, 20],
      ['fast', 20, 20],
    ]);
    expect(closed).to.deep.equal(['slow', 'fast']);
  });

  it('stops after the case in which it is told to', async () => {
    let seen = 0;
    const counter: Fuzzer = {
      name: 'counter',
      run: async () => {
        seen += 1;
        return E.right([]);
      },
    };
    await fuzz(
      [counter],
      { seed: 1, cases: 10, seconds: forever },
      { ...surroundings, now: () => 0, stopped: () => seen === 3 },
    );
    expect(seen).to.equal(3);
  });
});
