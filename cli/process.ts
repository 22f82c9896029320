/**
 * The edges of this process: output that nobody takes, what nobody caught, and promises that never settle. Each ends, or
 * goes on, in a way that says what happened in one line.
 */
import { writeSync } from 'node:fs';
import type * as IO from 'fp-ts/lib/IO.js';
import type * as T from 'fp-ts/lib/Task.js';
import { reasonOf, visible } from '../dsl/index.js';
import { waitedFor } from './waiting.js';

/** How a command meets the edges. */
export interface Circumstances {
  /** Does what the command is for reach files, so that it goes on where nobody reads its output? */
  readonly keepsFiles: IO.IO<boolean>;
  /** Is the trace of what nobody caught wanted? */
  readonly debug: IO.IO<boolean>;
}

const stderr = 2;

/** A line on standard error, at once: the process may be about to end. A stream that is gone takes nothing. */
const tell = (text: string): void => {
  try {
    writeSync(stderr, visible(`sgn: ${text}\n`));
  } catch {
    // nobody is left to be told
  }
};

/** The trace of what was thrown, where it has one. */
const traceOf = (thrown: unknown): string =>
  thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : 'it has no trace';

/** Runs the command of this process to its end and ends the process, whatever becomes of its surroundings. */
export const runToEnd = async (command: T.Task<unknown>, { keepsFiles, debug }: Circumstances): Promise<never> => {
  let [ended, told] = [false, false];

  const leave = (code = process.exitCode): never => {
    ended = true;
    process.exit(code);
  };

  /** What others threw and nobody caught: a mistake of a module's author, or of ours. */
  const lastResort =
    (what: string) =>
    (thrown: unknown): never => {
      // one line is enough where the command has said already why it failed
      if (ended && process.exitCode === 1 && !debug()) leave();
      tell(`${what}: ${reasonOf(thrown)}${debug() ? `\n${traceOf(thrown)}` : ' (--debug shows where)'}`);
      return leave(1);
    };

  const outputGone = (error: NodeJS.ErrnoException): void => {
    // who reads our output may have seen enough, as in `sgn inspect mnist | head`; files are still wanted
    const unread = error.code === 'EPIPE';
    if (!keepsFiles() && unread) leave();
    if (unread || told) return;
    told = true;
    process.exitCode = 1;
    const rest = keepsFiles() ? '; the command goes on, and its files are kept' : '';
    tell(`standard output cannot be written: ${reasonOf(error)}${rest}`);
    if (!keepsFiles()) leave();
  };

  const unexpected = lastResort('an error that nobody expected');
  process.stdout.on('error', outputGone);
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', unexpected);
  process.on('unhandledRejection', lastResort('a promise was rejected, and nobody took it'));
  process.on('beforeExit', () => {
    if (ended) return;
    const [first = 'a promise of this program'] = waitedFor();
    tell(`${first} never came: what it waits for can no longer happen`);
    leave(1);
  });
  process.on('exit', (code) => {
    const [first] = waitedFor();
    if (ended || first === undefined) return;
    tell(`${first} ended the process, with ${code}, before the command was done`);
    process.exitCode = 1;
  });

  try {
    await command();
  } catch (thrown) {
    unexpected(thrown);
  }
  ended = true;
  // what a module left open, such as a timer, is no reason to stay
  await new Promise((resolve) => process.stdout.write('', resolve));
  return leave();
};
