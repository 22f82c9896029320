/** What the fuzzers of malformed input have in common: choices by seed, damage to bytes and to plain data, and judgement. */
import * as E from 'fp-ts/lib/Either.js';
import { random } from '../../../dsl/index.js';

/** Choices of one case, all by its seed. */
export interface Choices {
  /** A whole number 0 … below − 1. */
  readonly below: (below: number) => number;
  /** One of some. */
  readonly of: <A>(some: readonly A[]) => A;
}

/** The choices of a seed; `stream` tells kinds of choices apart. */
export const choicesOf = (seed: number, stream = 0): Choices => {
  let generator = random.generator(seed, stream);
  const below = (limit: number): number => {
    const drawn = random.uniform(generator, 1);
    generator = drawn.generator;
    return Math.min(limit - 1, Math.floor((drawn.values[0] ?? Number.NaN) * limit));
  };
  return {
    below,
    of: <A>(some: readonly A[]): A => {
      for (const chosen of some.slice(below(some.length))) return chosen;
      throw new Error('a choice among nothing');
    },
  };
};

/** Bytes with one to three kinds of damage, and what was done to them. */
export const damagedBytes = (
  bytes: Uint8Array,
  { below, of }: Choices,
): { readonly bytes: Uint8Array; readonly how: string } => {
  let damaged: Uint8Array = Uint8Array.from(bytes);
  const done: string[] = [];
  for (let turn = 1 + below(3); turn > 0; turn -= 1) {
    const at = below(Math.max(1, damaged.length));
    const [kind, next] = of<() => readonly [string, Uint8Array]>([
      () => [`cut after ${at}`, damaged.slice(0, at)],
      () => ['nothing left', new Uint8Array(0)],
      () => [`bit ${at} flipped`, damaged.map((byte, i) => (i === at ? byte ^ (1 << below(8)) : byte))],
      () => [`${at} set to 255`, damaged.map((byte, i) => (i === at ? 255 : byte))],
      () => [`from ${at} twice`, Uint8Array.of(...damaged.slice(0, at), ...damaged.slice(Math.floor(at / 2)))],
      () => [`bytes added at ${at}`, Uint8Array.of(...damaged.slice(0, at), 0, 255, 10, ...damaged.slice(at))],
      () => [`byte ${at} left out`, damaged.filter((_, i) => i !== at)],
    ])();
    done.push(kind);
    damaged = next;
  }
  return { bytes: damaged, how: done.join(', ') };
};

/** What stands in plain data where something else should. */
const strangers: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  'text',
  '__proto__',
  '\u001b[31m\u0000',
  'x'.repeat(500),
  [],
  [[]],
  [null, -1],
  {},
  { length: 3 },
  { _tag: 'Right' },
];

/** Plain data with a change at one place: another value, nothing, a field more, or an element twice. */
export const damagedData = (
  value: unknown,
  { below, of }: Choices,
): { readonly value: unknown; readonly how: string } => {
  const inside = (part: unknown, path: string): { readonly value: unknown; readonly how: string } => {
    const entries = typeof part === 'object' && part !== null ? Object.entries(part) : [];
    if (entries.length > 0 && below(4) > 0) {
      const [key, child] = of(entries);
      const changed = inside(child, `${path}.${key}`);
      const how = changed.how;
      if (Array.isArray(part)) return { value: part.map((own, i) => (String(i) === key ? changed.value : own)), how };
      return { value: { ...Object.fromEntries(entries), [key]: changed.value }, how };
    }
    return of<() => { readonly value: unknown; readonly how: string }>([
      () => {
        const stranger = of(strangers);
        return { value: stranger, how: `${path} is ${JSON.stringify(stranger).slice(0, 40)}` };
      },
      () => ({ value: undefined, how: `${path} is missing` }),
      () => ({
        value: Array.isArray(part) ? [...part, ...part] : Object.fromEntries([...entries, ['more', 1]]),
        how: `${path} has more`,
      }),
      () => ({ value: JSON.stringify(part), how: `${path} is a text` }),
    ])();
  };
  return inside(value, '');
};

const patienceSeconds = 120;

/** What a case came to: the line that refuses it, or nothing where it was taken. */
export type Ending = E.Either<string, unknown>;

const judgedLine = (line: string): E.Either<string, readonly string[]> => {
  if (line.trim() === '') return E.left('refused without a word');
  if (line.includes('\n')) return E.left(`refused in several lines: ${JSON.stringify(line)}`);
  if (/internal:|TypeError|is not a function|Cannot read prop|is not iterable|undefined:/.test(line))
    return E.left(`refused by an accident: ${line}`);
  return E.right(['refused']);
};

/**
 * Judges a case: it must end, throw nothing, and be refused in one line. Where it may hold (a change that changes nothing
 * that matters), it may be taken as well.
 */
export const judge = async (
  how: string,
  mayHold: boolean,
  ending: () => Promise<Ending>,
): Promise<E.Either<string, readonly string[]>> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), 1000 * patienceSeconds);
  });
  const wrong = (what: string) => E.left(`${how}: ${what}`);
  try {
    const ended = await Promise.race([ending(), late]);
    if (ended === 'late') return wrong(`did not end in ${patienceSeconds} s`);
    if (E.isRight(ended)) return mayHold ? E.right(['taken']) : wrong('was taken');
    const line = judgedLine(ended.left);
    return E.isLeft(line) ? wrong(line.left) : line;
  } catch (thrown) {
    return wrong(`threw ${thrown instanceof Error ? thrown.stack : typeof thrown}`);
  } finally {
    clearTimeout(timer);
  }
};
