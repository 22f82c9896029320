/**
 * Fuzzers, and the loop that runs them. A fuzzer makes one case out of one seed, so that a seed is all it takes to see
 * a failure again: `npm run fuzz -- NAME --seed SEED --cases 1`.
 */
import type { Either } from 'fp-ts/lib/Either.js';
import * as E from 'fp-ts/lib/Either.js';

/** Makes and judges one case per seed. */
export interface Fuzzer {
  /** What it is called on the command line. */
  readonly name: string;
  /** Left: what went wrong, in words that reproduce it. Right: what the case covered, such as operations and targets. */
  readonly run: (seed: number) => Promise<Either<string, readonly string[]>>;
  /** Lets go of what it holds open, such as targets with threads. */
  readonly close?: () => Promise<void>;
}

/** A case that went wrong. */
export interface Failure {
  readonly seed: number;
  readonly reason: string;
}

/** What became of a fuzzer's cases. */
export interface Tally {
  readonly name: string;
  /** Cases run. */
  readonly cases: number;
  /** Seconds spent in them. */
  readonly seconds: number;
  /** In how many cases each thing was covered. */
  readonly covered: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
}

/** How long to go on. */
export interface Limits {
  /** The seed of each fuzzer's first case; the following ones count up. */
  readonly seed: number;
  /** Cases of each fuzzer. */
  readonly cases: number;
  /** Seconds for all fuzzers together; the case that is running then is finished. */
  readonly seconds: number;
}

/** What the loop takes from outside: a clock in milliseconds, what to do after each case, and whether to stop early. */
export interface Surroundings {
  readonly now: () => number;
  readonly onCase: (tallies: readonly Tally[]) => void;
  readonly stopped: () => boolean;
}

const quiet: Surroundings = { now: () => performance.now(), onCase: () => undefined, stopped: () => false };

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

const caseOf = (fuzzer: Fuzzer, seed: number): Promise<Either<string, readonly string[]>> =>
  Promise.resolve(seed)
    .then(fuzzer.run)
    .catch((error) => E.left(`thrown: ${textOf(error)}`));

const withCase = (tally: Tally, seed: number, seconds: number, result: Either<string, readonly string[]>): Tally => {
  const covered = new Map(tally.covered);
  const things = E.isRight(result) ? new Set(result.right) : [];
  for (const thing of things) covered.set(thing, (covered.get(thing) ?? 0) + 1);
  return {
    ...tally,
    cases: tally.cases + 1,
    seconds: tally.seconds + seconds,
    covered,
    failures: E.isLeft(result) ? [...tally.failures, { seed, reason: result.left }] : tally.failures,
  };
};

/**
 * Runs fuzzers until each has had its cases or the time is up. The next case is always of the fuzzer that has had the
 * least time, so that slow and fast ones get equal shares. What a fuzzer throws is a failure of its case. Closes all.
 */
export const fuzz = async (
  fuzzers: readonly Fuzzer[],
  { seed, cases, seconds }: Limits,
  { now, onCase, stopped }: Surroundings = quiet,
): Promise<readonly Tally[]> => {
  const tallies = new Map<Fuzzer, Tally>(
    fuzzers.map((fuzzer) => [
      fuzzer,
      { name: fuzzer.name, cases: 0, seconds: 0, covered: new Map<string, number>(), failures: [] },
    ]),
  );
  const start = now();
  while (!stopped() && now() - start < 1000 * seconds) {
    const waiting = [...tallies].filter(([, tally]) => tally.cases < cases);
    const [next] = waiting.toSorted(([, a], [, b]) => a.seconds - b.seconds);
    if (next === undefined) break;
    const [fuzzer, tally] = next;
    const begin = now();
    const result = await caseOf(fuzzer, seed + tally.cases);
    tallies.set(fuzzer, withCase(tally, seed + tally.cases, (now() - begin) / 1000, result));
    onCase([...tallies.values()]);
  }
  for (const { close } of fuzzers) await close?.();
  return [...tallies.values()];
};
