/** Timing several contenders in one run, taking turns, so that disturbances of the machine hit all of them. */

/** Something to be timed: one call is one piece of the work. */
export interface Contender {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** How long contenders are timed. */
export interface Timing {
  /** Milliseconds per contender that it is warmed up for; engines compile hot code meanwhile. */
  readonly warmUp: number;
  /** Milliseconds per contender that are measured. */
  readonly budget: number;
  /** Milliseconds of some monotonic clock. Default: the engine's. */
  readonly clock?: () => number;
}

/** A second and a half per contender. */
export const defaultTiming: Timing = { warmUp: 300, budget: 1200 };

const burstMilliseconds = 30;
const fewestSamples = 5;

const repeatFor = async (
  milliseconds: number,
  contender: Contender,
  clock: () => number,
): Promise<readonly number[]> => {
  const samples: number[] = [];
  const end = clock() + milliseconds;
  do {
    const start = clock();
    await contender.run();
    samples.push(clock() - start);
  } while (clock() < end);
  return samples;
};

/** The middle one of the numbers. */
export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/** Median milliseconds of one call of each contender, by name. */
export const measure = async (
  contenders: readonly Contender[],
  { warmUp, budget, clock = () => performance.now() }: Timing = defaultTiming,
): Promise<Readonly<Record<string, number>>> => {
  for (const contender of contenders) await repeatFor(warmUp, contender, clock);
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const rounds = Math.max(fewestSamples, Math.ceil(budget / burstMilliseconds));
  const spent = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1)
    for (const contender of contenders) {
      const known = samples.get(contender.name) ?? [];
      // slow contenders have had their time after a few rounds
      if ((spent.get(contender.name) ?? 0) > budget && known.length >= fewestSamples) continue;
      const burst = await repeatFor(burstMilliseconds, contender, clock);
      known.push(...burst);
      spent.set(
        contender.name,
        burst.reduce((sum, sample) => sum + sample, spent.get(contender.name) ?? 0),
      );
    }
  return Object.fromEntries([...samples].map(([name, times]) => [name, median(times)]));
};
