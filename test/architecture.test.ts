import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const folders = ['dsl', 'compiler', 'runtime', 'optim'] as const;

/** Ways of writing a made-up value where something is missing that must be there. */
const patterns: Readonly<Record<string, RegExp>> = {
  'a number instead of what is missing': /\?\? (?:-?\d|Number\.|Infinity|NaN)[^,;)\n]*/g,
  'an array or expression instead of what is missing': /\?\? (?:new (?:Float|Int|Uint)\d+Array|splat|i32|literal)\b/g,
  'a default of a position': /\[[^[\]=\n]*\b\w+ = (?!missing\(\)|internal\()[^\]=>\n][^\]\n]*\](?=: | = |\) =>)/g,
  'an element as a list of one or none': /\.slice\((\w+), \1 \+ 1\)/g,
};

/** Where absence is legal and the value is what it means. */
const allowed: readonly { readonly file: string; readonly text: string; readonly because: string }[] = [
  { file: 'dsl/tally.ts', text: '?? 0', because: 'the sum of nothing' },
  {
    file: 'compiler/evaluate.ts',
    text: '?? Number.NaN',
    because: 'the size of an unbound dimension; compilation and evaluation refuse it',
  },
  { file: 'compiler/emit/wasm/kernel.ts', text: '?? 1', because: 'what is not cut into chunks is one piece of work' },
  { file: 'runtime/wasm/index.ts', text: '?? 1', because: 'without helpers the calling thread runs alone' },
  { file: 'runtime/wasm/host.ts', text: '?? 1', because: 'a browser that does not tell its processors has one' },
  { file: 'optim/run.ts', text: '?? Number.POSITIVE_INFINITY', because: 'no limit was set' },
  { file: 'optim/experiments/plan.ts', text: '?? Number.POSITIVE_INFINITY', because: 'no limit was set' },
  { file: 'optim/experiments/plan.ts', text: '[benchmark, { solvers: own', because: 'a setting of a study' },
  { file: 'optim/experiments/summary.ts', text: '?? 0', because: 'no epoch was completed' },
  {
    file: 'compiler/legal.ts',
    text: '?? Number.NaN',
    because: 'unequal to every length: this is where it is asked what is missing',
  },
];

const sources = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ file: `${folder}/${name}`, text: readFileSync(`${folder}/${name}`, 'utf8') })),
);

const lineOf = (text: string, position: number): number => text.slice(0, position).split('\n').length;

const defaults = (file: string, text: string): readonly { readonly where: string; readonly text: string }[] =>
  Object.entries(patterns).flatMap(([name, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({
      where: `${file}:${lineOf(text, match.index)}: ${name}: ${match[0]}`,
      text: match[0],
    })),
  );

describe('made-up values', () => {
  it('are found where they are', () => {
    for (const planted of [
      'const a = addresses[i] ?? 0;',
      'const a = b?.extent ?? -1;',
      'f(values[i] ?? Number.NaN)',
      'const [x = y] = f(z);',
      'const [a = 0, b = 0] = pair;',
      'select: ([c = one, x = one]) => x',
      'const f = ([first = 0, ...rest]: readonly number[]) => first',
      'list.slice(i, i + 1).map(f)',
      'arrays[i] ?? new Float64Array(0)',
    ])
      expect(defaults('planted', planted), planted).not.to.deep.equal([]);
    for (const sound of [
      'const a = addresses[i] ?? internal(place, what);',
      'const f = ([x = missing()]) => x',
      'const [x, y] = pair;',
      'const a = options.threads ?? defaultThreads;',
    ])
      expect(defaults('sound', sound), sound).to.deep.equal([]);
  });

  it('stand for nothing that must be there, in the language, the compiler, the targets and the optimizer', () => {
    const found = sources.flatMap(({ file, text }) =>
      defaults(file, text)
        .filter((one) => !allowed.some((exception) => exception.file === file && one.text.startsWith(exception.text)))
        .map(({ where }) => where),
    );
    expect(found).to.deep.equal([]);
  });

  it('that are allowed are all there', () => {
    for (const { file, text } of allowed) {
      const source = sources.find((one) => one.file === file);
      expect(source?.text.includes(text), `${file}: ${text}`).to.equal(true);
    }
  });
});
