/** The command in a process of its own, and judgement of how it ends. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import * as E from 'fp-ts/lib/Either.js';

/** How a process ended. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

/** Runs `sgn` with some arguments. */
export const sgn = (args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, errors }));
  });

/** Judges an end: 1 with one clear line, or 0 with none where the input may be in order. */
export const endsWell = (
  how: string,
  mayHold: boolean,
  { code, errors }: Outcome,
): E.Either<string, readonly string[]> => {
  const wrong = (what: string) => E.left(`${how}: ${what}: ${code} ${JSON.stringify(errors)}`);
  if (/^ +at /m.test(errors)) return wrong('a stack trace');
  if (code === 0) return mayHold && errors === '' ? E.right(['taken', 'a process']) : wrong('was taken');
  if (code !== 1) return wrong('a wrong exit');
  const [first = '', ...more] = errors.trimEnd().split('\n');
  // a mistake of usage is followed by where to read what is possible
  const usage = first.startsWith('error: ') && more.length <= 2;
  return usage || (first.startsWith('sgn: ') && more.length === 0)
    ? E.right(['refused', 'a process'])
    : wrong('not one line');
};

/** What was printed on standard error while something ran within this process, and the exit code that it asked for. */
interface Captured<A> {
  readonly result: A | undefined;
  readonly errors: string;
  readonly code: number | undefined;
}

/** Runs something within this process, its output taken away and its exit code read. */
export const captured = async <A>(run: () => Promise<A>): Promise<Captured<A>> => {
  const [out, err] = [process.stdout.write, process.stderr.write];
  let errors = '';
  const before = process.exitCode;
  process.exitCode = undefined;
  process.stdout.write = () => true;
  process.stderr.write = (chunk: string | Uint8Array) => {
    errors += String(chunk);
    return true;
  };
  try {
    const result = await run();
    return { result, errors, code: process.exitCode === undefined ? undefined : Number(process.exitCode) };
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return { result: undefined, errors, code: thrown.exitCode };
  } finally {
    [process.stdout.write, process.stderr.write] = [out, err];
    process.exitCode = before;
  }
};
