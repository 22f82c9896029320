/** The terminal's edge: all text for people goes through here, and none of it is an order to the terminal. */
import { visible, visibleLine } from '../dsl/index.js';

/** A text on standard output. */
export const print = (text: string): void => {
  process.stdout.write(visible(text));
};

/** Why the command could not do what it was to do: one line on standard error, and exit code 1. */
export const refuse = (message: string): void => {
  process.stderr.write(`sgn: ${visibleLine(message)}\n`);
  process.exitCode = 1;
};
