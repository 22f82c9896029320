/** `npm run fuzz`: random cases against the project's promises, for seconds or for hours. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { type Fuzzer, fuzz, type Tally } from './fuzzer.js';
import { kills } from './kills.js';
import { malformed } from './malformed/index.js';
import { programs } from './programs/fuzzer.js';

/** Every fuzzer, in the order in which `npm run fuzz` lists them. */
const fuzzers: readonly Fuzzer[] = [programs(), kills(), ...malformed];

const failuresShown = 5;
const defaultSeconds = 60;
// between two progress lines where the line cannot be written over
const secondsPerLine = 10;

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number of at least 0.');
  return value;
};

const progressOf = (tallies: readonly Tally[]): string =>
  tallies.map(({ name, cases, failures }) => `${name} ${cases} cases, ${failures.length} failed`).join(' · ');

/** Writes a progress line over the last one on a terminal, now and then elsewhere. */
const progress = (): ((tallies: readonly Tally[]) => void) => {
  const { stderr } = process;
  let last = performance.now();
  return (tallies) => {
    const now = performance.now();
    if (now - last < (stderr.isTTY ? 100 : 1000 * secondsPerLine)) return;
    last = now;
    stderr.write(stderr.isTTY ? `\r\u001b[K${progressOf(tallies)}` : `${progressOf(tallies)}\n`);
  };
};

const reportOf = ({ name, cases, seconds, covered, failures }: Tally): string => {
  const counts = [...covered].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([thing, count]) => `${thing} ${count}`);
  const shown = failures
    .slice(0, failuresShown)
    .map(({ seed, reason }) => `\n${name} --seed ${seed} --cases 1\n${reason}`);
  const more = failures.length > failuresShown ? [`\n… and ${failures.length - failuresShown} more`] : [];
  return [
    `${name}: ${cases} cases in ${seconds.toFixed(1)} s, ${failures.length} failed`,
    ...(counts.length > 0 ? [`  covered: ${counts.join(', ')}`] : []),
    ...shown,
    ...more,
  ].join('\n');
};

interface Options {
  readonly seconds?: number;
  readonly cases?: number;
  readonly seed: number;
}

const act = async (names: readonly string[], { seconds, cases, seed }: Options): Promise<void> => {
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
  });
  const limits = {
    seed,
    cases: cases ?? Number.POSITIVE_INFINITY,
    seconds: seconds ?? (cases === undefined ? defaultSeconds : Number.POSITIVE_INFINITY),
  };
  const surroundings = { now: () => performance.now(), onCase: progress(), stopped: () => stopped };
  const chosen = names.length === 0 ? fuzzers : fuzzers.filter(({ name }) => names.includes(name));
  const tallies = await fuzz(chosen, limits, surroundings);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const tally of tallies) console.log(reportOf(tally));
  if (tallies.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
};

const names = fuzzers.map(({ name }) => name);

await new Command('fuzz')
  .description('Random cases against what the project promises. Exits with 1 if one of them fails.')
  .addArgument(new Argument('[names...]', 'which fuzzers; all of them if none is named').choices(names))
  .option('--seconds <n>', `seconds for all together (default: ${defaultSeconds}, or no limit with --cases)`, whole)
  .option('--cases <n>', 'cases of each fuzzer', whole)
  .option('--seed <n>', 'the seed of the first case', whole, 1)
  .action(act)
  .parseAsync();
